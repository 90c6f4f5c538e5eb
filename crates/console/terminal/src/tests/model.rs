//! A simple terminal: rows are vectors, and scrolling removes one and inserts another. It
//! has in common with the crate only the parser, to which it passes single bytes, and the
//! tables of characters.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use vte::{Params, Parser, Perform};

use crate::charset::{Charset, Charsets};
use crate::zero_width::is_zero_width;
use crate::{Cell, Color, Style};

type Rows = Vec<Vec<Cell>>;

/// Row, column, wrap pending, DECOM, style, character sets.
type Cursor = (usize, usize, bool, bool, Style, Charsets);

pub struct Model {
    parser: Parser,
    state: State,
}

pub struct State {
    rows: usize,
    columns: usize,
    past_max: usize,
    pub screens: [Rows; 2],
    pub past: Rows,
    pub which: usize,
    pub cursor: Cursor,
    saved: [Cursor; 2],
    top: usize,
    bottom: usize,
    tabs: Vec<usize>,
    insert: bool,
    wrap: bool,
    pub visible: bool,
    pub reversed: bool,
    last: Option<char>,
    pub replies: String,
    pub bell: bool,
}

impl Model {
    pub fn new(rows: usize, columns: usize, past_max: usize) -> Self {
        let screen = vec![vec![Cell::default(); columns]; rows];
        let state = State {
            rows,
            columns,
            past_max,
            screens: [screen.clone(), screen],
            past: Vec::new(),
            which: 0,
            cursor: Cursor::default(),
            saved: Default::default(),
            top: 0,
            bottom: rows - 1,
            tabs: (0..columns).step_by(8).collect(),
            insert: false,
            wrap: true,
            visible: true,
            reversed: false,
            last: None,
            replies: String::new(),
            bell: false,
        };
        Self { parser: Parser::new(), state }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.parser.advance(&mut self.state, &[byte]));
    }

    pub fn state(&mut self) -> &mut State {
        &mut self.state
    }

    /// Returns the rows of a view that is scrolled back by `back` rows.
    pub fn shown(&self, back: usize) -> Rows {
        let State { past, screens, which, rows, .. } = &self.state;
        let past = if *which == 0 { past.clone() } else { Vec::new() };
        let all: Rows = past.into_iter().chain(screens[*which].clone()).collect();
        let start = all.len() - rows - back;
        all[start..start + rows].to_vec()
    }
}

impl State {
    fn blank(&self) -> Cell {
        let style = Style { background: self.cursor.4.background, ..Style::default() };
        Cell { character: ' ', style }
    }

    fn screen(&mut self) -> &mut Rows {
        &mut self.screens[self.which]
    }

    /// Removes row `out` and inserts a blank row at `into`.
    fn scroll(&mut self, out: usize, into: usize) {
        let blank = vec![self.blank(); self.columns];
        self.screen().remove(out);
        self.screen().insert(into, blank);
    }

    fn scroll_up(&mut self) {
        if self.which == 0 && self.top == 0 && self.bottom + 1 == self.rows {
            self.past.push(self.screens[0][0].clone());
            if self.past.len() > self.past_max {
                self.past.remove(0);
            }
        }
        self.scroll(self.top, self.bottom);
    }

    fn down(&mut self) {
        self.cursor.2 = false;
        if self.cursor.0 == self.bottom {
            self.scroll_up();
        } else if self.cursor.0 + 1 < self.rows {
            self.cursor.0 += 1;
        }
    }

    fn up(&mut self) {
        self.cursor.2 = false;
        if self.cursor.0 == self.top {
            self.scroll(self.bottom, self.top);
        } else if self.cursor.0 > 0 {
            self.cursor.0 -= 1;
        }
    }

    fn go(&mut self, row: usize, column: usize) {
        let (row, bottom) = match self.cursor.3 {
            true => (row + self.top, self.bottom),
            false => (row, self.rows - 1),
        };
        self.cursor.0 = row.min(bottom);
        self.go_column(column);
    }

    fn go_column(&mut self, column: usize) {
        self.cursor.1 = column.min(self.columns - 1);
        self.cursor.2 = false;
    }

    fn vertically(&mut self, count: usize, border: usize, end: usize, step: isize) {
        self.cursor.2 = false;
        for _ in 0..count {
            if self.cursor.0 != border && self.cursor.0 != end {
                self.cursor.0 = self.cursor.0.wrapping_add_signed(step);
            }
        }
    }

    /// Erases the cells from `start` up to, not including, `end`, counted row by row.
    fn erase(&mut self, start: usize, end: usize) {
        let (blank, columns) = (self.blank(), self.columns);
        for index in start..end {
            self.screen()[index / columns][index % columns] = blank;
        }
        self.cursor.2 = false;
    }

    fn write(&mut self, character: char) {
        if self.cursor.2 {
            self.cursor.1 = 0;
            self.down();
        }
        let (row, column, _, _, style, _) = self.cursor;
        let insert = self.insert;
        let cells = &mut self.screen()[row];
        cells.insert(column, Cell { character, style });
        cells.remove(if insert { cells.len() - 1 } else { column + 1 });
        self.last = Some(character);
        if column + 1 < self.columns {
            self.cursor.1 += 1;
        } else {
            self.cursor.2 = self.wrap;
        }
    }

