//! A simple, inefficient editor: vectors of characters, copied freely.

use std::string::String;
use std::vec::Vec;

use crate::{HISTORY_LINES_MAX, Key, Outcome};

type Text = Vec<char>;

pub fn text(text: &str) -> Text {
    text.chars().collect()
}

fn bytes(text: &[char]) -> usize {
    text.iter().map(|c| c.len_utf8()).sum()
}

/// Returns the indices of `pattern` in `text`, in rising order.
fn places(text: &[char], pattern: &[char]) -> Vec<usize> {
    (0..=text.len()).filter(|&place| text[place..].starts_with(pattern)).collect()
}

#[derive(Clone, Default)]
pub struct History {
    max_bytes: usize,
    /// Oldest first.
    pub lines: Vec<Text>,
}

impl History {
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, lines: Vec::new() }
    }

    pub fn add(&mut self, line: &[char]) {
        let is_blank = line.iter().all(|c| c.is_whitespace());
        let is_newest = self.lines.last().is_some_and(|newest| newest == line);
        if is_blank || is_newest || bytes(line) + 1 > self.max_bytes {
            return;
        }
        self.lines.push(line.to_vec());
        while self.lines.len() > HISTORY_LINES_MAX
            || self.lines.iter().map(|line| bytes(line) + 1).sum::<usize>() > self.max_bytes
        {
            self.lines.remove(0);
        }
    }

    fn line(&self, age: usize) -> Option<&Text> {
        self.lines.iter().rev().nth(age)
    }
}

#[derive(Clone, Default)]
struct Search {
    pattern: Text,
    /// The age of a line, and the index of the character after the cursor.
    found: Option<(usize, usize)>,
    has_failed: bool,
}

/// The editor, without the terminal.
pub struct Model {
    max_bytes: usize,
    words: Vec<Text>,
    line: Text,
    cursor: usize,
    killed: Text,
    last_was_kill: bool,
    last_was_ambiguous: bool,
    pub history: History,
    age: Option<usize>,
    draft: Text,
    search: Option<Search>,
    pub bells: usize,
}

impl Model {
    pub fn new(max_bytes: usize, history_bytes: usize, words: &[&str]) -> Self {
        Self {
            max_bytes,
            words: words.iter().map(|word| text(word)).collect(),
            line: Text::new(),
            cursor: 0,
            killed: Text::new(),
            last_was_kill: false,
            last_was_ambiguous: false,
            history: History::new(history_bytes),
            age: None,
            draft: Text::new(),
            search: None,
            bells: 0,
        }
    }

    pub fn start(&mut self) {
        self.line.clear();
        self.cursor = 0;
        self.age = None;
        self.last_was_kill = false;
        self.last_was_ambiguous = false;
    }

    pub fn line(&self) -> String {
        self.line.iter().collect()
    }

    /// Returns the text that is shown after `prompt`, and the index of the character after
    /// the cursor.
    pub fn shown(&self, prompt: &str) -> (Text, usize) {
        let Some(search) = &self.search else {
            let prompt = text(prompt);
            let cursor = prompt.len() + self.cursor;
            return ([prompt, self.line.clone()].concat(), cursor);
        };
        let label = text(if search.has_failed {
            "(failed reverse-i-search)`"
        } else {
            "(reverse-i-search)`"
        });
        let head = [label, search.pattern.clone(), text("': ")].concat();
        let (line, cursor) = self.found(search);
        let cursor = head.len() + cursor;
        ([head, line].concat(), cursor)
    }

    fn found(&self, search: &Search) -> (Text, usize) {
        match search.found {
            Some((age, cursor)) => (self.history.line(age).expect("it was found").clone(), cursor),
            None => (self.line.clone(), self.cursor),
        }
    }

