//! Memory that a device accesses by itself (DMA): queues of commands and answers.
//!
//! The CPU's caches are coherent with accesses of devices on x86, so nothing is flushed. The device may
//! write at any time, so the memory is never borrowed as a slice: it is read and written by volatile
//! accesses, which the compiler neither drops nor reorders, and which the CPU performs in order.

use x86_64::PhysAddr;

use crate::mm::kernel::frames::{AllocatedFrames, Purpose, Run};
use crate::mm::kernel::layout::{self, FRAME_BYTES};

/// The highest physical address that all devices with 64-bit addresses reach.
const REACH: PhysAddr = PhysAddr::new((1 << 52) - 1);

/// Adjacent frames that a device accesses. The owner makes the device stop before it drops them.
#[derive(Debug)]
pub struct DmaMemory {
    frames: AllocatedFrames,
}

impl DmaMemory {
    /// Takes frames for `len_bytes` bytes, and clears them; `None` if there is no such run, or the
    /// length is 0. May allocate; not for interrupt handlers.
    pub fn try_new_zeroed(len_bytes: usize) -> Option<Self> {
        let count = len_bytes.div_ceil(FRAME_BYTES as usize);
        let frames = match count {
            1 => AllocatedFrames::try_new(Purpose::Devices)?,
            _ => {
                let run = Run { count, align_frames: 1, below: REACH };
                AllocatedFrames::try_new_run(run, Purpose::Devices)?
            }
        };
        frames.zero();
        Some(Self { frames })
    }

    /// Returns the physical address of its first byte, a multiple of the size of a frame.
    pub fn start(&self) -> PhysAddr {
        self.frames.start()
    }

    /// Returns its length in bytes: that of its frames.
    pub fn len_bytes(&self) -> usize {
        self.frames.count() * FRAME_BYTES as usize
    }

    /// Sets all bytes to 0. The device doesn't access it.
    pub fn zero(&self) {
        self.frames.zero();
    }

    /// Copies bytes from `offset_bytes` on, a multiple of 4, to `to`, whose length is a multiple of 4.
    ///
    /// # Panics
    /// If the range isn't within the memory, or not aligned.
    pub fn read_bytes(&self, offset_bytes: usize, to: &mut [u8]) {
        let (words, rest) = to.as_chunks_mut();
        assert!(rest.is_empty(), "whole words are copied");
        for (index, word) in words.iter_mut().enumerate() {
            *word = self.read_u32(offset_bytes + 4 * index).to_le_bytes();
        }
    }

    #[inline]
    fn place(&self, offset_bytes: usize, len_bytes: usize) -> *mut u8 {
        let is_within =
            offset_bytes < self.len_bytes() && len_bytes <= self.len_bytes() - offset_bytes;
        if !is_within || !offset_bytes.is_multiple_of(len_bytes) {
            self.refuse(offset_bytes, len_bytes);
        }
        layout::direct(self.start() + offset_bytes as u64).as_mut_ptr()
    }

    #[cold]
    fn refuse(&self, offset_bytes: usize, len_bytes: usize) -> ! {
        panic!("{len_bytes} bytes at {offset_bytes} of {}", self.len_bytes());
    }
}

/// Defines reads and writes of words.
macro_rules! words {
    ($($read:ident, $write:ident: $word:ty;)+) => {
        impl DmaMemory { $(
            /// Reads the word at `offset_bytes`, by one access.
            ///
            /// # Panics
            /// If the word isn't within the memory, or not aligned.
            #[inline]
            pub fn $read(&self, offset_bytes: usize) -> $word {
                let place: *const $word = self.place(offset_bytes, size_of::<$word>()).cast();
                // SAFETY: the range was checked to be within the frames, which `self` owns and the
                // direct map maps, and aligned.
                unsafe { place.read_volatile() }
            }

            /// Writes `value` to `offset_bytes`, by one access.
            ///
            /// # Panics
            /// If the word isn't within the memory, or not aligned.
            #[inline]
            pub fn $write(&self, offset_bytes: usize, value: $word) {
                let place: *mut $word = self.place(offset_bytes, size_of::<$word>()).cast();
                // SAFETY: as for reading.
                unsafe { place.write_volatile(value) }
            }
        )+ }
    };
}

words! {
    read_u16, write_u16: u16;
    read_u32, write_u32: u32;
    read_u64, write_u64: u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn memory_is_cleared_adjacent_and_readable() {
        assert!(DmaMemory::try_new_zeroed(0).is_none());
        let memory = DmaMemory::try_new_zeroed(3 * 4096 - 8).expect("there is memory");
        assert_eq!(memory.len_bytes(), 3 * 4096);
        assert!(memory.start().is_aligned(4096_u64));
        assert!((0..memory.len_bytes() / 8).all(|index| memory.read_u64(index * 8) == 0));
        memory.write_u64(4096, 0x0102_0304_0506_0708);
        assert_eq!((memory.read_u32(4096), memory.read_u32(4100)), (0x0506_0708, 0x0102_0304));
        assert_eq!((memory.read_u16(4096), memory.read_u16(4098)), (0x0708, 0x0506));
        let mut bytes = [0; 8];
        memory.read_bytes(4096, &mut bytes);
        assert_eq!(bytes, [8, 7, 6, 5, 4, 3, 2, 1]);
        memory.zero();
        assert_eq!(memory.read_u64(4096), 0);
    }
}
