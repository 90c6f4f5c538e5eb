//! Names of vectors, and of functions without source lines.

use core::fmt;

use x86_64::VirtAddr;

use crate::arch::irq::vectors::{
    APIC_ERROR_VECTOR, APIC_SPURIOUS_VECTOR, CALL_VECTOR, FIRST_LINE_VECTOR, LINES,
    RESCHEDULE_VECTOR, SHOOTDOWN_VECTOR, TIMER_VECTOR,
};
use crate::arch::trap::exception::Exception;
use crate::symbols;

/// The name of a vector: an exception's abbreviation, an IRQ, or no text.
pub(in crate::monitor) struct VectorName(pub(in crate::monitor) u8);

impl fmt::Display for VectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        let mut name = heapless::String::<8>::new();
        let line = self.0.wrapping_sub(FIRST_LINE_VECTOR);
        if let Some(exception) = Exception::from_vector(self.0.into()) {
            name.push_str(exception.mnemonic()).map_err(|_| fmt::Error)?;
        } else if line < LINES {
            write!(name, "IRQ {line}")?;
        }
        f.pad(&name)
    }
}

/// Returns the purpose of a vector that doesn't belong to an IRQ line.
pub(in crate::monitor) fn vector_purpose(vector: u8) -> &'static str {
    match vector {
        TIMER_VECTOR => "timer (local APIC)",
        RESCHEDULE_VECTOR => "another CPU: reschedule",
        CALL_VECTOR => "another CPU: call, heartbeat",
        SHOOTDOWN_VECTOR => "another CPU: flush the TLB",
        APIC_ERROR_VECTOR => "errors of the local APIC",
        APIC_SPURIOUS_VECTOR => "spurious, at the local APIC",
        _ => Exception::from_vector(vector.into()).map_or("unexpected", Exception::name),
    }
}

/// The function that contains an address, and the offset in it: `rust_main+0x12`. No text if there
/// is no such function.
pub(in crate::monitor) struct Function(pub(in crate::monitor) VirtAddr);

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match symbols::function_at(self.0) {
            None => Ok(()),
            Some(function) if function.start == self.0.as_u64() => f.write_str(function.name),
            Some(function) => {
                write!(f, "{}+{:#x}", function.name, self.0.as_u64() - function.start)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test_case]
    fn vectors_have_names() {
        let name = |vector| format!("{:6}|", VectorName(vector));
        assert_eq!(name(14), "#PF   |");
        assert_eq!(name(0x20), "IRQ 0 |");
        assert_eq!(name(0x2F), "IRQ 15|");
        assert_eq!([name(15), name(0x30), name(0xFF)], ["      |"; 3]);
    }
}