    pub fn key(&mut self, key: Key) -> Outcome {
        if let Some(search) = self.search.clone() {
            if let Some(outcome) = self.search_key(search, key) {
                return outcome;
            }
        } else if key == Key::ScrollUp {
            return Outcome::ScrollUp;
        } else if key == Key::ScrollDown {
            return Outcome::ScrollDown;
        }
        let was_kill = core::mem::take(&mut self.last_was_kill);
        let was_ambiguous = core::mem::take(&mut self.last_was_ambiguous);
        let (cursor, len) = (self.cursor, self.line.len());
        match key {
            Key::Enter | Key::Ctrl('j' | 'm') => {
                self.history.add(&self.line);
                return Outcome::Line;
            }
            Key::Ctrl('c') => {
                self.line.clear();
                self.cursor = 0;
                return Outcome::Interrupted;
            }
            Key::Ctrl('d') if len == 0 => return Outcome::EndOfInput,
            Key::Ctrl('l') => return Outcome::ClearScreen,
            Key::Ctrl('r') => self.search = Some(Search::default()),
            Key::Char(c) => self.insert(&[c]),
            Key::Ctrl('y') => self.insert(&self.killed.clone()),
            Key::Left | Key::Ctrl('b') => self.cursor = cursor.saturating_sub(1),
            Key::Right | Key::Ctrl('f') => self.cursor = len.min(cursor + 1),
            Key::Home | Key::Ctrl('a') => self.cursor = 0,
            Key::End | Key::Ctrl('e') => self.cursor = len,
            Key::WordLeft => self.cursor = self.word_left(char::is_alphanumeric),
            Key::WordRight => self.cursor = self.word_right(),
            Key::Backspace | Key::Ctrl('h') if cursor > 0 => {
                self.cursor -= 1;
                self.line.remove(self.cursor);
            }
            Key::Delete | Key::Ctrl('d') if cursor < len => {
                self.line.remove(cursor);
            }
            Key::Ctrl('u') => self.kill(0, cursor, was_kill),
            Key::Ctrl('k') => self.kill(cursor, len, was_kill),
            Key::Ctrl('w') => self.kill(self.word_left(|c| !c.is_whitespace()), cursor, was_kill),
            Key::DeleteWordLeft => {
                self.kill(self.word_left(char::is_alphanumeric), cursor, was_kill);
            }
            Key::DeleteWordRight => self.kill(cursor, self.word_right(), was_kill),
            Key::Ctrl('t') if len >= 2 && cursor > 0 => {
                let right = cursor.min(len - 1);
                self.line.swap(right - 1, right);
                self.cursor = right + 1;
            }
            Key::Up | Key::Ctrl('p') => self.recall(self.age.map_or(0, |age| age + 1)),
            Key::Down | Key::Ctrl('n') => match self.age {
                Some(0) => {
                    self.age = None;
                    self.line = self.draft.clone();
                    self.cursor = self.line.len();
                }
                Some(age) => self.recall(age - 1),
                None => {}
            },
            Key::Tab | Key::Ctrl('i') => self.complete(was_ambiguous),
            _ => {}
        }
        Outcome::More
    }

    fn insert(&mut self, inserted: &[char]) {
        if bytes(&self.line) + bytes(inserted) > self.max_bytes {
            self.bells += 1;
            return;
        }
        self.line.splice(self.cursor..self.cursor, inserted.iter().copied());
        self.cursor += inserted.len();
    }

    fn word_left(&self, is_word: impl Fn(char) -> bool) -> usize {
        let mut place = self.cursor;
        while place > 0 && !is_word(self.line[place - 1]) {
            place -= 1;
        }
        while place > 0 && is_word(self.line[place - 1]) {
            place -= 1;
        }
        place
    }

    fn word_right(&self) -> usize {
        let mut place = self.cursor;
        while place < self.line.len() && !self.line[place].is_alphanumeric() {
            place += 1;
        }
        while place < self.line.len() && self.line[place].is_alphanumeric() {
            place += 1;
        }
        place
    }