    fn reset(&mut self, all: bool) {
        let (row, column, ..) = self.cursor;
        self.cursor = Cursor::default();
        (self.top, self.bottom) = (0, self.rows - 1);
        (self.insert, self.wrap, self.visible, self.last) = (false, true, true, None);
        if all {
            self.reversed = false;
            self.which = 0;
            self.saved = Default::default();
            self.tabs = (0..self.columns).step_by(8).collect();
            self.screens = [(); 2].map(|()| vec![vec![Cell::default(); self.columns]; self.rows]);
        } else {
            (self.cursor.0, self.cursor.1) = (row, column);
            self.saved[self.which] = Cursor::default();
        }
    }

    fn restore(&mut self) {
        self.cursor = self.saved[self.which];
        if self.cursor.3 {
            self.cursor.0 = self.cursor.0.max(self.top).min(self.bottom);
        }
    }

    fn private_mode(&mut self, mode: u16, on: bool) {
        match (mode, on) {
            (5, _) => self.reversed = on,
            (6, _) => {
                self.cursor.3 = on;
                self.go(0, 0);
            }
            (7, _) => {
                self.wrap = on;
                if !on {
                    self.cursor.2 = false;
                }
            }
            (25, _) => self.visible = on,
            (47, _) => self.which = on as usize,
            (1047, _) => {
                if !on && self.which == 1 {
                    self.erase(0, self.rows * self.columns);
                }
                self.which = on as usize;
            }
            (1048, true) => self.saved[self.which] = self.cursor,
            (1048, false) => self.restore(),
            (1049, true) => {
                self.saved[self.which] = self.cursor;
                self.which = 1;
                self.erase(0, self.rows * self.columns);
            }
            (1049, false) => {
                self.which = 0;
                self.restore();
            }
            _ => {}
        }
    }

    fn reply(&mut self, reply: &str) {
        if self.replies.len() + reply.len() <= 128 {
            self.replies.push_str(reply);
        }
    }

    fn csi(&mut self, numbers: &[Vec<u16>], action: char) {
        let at = |index: usize| numbers.get(index).map_or(0, |number| number[0]) as usize;
        let (what, count) = (at(0), at(0).max(1));
        let (row, column, ..) = self.cursor;
        let (rows, columns) = (self.rows, self.columns);
        let (line, here) = (row * columns, row * columns + column);
        let is_inside = self.top <= row && row <= self.bottom;
        match action {
            '@' | 'P' => {
                let blank = self.blank();
                let (from, to) = if action == '@' { (columns, column) } else { (column, columns) };
                for _ in 0..count.min(columns) {
                    let cells = &mut self.screen()[row];
                    cells.insert(to, blank);
                    cells.remove(from);
                }
                self.cursor.2 = false;
            }
            'A' | 'F' => self.vertically(count, self.top, 0, -1),
            'B' | 'e' | 'E' => self.vertically(count, self.bottom, rows - 1, 1),
            'C' | 'a' => self.go_column(column + count),
            'D' => self.go_column(column.saturating_sub(count)),
            'G' | '`' => self.go_column(count - 1),
            'H' | 'f' => self.go(count - 1, at(1).max(1) - 1),
            'd' => self.go(count - 1, column),
            'I' => (0..count).for_each(|_| self.execute(b'\t')),
            'Z' => {
                for _ in 0..count {
                    let column = self.cursor.1;
                    let stop = self.tabs.iter().filter(|&&stop| stop < column).max();
                    self.go_column(stop.copied().unwrap_or(0));
                }
            }
            'J' if what < 3 => {
                let (start, end) =
                    [(here, rows * columns), (0, here + 1), (0, rows * columns)][what];
                self.erase(start, end);
            }
            'J' if what == 3 && self.which == 0 => self.past.clear(),
            'K' if what < 3 => {
                let ends = [(here, line + columns), (line, here + 1), (line, line + columns)];
                self.erase(ends[what].0, ends[what].1);
            }
            'X' => self.erase(here, (here + count).min(line + columns)),
            'L' | 'M' if is_inside => {
                let (out, into) =
                    if action == 'L' { (self.bottom, row) } else { (row, self.bottom) };
                (0..count.min(rows)).for_each(|_| self.scroll(out, into));
                self.cursor.2 = false;
            }
            'S' => (0..count.min(rows)).for_each(|_| self.scroll_up()),
            'T' if numbers.concat().len() == 1 => {
                (0..count.min(rows)).for_each(|_| self.scroll(self.bottom, self.top));
            }
            'b' => {
                let last = self.last;
                last.into_iter().for_each(|c| (0..count.min(columns)).for_each(|_| self.write(c)));
            }
            'c' if what == 0 => self.reply("\x1b[?1;2c"),
            'g' if what == 0 => self.tabs.retain(|&stop| stop != column),
            'g' if what == 3 => self.tabs.clear(),
            'h' | 'l' if numbers.iter().any(|number| number[0] == 4) => self.insert = action == 'h',
            'm' => select(&mut self.cursor.4, numbers),
            'n' if what == 5 => self.reply("\x1b[0n"),
            'n' if what == 6 => {
                let row = if self.cursor.3 { row - self.top } else { row };
                self.reply(&format!("\x1b[{};{}R", row + 1, column + 1));
            }
            'r' => {
                let bottom = if at(1) == 0 { rows } else { at(1).min(rows) };
                if count < bottom {
                    (self.top, self.bottom) = (count - 1, bottom - 1);
                    self.go(0, 0);
                }
            }
            's' => self.saved[self.which] = self.cursor,
            'u' => self.restore(),
            _ => {}
        }
        if matches!(action, 'E' | 'F') {
            self.cursor.1 = 0;
        }
    }
}

