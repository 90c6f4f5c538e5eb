//! The calls of code that an interrupt handler has interrupted, between any two instructions.

use x86_64::VirtAddr;

use crate::arch::debug::backtrace::Backtrace;
use crate::arch::debug::probe;
use crate::arch::irq::Interrupted;

/// The instructions that begin and end a function's use of its frame.
///
/// Source: Intel SDM volume 2, "PUSH", "MOV", "RET" and "REX Prefixes".
const PUSH_RBP: u8 = 0x55;
const MOV_RBP_RSP: [u8; 3] = [0x48, 0x89, 0xE5];
const RET: u8 = 0xC3;

/// The return addresses of the calls of interrupted kernel code, innermost first.
///
/// Memory is read by probes, and only from the interrupted stack. It allocates nothing and waits for
/// nothing, so interrupt handlers use it.
#[derive(Clone, Copy, Debug)]
pub struct InterruptedCalls {
    /// The return address of a function that has no frame at this instruction.
    without_frame: Option<u64>,
    callers: Backtrace,
    /// The end of the stack.
    top: u64,
    /// The lowest address at which the next frame may be.
    lowest: u64,
}

impl InterruptedCalls {
    /// Makes the calls of `code`, whose stack ends at `top`.
    pub fn new(code: &Interrupted, top: VirtAddr) -> Self {
        let mut calls = Self {
            without_frame: None,
            callers: Backtrace::new(code.rbp),
            top: top.as_u64(),
            lowest: code.rsp,
        };
        calls.without_frame =
            return_slot(code).filter(|slot| calls.has_words(*slot, 1)).and_then(read_word);
        calls
    }

    /// Returns whether `address` is that of `count` words of the stack.
    fn has_words(&self, address: u64, count: u64) -> bool {
        let end = address.checked_add(count * size_of::<u64>() as u64);
        address >= self.lowest && end.is_some_and(|end| end <= self.top)
    }
}

impl Iterator for InterruptedCalls {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        if let Some(address) = self.without_frame.take() {
            return Some(address);
        }
        // The entries from ring 3 leave the program's RBP in the last frame.
        let frame = self.callers.frame();
        if !self.has_words(frame, 2) {
            return None;
        }
        self.lowest = frame + 1;
        self.callers.next().map(VirtAddr::as_u64)
    }
}

/// Returns the address of the return address of the interrupted function, if RBP is still, or
/// again, that of its caller. Without this the caller would be missing: the chain of RBP begins with
/// the caller's own caller.
fn return_slot(code: &Interrupted) -> Option<u64> {
    let rip = VirtAddr::try_new(code.rip).ok()?;
    let byte = |offset: u64| probe::read_u8(VirtAddr::try_new(rip.as_u64() + offset).ok()?).ok();
    match byte(0)? {
        PUSH_RBP | RET => Some(code.rsp),
        first if first == MOV_RBP_RSP[0] => {
            let is_mov = byte(1)? == MOV_RBP_RSP[1] && byte(2)? == MOV_RBP_RSP[2];
            // RBP was pushed below the return address.
            is_mov.then(|| code.rsp.checked_add(size_of::<u64>() as u64)).flatten()
        }
        _ => None,
    }
}

fn read_word(address: u64) -> Option<u64> {
    probe::read_u64(VirtAddr::try_new(address).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// A stack with the frames of two callers, and the code that is interrupted below them.
    struct Fake {
        stack: [u64; 8],
        code: [u8; 4],
    }

    impl Fake {
        fn new(code: [u8; 4]) -> Self {
            Self { stack: [0; 8], code }
        }

        fn address(&self, index: usize) -> u64 {
            (&raw const self.stack[index]).addr() as u64
        }

        /// Returns the calls with RSP and RBP at these words.
        fn calls(&self, rsp: usize, rbp: u64) -> Vec<u64> {
            let code = Interrupted {
                is_program: false,
                rip: self.code.as_ptr().addr() as u64,
                rbp,
                rsp: self.address(rsp),
            };
            let top = VirtAddr::new(self.address(7));
            InterruptedCalls::new(&code, top).collect()
        }

        /// Sets a frame at word `index`.
        fn set_frame(&mut self, index: usize, caller: u64, address: u64) {
            self.stack[index] = caller;
            self.stack[index + 1] = address;
        }
    }

    #[test_case]
    fn caller_is_found_before_in_and_after_the_frame() {
        let nop = [0x90; 4];
        for (code, rsp, expected) in [
            // The return address of the function is in word 1, the caller's frame at word 3.
            ([PUSH_RBP, 0x90, 0x90, 0x90], 1, &[11, 44][..]),
            ([0x48, 0x89, 0xE5, 0x90], 0, &[11, 44]),
            ([RET, 0x90, 0x90, 0x90], 1, &[11, 44]),
            // Another `mov` with the same first byte.
            ([0x48, 0x89, 0xE7, 0x90], 1, &[44]),
            (nop, 1, &[44]),
        ] {
            let mut fake = Fake::new(code);
            fake.stack[1] = 11;
            fake.set_frame(3, 0, 44);
            assert_eq!(fake.calls(rsp, fake.address(3)), expected, "{code:x?}");
        }
        let mut fake = Fake::new(nop);
        let caller = fake.address(3);
        fake.set_frame(0, caller, 11);
        fake.set_frame(3, 0, 44);
        assert_eq!(fake.calls(0, fake.address(0)), [11, 44]);
    }

    #[test_case]
    fn only_the_interrupted_stack_is_read() {
        let mut fake = Fake::new([PUSH_RBP; 4]);
        let outside = [0, 99];
        fake.set_frame(3, outside.as_ptr().addr() as u64, 44);
        // The frame of a program's RBP, above and below the stack.
        assert_eq!(fake.calls(4, outside.as_ptr().addr() as u64), [44]);
        assert_eq!(fake.calls(3, u64::MAX - 7).len(), 1);
        // A frame that isn't above the last one, and one that the end cuts.
        fake.set_frame(2, fake.address(2), 33);
        assert_eq!(fake.calls(3, fake.address(2)).len(), 1);
        assert_eq!(fake.calls(0, fake.address(2)), [0, 33]);
        assert_eq!(fake.calls(0, fake.address(6)), [0]);
        assert!(fake.calls(7, fake.address(7)).is_empty());
    }
}