    fn kill(&mut self, start: usize, end: usize, was_kill: bool) {
        let killed: Text = self.line.drain(start..end).collect();
        let is_back = start < self.cursor;
        self.cursor = start;
        self.last_was_kill = was_kill || !killed.is_empty();
        let old = self.killed.clone();
        self.killed = match (killed.is_empty(), was_kill, is_back) {
            (true, _, _) => old,
            (false, false, _) => killed,
            (false, true, true) => [killed, old].concat(),
            (false, true, false) => [old, killed].concat(),
        };
    }

    fn recall(&mut self, age: usize) {
        let Some(line) = self.history.line(age).cloned() else { return };
        if self.age.is_none() {
            self.draft = self.line.clone();
        }
        self.age = Some(age);
        self.line = line;
        self.cursor = self.line.len();
    }

    fn complete(&mut self, was_ambiguous: bool) {
        let typed: Text = self.line[self.word_start()..self.cursor].to_vec();
        let mut words: Vec<Text> =
            self.words.iter().filter(|word| word.starts_with(&typed)).cloned().collect();
        words.sort();
        words.dedup();
        let Some(first) = words.first() else {
            self.bells += 1;
            return;
        };
        let is_common = |len: &usize| words.iter().all(|word| word.starts_with(&first[..*len]));
        let len = (0..=first.len()).rfind(is_common).expect("nothing is common");
        let mut missing = first[typed.len()..len].to_vec();
        if words.len() > 1 {
            self.last_was_ambiguous = true;
            match (was_ambiguous, missing.is_empty()) {
                (true, _) => {}
                (false, true) => self.bells += 1,
                (false, false) => self.insert(&missing),
            }
            return;
        }
        let has_blank = self.line.get(self.cursor) == Some(&' ');
        if !has_blank && !first.ends_with(&['/']) && !first.ends_with(&['=']) {
            // The word without the blank if there is no room for the blank.
            if bytes(&self.line) + bytes(&missing) == self.max_bytes {
                self.bells += 1;
            } else {
                missing.push(' ');
            }
        }
        self.insert(&missing);
    }

    fn word_start(&self) -> usize {
        let mut place = self.cursor;
        while place > 0 && !self.line[place - 1].is_whitespace() {
            place -= 1;
        }
        place
    }

    /// Returns `None` if the key has the same effect as without a search.
    fn search_key(&mut self, mut search: Search, key: Key) -> Option<Outcome> {
        match key {
            Key::ScrollUp => return Some(Outcome::ScrollUp),
            Key::ScrollDown => return Some(Outcome::ScrollDown),
            Key::Ctrl('c' | 'g') => {
                self.search = None;
                return Some(Outcome::More);
            }
            Key::Char(c) if bytes(&search.pattern) + c.len_utf8() > self.max_bytes => {
                self.bells += 1;
            }
            Key::Char(c) => {
                search.pattern.push(c);
                self.look(&mut search, 0);
            }
            Key::Backspace | Key::Ctrl('h') => {
                search.pattern.pop();
                search.found = None;
                self.look(&mut search, 0);
            }
            Key::Ctrl('r') => self.look(&mut search, 1),
            key => {
                let (_, cursor) = self.found(&search);
                if let Some((age, _)) = search.found {
                    self.recall(age);
                }
                self.cursor = cursor;
                self.search = None;
                return (key == Key::Escape).then_some(Outcome::More);
            }
        }
        self.bells += usize::from(search.has_failed);
        self.search = Some(search);
        Some(Outcome::More)
    }

    /// Searches from the line that is `step` lines before the shown one.
    fn look(&self, search: &mut Search, step: usize) {
        search.has_failed = false;
        if search.pattern.is_empty() {
            return;
        }
        let from = search.found.map_or(0, |(age, _)| age + step);
        let shown = search.found.and_then(|(age, _)| self.history.line(age));
        let found = (from..self.history.lines.len()).find_map(|age| {
            let line = self.history.line(age).expect("there are so many");
            let is_other = step == 0 || Some(line) != shown;
            let place = places(line, &search.pattern).last().copied();
            place.filter(|_| is_other).map(|place| (age, place))
        });
        search.has_failed = found.is_none();
        search.found = found.or(search.found);
    }
}
