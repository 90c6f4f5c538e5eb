//! The bytes of shared frames: copies to and from them.
//!
//! Programs may have a shared frame mapped, and other CPUs may copy to it at the same time. So its
//! bytes are never borrowed as a slice: they are copied by assembly, about which the compiler
//! assumes nothing. A copy during a write has some old and some new bytes.
//!
//! Invariant: a [`FrameBytes`] lies within one frame, which its borrowed owner keeps allocated and
//! which is in the direct map.

use core::arch::asm;
use core::ops::Range;

use x86_64::PhysAddr;

use super::allocated::AllocatedFrames;
use super::frame_info;
use super::number;
use super::purpose::Purpose;
use super::shared::SharedFrame;
use crate::mm::kernel::layout::{self, FRAME_BYTES};

/// A range of the bytes of a shared frame.
#[derive(Clone, Copy, Debug)]
pub struct FrameBytes<'a> {
    frame: &'a SharedFrame,
    start: usize,
    len: usize,
}

impl SharedFrame {
    /// Takes a frame whose bytes are 0, with one owner; `None` if none is free.
    pub fn try_new_zeroed(purpose: Purpose) -> Option<Self> {
        let frame = Self::try_allocate(purpose)?;
        frame.bytes(0..FRAME_BYTES as usize).zero();
        Some(frame)
    }

    /// Takes a frame with the bytes of this one; `None` if none is free.
    pub fn try_copy(&self, purpose: Purpose) -> Option<Self> {
        let copy = Self::try_allocate(purpose)?;
        copy.all_bytes().copy_from(self.all_bytes());
        Some(copy)
    }

    /// Takes a frame with the bytes of the frame at `start`, whoever owns that. A caller that isn't
    /// an owner must discard the copy if that frame may have been freed in the meantime. `None` if
    /// no frame is free, or there is no RAM at `start`.
    pub fn try_copy_of(start: PhysAddr, purpose: Purpose) -> Option<Self> {
        frame_info::of(number(start))?;
        let new = Self::try_allocate(purpose)?;
        let from: *const u8 = layout::direct(start).as_ptr();
        // SAFETY: the frame has a record, so it is RAM, which the direct map maps for ever; others
        // may write to it meanwhile (see above). Only this function uses the new frame.
        unsafe { copy(from, new.all_bytes().as_mut_ptr(), FRAME_BYTES as usize) };
        Some(new)
    }

    /// Returns a range of its bytes.
    ///
    /// # Panics
    /// If the range isn't within a frame.
    #[inline]
    pub fn bytes(&self, range: Range<usize>) -> FrameBytes<'_> {
        assert!(range.start <= range.end && range.end <= FRAME_BYTES as usize);
        FrameBytes { frame: self, start: range.start, len: range.end - range.start }
    }

    /// Returns all its bytes.
    #[inline]
    pub fn all_bytes(&self) -> FrameBytes<'_> {
        self.bytes(0..FRAME_BYTES as usize)
    }
}

impl AllocatedFrames {
    /// Sets all bytes of the frames to 0.
    pub fn zero(&self) {
        let start: *mut u8 = layout::direct(self.start()).as_mut_ptr();
        // SAFETY: the direct map maps the frames, which `self` owns.
        unsafe { zero(start, self.count() * FRAME_BYTES as usize) };
    }
}

impl<'a> FrameBytes<'a> {
    /// Returns the number of bytes.
    #[inline]
    pub fn len(self) -> usize {
        self.len
    }

    /// Returns whether there are no bytes.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Returns the first `len` bytes.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline]
    pub fn first(self, len: usize) -> Self {
        assert!(len <= self.len);
        Self { len, ..self }
    }

    /// Returns the bytes after the first `len`.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline]
    pub fn after(self, len: usize) -> Self {
        assert!(len <= self.len);
        Self { start: self.start + len, len: self.len - len, ..self }
    }

    /// Returns the address of the first byte in the direct map. Only copies use it.
    #[inline]
    pub(in crate::mm) fn as_mut_ptr(self) -> *mut u8 {
        let start: *mut u8 = layout::direct(self.frame.start()).as_mut_ptr();
        start.wrapping_add(self.start)
    }

    /// Copies the bytes to `to`.
    ///
    /// # Panics
    /// If the length of `to` differs.
    #[inline]
    pub fn read(self, to: &mut [u8]) {
        assert!(to.len() == self.len);
        // SAFETY: both have this many bytes (invariant), and no slice is in a shared frame.
        unsafe { copy(self.as_mut_ptr(), to.as_mut_ptr(), self.len) };
    }

    /// Copies `from` to the bytes.
    ///
    /// # Panics
    /// If the length of `from` differs.
    #[inline]
    pub fn write(self, from: &[u8]) {
        assert!(from.len() == self.len);
        // SAFETY: as in `read`.
        unsafe { copy(from.as_ptr(), self.as_mut_ptr(), self.len) };
    }

    /// Copies the bytes of `from` to these. If the two overlap, these must be before those of
    /// `from`.
    ///
    /// # Panics
    /// If the length of `from` differs.
    pub fn copy_from(self, from: FrameBytes<'_>) {
        assert!(from.len == self.len);
        // SAFETY: both have this many bytes (invariant).
        unsafe { copy(from.as_mut_ptr(), self.as_mut_ptr(), self.len) };
    }

    /// Sets the bytes to 0.
    #[inline]
    pub fn zero(self) {
        // SAFETY: the frame has this many bytes from there on (invariant).
        unsafe { zero(self.as_mut_ptr(), self.len) };
    }
}

/// Sets `len` bytes to 0, as words of 8 bytes and then single bytes.
///
/// # Safety
/// `len` bytes can be written at `to`.
#[inline]
unsafe fn zero(to: *mut u8, len: usize) {
    let (words, rest) = (len / 8, len % 8);
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "rep stosq",
            "mov ecx, {rest:e}",
            "rep stosb",
            rest = in(reg) rest,
            inout("rcx") words => _,
            inout("rdi") to => _,
            in("rax") 0_u64,
            options(nostack, preserves_flags),
        );
    }
}

/// Copies `len` bytes in ascending order, as words of 8 bytes and then single bytes.
///
/// # Safety
/// `len` bytes can be read at `from` and written at `to`.
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    let (words, rest) = (len / 8, len % 8);
    // SAFETY: the caller's promise.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {rest:e}",
            "rep movsb",
            rest = in(reg) rest,
            inout("rcx") words => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags),
        );
    }
}

#[cfg(test)]
mod tests;
