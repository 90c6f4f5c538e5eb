//! The selection of a test kernel's tests: libtest's options, as words of the command
//! line.

use heapless::{String, Vec};

/// The longest name, in bytes.
const NAME_MAX_BYTES: usize = 128;
/// The largest number of names of tests to run, and of tests to skip.
const NAMES_MAX: usize = 8;

type Names = Vec<String<NAME_MAX_BYTES>, NAMES_MAX>;

/// The action for tests that are marked as ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum IgnoredTests {
    /// They are not run.
    #[default]
    LeftOut,
    /// They are run like all others.
    Included,
    /// They are run, and no others.
    Only,
}

/// The action for a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestChoice {
    /// The test is run.
    Run,
    /// The test is selected, but not run because it is marked as ignored.
    Ignore,
    /// The test isn't selected.
    FilterOut,
}

/// The tests to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestSelection {
    names: Names,
    skipped: Names,
    is_exact: bool,
    ignored: IgnoredTests,
    /// `test-list`: the tests are only listed.
    pub is_list: bool,
    /// `test-ask`: the kernel requests the index of the first test to run on the serial line.
    pub is_first_asked: bool,
}

impl TestSelection {
    /// Applies a word of the command line; returns `None` if it isn't about tests, or there is no
    /// room for its text.
    ///
    /// | word | meaning |
    /// | --- | --- |
    /// | `test=TEXT` | runs only tests with this in their name; if given several times, with any of the texts |
    /// | `test-skip=TEXT` | skips tests with this in their name |
    /// | `test-exact` | the texts are whole names |
    /// | `test-list` | lists the tests, and runs none |
    /// | `test-ask` | starts with the test whose index arrives on the serial line |
    /// | `ignored`, `include-ignored` | runs only the ignored tests; runs them, too |
    pub(super) fn apply(&mut self, name: &str, value: Option<&str>) -> Option<()> {
        match (name, value) {
            ("test", Some(text)) => push(&mut self.names, text)?,
            ("test-skip", Some(text)) => push(&mut self.skipped, text)?,
            ("test-exact", None) => self.is_exact = true,
            ("test-list", None) => self.is_list = true,
            ("test-ask", None) => self.is_first_asked = true,
            ("ignored", None) => self.ignored = IgnoredTests::Only,
            ("include-ignored", None) => self.ignored = IgnoredTests::Included,
            _ => return None,
        }
        Some(())
    }

    /// Returns the action for the test with this name.
    pub fn choice(&self, name: &str, is_ignored: bool) -> TestChoice {
        let is_meant = |text: &String<NAME_MAX_BYTES>| match self.is_exact {
            true => name == text.as_str(),
            false => name.contains(text.as_str()),
        };
        let is_named = self.names.is_empty() || self.names.iter().any(is_meant);
        if !is_named || self.skipped.iter().any(is_meant) {
            return TestChoice::FilterOut;
        }
        match (self.ignored, is_ignored) {
            (IgnoredTests::LeftOut, true) => TestChoice::Ignore,
            (IgnoredTests::Only, false) => TestChoice::FilterOut,
            _ => TestChoice::Run,
        }
    }
}

fn push(names: &mut Names, text: &str) -> Option<()> {
    names.push(String::try_from(text).ok()?).ok()
}

#[cfg(test)]
mod tests;