fn select(style: &mut Style, numbers: &[Vec<u16>]) {
    let mut at = 0;
    while at < numbers.len() {
        let code = numbers[at][0];
        let mut color = None;
        if numbers[at].len() > 1 {
            match (code, &numbers[at][1..]) {
                (4, [kind]) => style.underline = *kind > 0,
                (38 | 48, [5, n]) => color = Some(vec![*n]),
                (38 | 48, [2, r, g, b] | [2, _, r, g, b, ..]) => color = Some(vec![*r, *g, *b]),
                _ => {}
            }
        } else if code == 38 || code == 48 {
            let first = |index: usize| numbers.get(index).map(|number| number[0]);
            let len = match first(at + 1) {
                Some(5) => 1,
                Some(2) => 3,
                _ => 0,
            };
            color = (at + 2..at + 2 + len).map(first).collect::<Option<Vec<_>>>();
            at += 1 + len;
        }
        let color = color.filter(|color| color.iter().all(|&number| number < 256));
        let color = color.map(|color| color.iter().map(|&n| n as u8).collect::<Vec<u8>>());
        let place = if code % 60 / 10 == 3 && code != 48 || code == 38 || code / 10 == 9 {
            &mut style.foreground
        } else {
            &mut style.background
        };
        match color.as_deref() {
            Some(&[index]) => *place = Color::Indexed(index),
            Some(&[r, g, b]) => *place = Color::Rgb(r, g, b),
            _ if numbers.get(at).is_none_or(|number| number.len() > 1) => {}
            _ => match code {
                0 => *style = Style::default(),
                1 => style.bold = true,
                2 => style.faint = true,
                4 | 21 => style.underline = true,
                7 => style.reverse = true,
                22 => {
                    style.bold = false;
                    style.faint = false;
                }
                24 => style.underline = false,
                27 => style.reverse = false,
                39 | 49 => *place = Color::Default,
                30..=37 | 40..=47 => *place = Color::Indexed(code as u8 % 10),
                90..=97 | 100..=107 => *place = Color::Indexed(code as u8 % 10 + 8),
                _ => {}
            },
        }
        at += 1;
    }
}

impl Perform for State {
    fn print(&mut self, c: char) {
        match c {
            '\u{7F}' => {}
            '\u{80}'..='\u{9F}' => self.write('\u{FFFD}'),
            c if is_zero_width(c) => {}
            c => self.write(self.cursor.5.map(c)),
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            7 => self.bell = true,
            8 => self.go_column(self.cursor.1.saturating_sub(1)),
            9 => {
                let stop = self.tabs.iter().filter(|&&stop| stop > self.cursor.1).min();
                self.cursor.1 = stop.copied().unwrap_or(self.columns - 1);
            }
            10..=12 => self.down(),
            13 => self.go_column(0),
            14 => self.cursor.5.shift(1),
            15 => self.cursor.5.shift(0),
            128.. => self.write('\u{FFFD}'),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], cut: bool, byte: u8) {
        let name = [intermediates, &[byte]].concat();
        match (cut, &*name) {
            (false, b"7") => self.saved[self.which] = self.cursor,
            (false, b"8") => self.restore(),
            (false, b"D") => self.down(),
            (false, b"E") => {
                self.cursor.1 = 0;
                self.down();
            }
            (false, b"H") => self.tabs.push(self.cursor.1),
            (false, b"M") => self.up(),
            (false, b"Z") => self.reply("\x1b[?1;2c"),
            (false, b"c") => self.reset(true),
            (false, b"#8") => {
                (self.top, self.bottom) = (0, self.rows - 1);
                self.cursor.3 = false;
                self.go(0, 0);
                let e = Cell { character: 'E', style: Style::default() };
                self.screen().iter_mut().for_each(|row| row.fill(e));
            }
            (false, [b'(', set]) => self.cursor.5.designate(0, Charset::named(*set)),
            (false, [b')', set]) => self.cursor.5.designate(1, Charset::named(*set)),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], cut: bool, action: char) {
        let numbers: Vec<Vec<u16>> = params.iter().map(<[u16]>::to_vec).collect();
        match (cut, intermediates, action) {
            (false, b"", _) => self.csi(&numbers, action),
            (false, b"?", 'h' | 'l') => {
                numbers.iter().for_each(|mode| self.private_mode(mode[0], action == 'h'));
            }
            (false, b"!", 'p') => self.reset(false),
            _ => {}
        }
    }
}
