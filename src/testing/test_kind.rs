//! Tests, and the ways in which they have to end.

/// The way in which a test has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The test returns.
    Return,
    /// The test panics or raises an exception, and the report has this text.
    Stop(&'static str),
    /// The test resets the machine.
    Reset,
}

/// A test.
pub trait Test: Sync {
    /// Returns the name of the test, in which the command line's filters search.
    fn name(&self) -> &'static str;
    /// Returns the way in which the test has to end.
    fn expected(&self) -> Expected {
        Expected::Return
    }
    /// Returns whether the test is only run on request.
    fn is_ignored(&self) -> bool {
        false
    }
    /// Runs the test.
    fn run(&self);
}

impl<F: Fn() + Sync> Test for F {
    fn name(&self) -> &'static str {
        core::any::type_name::<F>()
    }

    fn run(&self) {
        self();
    }
}

/// A test that has to panic or to raise an exception.
pub struct ShouldPanic {
    name: &'static str,
    message: &'static str,
    body: fn(),
}

impl ShouldPanic {
    /// Makes a test whose report has to contain `message`.
    pub const fn new(name: &'static str, message: &'static str, body: fn()) -> Self {
        Self { name, message, body }
    }
}

impl Test for ShouldPanic {
    fn name(&self) -> &'static str {
        self.name
    }

    fn expected(&self) -> Expected {
        Expected::Stop(self.message)
    }

    fn run(&self) {
        (self.body)();
    }
}

/// A test that has to reset the machine.
pub struct ShouldReset {
    name: &'static str,
    body: fn(),
}

impl ShouldReset {
    /// Makes a test.
    pub const fn new(name: &'static str, body: fn()) -> Self {
        Self { name, body }
    }
}

impl Test for ShouldReset {
    fn name(&self) -> &'static str {
        self.name
    }

    fn expected(&self) -> Expected {
        Expected::Reset
    }

    fn run(&self) {
        (self.body)();
    }
}

/// A test that is only run if the command line has `ignored`.
pub struct Ignored {
    name: &'static str,
    body: fn(),
}

impl Ignored {
    /// Makes a test.
    pub const fn new(name: &'static str, body: fn()) -> Self {
        Self { name, body }
    }
}

impl Test for Ignored {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_ignored(&self) -> bool {
        true
    }

    fn run(&self) {
        (self.body)();
    }
}
