//! The framework of the kernels in `tests/`, and of the library's own tests.
//!
//! A test is a function without arguments, or a constant of one of the types here, which specify
//! how it has to end:
//!
//! ```ignore
//! #[test_case]
//! fn one_and_one() { assert_eq!(1 + 1, 2); }
//!
//! #[test_case]
//! const OVERFLOW: ShouldPanic = ShouldPanic::new("overflow", "add with overflow", || { … });
//! ```
//!
//! A test that stops the kernel, as expected or not, ends the run. For the next tests the runner
//! (`tools/runner`) restores the snapshot of the machine at `ready`, or boots the machine again.
//! The kernel and the runner exchange lines on the serial port:
//!
//! | line | meaning |
//! | --- | --- |
//! | `listed NAME` | the test exists; none is run |
//! | `ignored NAME` | the test is only run if ignored tests are requested |
//! | `ready: M stop; F filtered out` | M of the tests stop the kernel; it waits for a line with the index of the first test to run |
//! | `running N tests, from I` | the run begins with the test of index I |
//! | `test NAME ...` | the test starts |
//! | `test NAME ... expects reset` | the same for a test that has to reset the machine |
//! | `ok` or `FAILED: why` | the test has ended |
//! | `stopped` | after one of these: the kernel has stopped |
//! | `done` | no test is left |
//! | `@…` | the test requests input, see `tests/storm.rs` |
//!
//! Tests wait by [`wait_until`].

#![forbid(unsafe_code)]

mod test_kind;
mod wait;

pub use test_kind::{Expected, Ignored, ShouldPanic, ShouldReset, Test};
pub use wait::{stack_frames, wait_for_stacks, wait_for_threads, wait_until};

use core::fmt;

use spin::Once;

use crate::arch::irq::interrupt_flag;
use crate::arch::reset;
use crate::boot::TestChoice;
use crate::drivers::char::serial;
use crate::monitor::Machine;
use crate::{bring_up, klog, mm};

/// The value that the kernel writes to QEMU's isa-debug-exit after the last test. QEMU
/// then ends with status 33.
const DONE: u8 = 0x10;

/// The way in which the running test has to end, for [`end_of_test`].
static RUNNING: spin::Mutex<Option<Expected>> = spin::Mutex::new(None);
static MACHINE: Once<Machine> = Once::new();

/// Returns the machine after bring-up.
///
/// # Panics
/// If this isn't a test kernel.
pub fn machine() -> &'static Machine {
    MACHINE.get().expect("test kernels start by testing::start")
}

/// Starts the kernel without its prompt, and runs the tests.
pub fn start(magic: u32, information: u32, test_main: fn()) -> ! {
    MACHINE.call_once(|| bring_up::start(magic, information, end_of_test));
    wait::start();
    test_main();
    serial::flush();
    reset::exit_qemu(DONE);
    interrupt_flag::halt()
}

/// Runs the tests that the command line selects. Called by the test harness.
pub fn run(tests: &[&dyn Test]) {
    let selection = &machine().boot.options.tests;
    let choice = |test: &dyn Test| selection.choice(test.name(), test.is_ignored());
    let chosen = |wanted| tests.iter().filter(move |&&test| choice(test) == wanted);
    if selection.is_list {
        for test in tests.iter().filter(|&&test| choice(test) != TestChoice::FilterOut) {
            serial_println(format_args!("listed {}", test.name()));
        }
        return serial_println(format_args!("done"));
    }
    for test in chosen(TestChoice::Ignore) {
        serial_println(format_args!("ignored {}", test.name()));
    }
    let mut first = 0;
    if selection.is_first_asked {
        let does_stop = |test: &&&dyn Test| matches!(test.expected(), Expected::Stop(_));
        serial_println(format_args!(
            "ready: {} stop; {} filtered out",
            chosen(TestChoice::Run).filter(does_stop).count(),
            chosen(TestChoice::FilterOut).count(),
        ));
        first = read_index();
    }
    serial_println(format_args!("running {} tests, from {first}", chosen(TestChoice::Run).count()));
    for &test in chosen(TestChoice::Run).skip(first) {
        run_one(test);
    }
    serial_println(format_args!("done"));
}

/// Reads a number from the serial line, up to a line feed.
fn read_index() -> usize {
    let mut index = 0;
    loop {
        match serial::try_read() {
            Some(b'\n') => return index,
            Some(digit) => index = index * 10 + usize::from(digit.wrapping_sub(b'0')),
            None => core::hint::spin_loop(),
        }
    }
}

