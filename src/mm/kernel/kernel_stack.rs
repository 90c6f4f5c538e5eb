//! Kernel stacks that are mapped on demand.

use core::fmt;

use paging::{PageSize, PagingError};
use x86_64::VirtAddr;

use crate::arch::context;
use crate::arch::debug::probe;
use crate::mm::kernel::frames::{AllocatedFrames, Purpose};
use crate::mm::kernel::kernel_space::{self, DATA};
use crate::mm::kernel::layout::{FRAME_BYTES, STACK_SLOTS};
use crate::mm::kernel::stacks::{self, Stack, Use};

/// The value that fills a new stack; the words that still have it show the deepest use.
const UNUSED: u64 = 0x5354_4143_4B20_4F4B;

/// The reason why there is no further stack. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// All slots are used.
    NoSlot,
    /// No frame is left.
    NoMemory,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSlot => write!(f, "all {STACK_SLOTS} kernel stacks are in use"),
            Self::NoMemory => f.write_str("no memory is left for a kernel stack"),
        }
    }
}

impl core::error::Error for Error {}

/// A kernel stack that was mapped on demand. Dropping it unmaps it.
#[derive(Debug)]
pub struct KernelStack(Stack);

// SAFETY: its pages, of more than 4 KiB, were mapped only for it, and stay mapped until
// it is dropped; the top is a multiple of the page size.
unsafe impl context::Stack for KernelStack {
    fn top(&self) -> VirtAddr {
        self.0.top()
    }
}

impl KernelStack {
    /// Maps a stack.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn try_new(purpose: Use) -> Result<Self, Error> {
        // If mapping fails, dropping it unmaps the pages mapped so far.
        let stack = Self(stacks::take_slot(purpose).ok_or(Error::NoSlot)?);
        for page in stack.0.pages() {
            let frame = AllocatedFrames::try_new(Purpose::Stacks).ok_or(Error::NoMemory)?;
            let mut space = kernel_space::lock();
            match space.table.map(page, frame.start(), PageSize::Size4K, DATA) {
                Ok(()) => frame.leak(),
                Err(PagingError::NoMemory) => return Err(Error::NoMemory),
                Err(error) => unreachable!("a free slot has no page: {error}"),
            };
            drop(space);
            let words: *mut u64 = page.as_mut_ptr();
            for index in 0..FRAME_BYTES as usize / size_of::<u64>() {
                // SAFETY: the page has just been mapped, only for this stack.
                let word = unsafe { words.add(index) };
                // SAFETY: as above.
                unsafe { word.write(UNUSED) };
            }
        }
        Ok(stack)
    }

    /// Returns the stack's slot and addresses.
    pub fn stack(&self) -> Stack {
        self.0
    }

    /// Keeps the stack for ever.
    pub fn leak(self) -> Stack {
        let stack = self.0;
        core::mem::forget(self);
        stack
    }

    /// Sets the stack's purpose, which reports show.
    pub fn set_purpose(&mut self, purpose: Use) {
        self.0 = stacks::with_purpose(self.0, purpose);
    }
}

impl Drop for KernelStack {
    fn drop(&mut self) {
        let start = self.0.range().start;
        let pages = (self.0.len_bytes() / FRAME_BYTES) as usize;
        // SAFETY: `try_new` has mapped them for this purpose, and nothing uses the stack any more.
        unsafe { kernel_space::lock().unmap_pages(start, pages, Purpose::Stacks) };
        stacks::give_slot_back(self.0);
    }
}

/// Returns the number of bytes of `stack` that have been used since it was mapped; `None` unless
/// [`KernelStack::try_new`] has mapped it.
pub fn high_water_bytes(stack: Stack) -> Option<u64> {
    if Stack::BOOT_CPU.contains(&stack) {
        return None;
    }
    let range = stack.range();
    let mut unused_bytes = 0;
    while unused_bytes < stack.len_bytes() {
        // The stack may be unmapped in the meantime.
        match probe::read_u64(range.start + unused_bytes) {
            Ok(UNUSED) => unused_bytes += 8,
            Ok(_) => break,
            Err(_) => return None,
        }
    }
    Some(stack.len_bytes() - unused_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mm::kernel::frames;

    #[test_case]
    fn stacks_come_and_go() {
        let before = frames::counts();
        let stacks: [_; 20] = core::array::from_fn(|index| {
            KernelStack::try_new(Use::Thread(index as u32)).expect("there is memory")
        });
        for (index, stack) in stacks.iter().enumerate() {
            assert_eq!(stack.stack().purpose(), Use::Thread(index as u32));
            assert_eq!(Stack::of_slot_at(stack.stack().guard().start), Some(stack.stack()));
            assert_eq!(high_water_bytes(stack.stack()), Some(0));
        }
        assert_eq!(
            frames::counts().used_for(Purpose::Stacks),
            before.used_for(Purpose::Stacks) + 160
        );
        let gone = stacks[7].stack();
        drop(stacks);
        assert_eq!(Stack::of_slot_at(gone.top() - 1), None);
        assert_eq!(high_water_bytes(gone), None);
        assert_eq!(frames::counts().used_for(Purpose::Stacks), before.used_for(Purpose::Stacks));
    }
}
