//! Backtraces: the chain of frames on a stack.
//!
//! Every function keeps RBP as the manual's "frame pointer" (`x86_64-kernel.json`): it points to
//! the caller's RBP, with the return address above it. The stub ends the chain with 0.

use x86_64::VirtAddr;

use crate::arch::debug::probe;

/// The return addresses of a chain of frames, innermost first. Memory is read by probes, so a
/// broken chain just ends.
#[derive(Clone, Copy, Debug)]
pub struct Backtrace {
    frame: u64,
}

impl Backtrace {
    /// Makes the chain that starts at `frame`, a value of RBP.
    pub fn new(frame: u64) -> Self {
        Self { frame }
    }

    /// Returns RBP's value in the next frame.
    pub fn frame(self) -> u64 {
        self.frame
    }

    /// Makes the chain that starts at the caller's frame.
    #[inline(always)]
    pub fn here() -> Self {
        let frame: u64;
        // SAFETY: it only copies a register.
        unsafe { core::arch::asm!("mov {}, rbp", out(reg) frame, options(nomem, nostack)) };
        Self { frame }
    }
}

impl Iterator for Backtrace {
    type Item = VirtAddr;

    fn next(&mut self) -> Option<VirtAddr> {
        let frame = VirtAddr::try_new(self.frame).ok().filter(|frame| frame.is_aligned(8_u64))?;
        let caller = probe::read_u64(frame).ok()?;
        let address = probe::read_u64(VirtAddr::try_new(self.frame.checked_add(8)?).ok()?).ok()?;
        // Frames of callers are at higher addresses; a lower one is no frame.
        self.frame = if caller > self.frame { caller } else { 0 };
        VirtAddr::try_new(address).ok().filter(|address| !address.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn chain_leads_to_the_stub_and_ends() {
        let addresses = Backtrace::here().take(100).count();
        assert!((3..100).contains(&addresses), "{addresses}");
    }

    #[test_case]
    fn broken_chains_end() {
        assert_eq!(Backtrace::new(0).next(), None);
        assert_eq!(Backtrace::new(1 << 63).next(), None);
        assert_eq!(Backtrace::new(u64::MAX - 7).next(), None);
        let mut frames = [0_u64, 0xFFFF_8000_0000_1234];
        frames[0] = frames.as_ptr().addr() as u64;
        let mut itself = Backtrace::new(frames[0]);
        assert_eq!(itself.next(), Some(VirtAddr::new(frames[1])));
        assert_eq!(itself.next(), None, "a frame isn't its own caller");
    }
}