fn run_one(test: &dyn Test) {
    let expected = test.expected();
    let tail = if expected == Expected::Reset { " expects reset" } else { "" };
    serial_println(format_args!("test {} ...{tail}", test.name()));
    // The line is sent before the test runs, so that the runner has its name in any case.
    serial::flush();
    *RUNNING.lock() = Some(expected);
    test.run();
    *RUNNING.lock() = None;
    let audit = mm::debug::audit::run();
    for finding in &audit.findings {
        serial_println(format_args!("audit: {finding}"));
    }
    match expected {
        _ if audit.broken > 0 => serial_println(format_args!("FAILED: audit: {audit}")),
        Expected::Return => serial_println(format_args!("ok")),
        Expected::Stop(message) => serial_println(format_args!(
            "FAILED: it returned, but should stop the kernel with: {message}"
        )),
        Expected::Reset => {
            serial_println(format_args!("FAILED: it returned, but should reset the machine"));
        }
    }
}

/// Runs after the report of a panic or an exception: ends the test.
fn end_of_test(report: &dyn fmt::Display) -> ! {
    // The lock is only held while the value is copied, never while a test runs.
    let expected = RUNNING.try_lock().and_then(|running| *running);
    let outcome = match expected {
        Some(Expected::Stop(message)) if Contains::search(report, message) => "ok",
        _ => "FAILED: the kernel stopped, see above",
    };
    // `Emergency` never fails.
    let _ = fmt::write(&mut klog::Emergency, format_args!("{outcome}\nstopped\n"));
    serial::flush();
    interrupt_flag::halt()
}

/// Writes a line by one call, because other CPUs may log at the same time.
fn serial_println(arguments: fmt::Arguments<'_>) {
    let mut line = heapless::String::<512>::new();
    // A line that is too long is truncated.
    let _ = fmt::write(&mut line, arguments);
    if line.push('\n').is_err() {
        line.pop();
        let _ = line.push('\n');
    }
    serial::write(&line);
}

/// Searches written text for another text, without storing all of it.
struct Contains<'a> {
    wanted: &'a str,
    window: heapless::String<256>,
    is_found: bool,
}

impl<'a> Contains<'a> {
    fn search(text: &dyn fmt::Display, wanted: &'a str) -> bool {
        let mut search = Contains { wanted, window: heapless::String::new(), is_found: false };
        // The writer never fails.
        let _ = fmt::write(&mut search, format_args!("{text}"));
        search.is_found
    }
}

impl fmt::Write for Contains<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            while self.window.len() + c.len_utf8() > self.wanted.len() {
                if self.window.is_empty() {
                    break;
                }
                self.window.remove(0);
            }
            // A text of more than 256 bytes is never found.
            let _ = self.window.push(c);
            self.is_found |= self.window == self.wanted;
        }
        Ok(())
    }
}

/// Makes a test kernel from a file in `tests/`: defines the function that the stub calls.
#[macro_export]
macro_rules! test_kernel {
    ($test_main:ident) => {
        #[expect(unsafe_code, reason = "the stub calls this symbol by its name")]
        #[unsafe(no_mangle)]
        extern "C" fn rust_main(magic: u32, information: u32) -> ! {
            $crate::testing::start(magic, information, || $test_main())
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::debug::provoke;
    use crate::arch::trap::exception::Exception;

    #[test_case]
    fn texts_are_found_across_pieces() {
        assert!(Contains::search(&format_args!("{}{}", "one t", "wo three"), "two"));
        assert!(!Contains::search(&format_args!("{}", "one three"), "two"));
        assert!(Contains::search(&format_args!("ätwöb"), "twö"));
    }

    #[test_case]
    const PANIC_IS_SEEN: ShouldPanic =
        ShouldPanic::new("testing::panic_is_seen", "as it should", || panic!("as it should"));

    #[test_case]
    const EXCEPTION_IS_SEEN: ShouldPanic =
        ShouldPanic::new("testing::exception_is_seen", "#UD: invalid-opcode", || {
            provoke::provoke(Exception::InvalidOpcode);
        });

    #[test_case]
    const RESET_IS_SEEN: ShouldReset =
        ShouldReset::new("testing::reset_is_seen", || reset::reboot());
}
