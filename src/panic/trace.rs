//! The backtrace of a report.

use core::fmt::{self, Write};

use heapless::String;
use x86_64::VirtAddr;

use crate::arch::debug::backtrace::Backtrace;
use crate::symbols::Instruction;

/// The largest length of a report's line, so that it fits a screen's row.
const LINE_CHARS: usize = 79;

/// The entries of the backtrace, innermost first.
#[derive(Clone, Copy, Debug)]
pub struct Trace {
    /// The instruction at which the code stopped, unless only return addresses are known.
    pub instruction: Option<VirtAddr>,
    /// The return addresses of its callers.
    pub callers: Backtrace,
}

impl Trace {
    /// Returns the addresses of instructions within the functions of the backtrace.
    pub fn addresses(self) -> impl Iterator<Item = VirtAddr> {
        // A return address is after its call, which may be the last instruction of its function.
        self.instruction.into_iter().chain(self.callers.map(|address| address - 1))
    }

    /// Writes at most `rows` lines.
    pub(super) fn write(self, out: &mut dyn Write, rows: usize) -> fmt::Result {
        let mut name = "trace";
        for address in self.addresses().take(rows) {
            let place = Instruction::short(address);
            writeln!(out, "{}", row(format_args!("  {name}  {place}")))?;
            name = "     ";
        }
        Ok(())
    }
}

/// Returns the text, truncated to fit a row.
pub(super) fn row(text: fmt::Arguments<'_>) -> String<{ 4 * LINE_CHARS }> {
    struct Cut {
        row: String<{ 4 * LINE_CHARS }>,
        chars: usize,
    }
    impl Write for Cut {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for c in text.chars() {
                if self.chars == LINE_CHARS {
                    return Err(fmt::Error);
                }
                self.chars += 1;
                self.row.push(c).map_err(|_| fmt::Error)?;
            }
            Ok(())
        }
    }
    let mut cut = Cut { row: String::new(), chars: 0 };
    // Text that doesn't fit is truncated.
    let _ = cut.write_fmt(text);
    cut.row
}
