//! Copies between the kernel and the memory of the program whose address space is loaded.
//!
//! An address outside of the memory of programs is refused. An access to a page that isn't present
//! faults: the pager provides the page, or else the exception table ends the copy, which returns
//! how many bytes are missing. SMAP prevents the kernel from accessing this memory except in these
//! functions. All of them may wait for the pager; in code that may not wait, a missing page is an
//! error.

use core::arch::naked_asm;

use crate::arch::cpu::features;
use crate::arch::user::USER_END;

/// A part of the memory isn't mapped, isn't the program's, or doesn't allow the access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadAddress;

/// Returns whether `len_bytes` bytes from `address` lie in the memory of programs.
#[inline]
pub(in crate::arch) fn is_of_programs(address: u64, len_bytes: usize) -> bool {
    // The sum can't overflow: the length of a slice is below 2^63.
    address < USER_END && address + len_bytes as u64 <= USER_END
}

/// Copies `to.len()` bytes from `address`.
///
/// # Errors
/// [`BadAddress`] if not all of them can be read; what could be read is in `to`.
#[inline]
pub fn read(address: u64, to: &mut [u8]) -> Result<(), BadAddress> {
    match read_some(address, to) {
        len_bytes if len_bytes == to.len() => Ok(()),
        _ => Err(BadAddress),
    }
}

/// Copies up to `to.len()` bytes from `address`; returns how many could be read.
#[inline]
pub fn read_some(address: u64, to: &mut [u8]) -> usize {
    // SAFETY: the destination is a slice.
    unsafe { read_into(address, to.as_mut_ptr(), to.len()) }
}

/// Copies up to `len_bytes` bytes from `address` to `to`; returns how many could be read.
///
/// # Safety
/// `len_bytes` bytes can be written at `to`.
#[inline]
pub unsafe fn read_into(address: u64, to: *mut u8, len_bytes: usize) -> usize {
    if !is_of_programs(address, len_bytes) {
        return 0;
    }
    // SAFETY: the source is memory of programs; the rest is the caller's promise.
    let missing = unsafe { copy(to as u64, address, len_bytes) };
    len_bytes - missing
}

/// Copies `from` to `address`.
///
/// # Errors
/// [`BadAddress`] if not all of it can be written; a part may have been.
#[inline]
pub fn write(address: u64, from: &[u8]) -> Result<(), BadAddress> {
    match write_some(address, from) {
        len_bytes if len_bytes == from.len() => Ok(()),
        _ => Err(BadAddress),
    }
}

/// Copies `from` to `address`; returns how many bytes could be written.
#[inline]
pub fn write_some(address: u64, from: &[u8]) -> usize {
    // SAFETY: the source is a slice.
    unsafe { write_from(address, from.as_ptr(), from.len()) }
}

/// Copies up to `len_bytes` bytes from `from` to `address`; returns how many could be written.
///
/// # Safety
/// `len_bytes` bytes can be read at `from`.
#[inline]
pub unsafe fn write_from(address: u64, from: *const u8, len_bytes: usize) -> usize {
    if !is_of_programs(address, len_bytes) {
        return 0;
    }
    // SAFETY: the destination is memory of programs; the rest is the caller's promise.
    let missing = unsafe { copy(address, from as u64, len_bytes) };
    len_bytes - missing
}

/// Writes zeros to `len_bytes` bytes from `address`.
///
/// # Errors
/// [`BadAddress`] if not all of it can be written; a part may have been.
pub fn clear(address: u64, len_bytes: usize) -> Result<(), BadAddress> {
    if len_bytes > USER_END as usize || !is_of_programs(address, len_bytes) {
        return Err(BadAddress);
    }
    // SAFETY: it is memory of programs.
    match unsafe { fill_zero(address, len_bytes) } {
        0 => Ok(()),
        _ => Err(BadAddress),
    }
}

/// The reason why a string can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StringError {
    /// A part of it can't be read.
    BadAddress,
    /// There is no zero byte in the first `to.len()` bytes.
    TooLong,
}

/// Copies the string at `address`, up to the zero byte that ends it, to `to`; returns it without
/// the zero byte.
///
/// # Errors
/// See [`StringError`].
pub fn read_string(address: u64, to: &mut [u8]) -> Result<&[u8], StringError> {
    let limit = USER_END.saturating_sub(address).min(to.len() as u64) as usize;
    if limit == 0 {
        return Err(if to.is_empty() { StringError::TooLong } else { StringError::BadAddress });
    }
    // SAFETY: up to the limit the source is memory of programs, and the destination is a slice.
    let len = unsafe { copy_string(to.as_mut_ptr() as u64, address, limit) };
    match len {
        BAD => Err(StringError::BadAddress),
        // The string reaches the end of the memory of programs.
        len if len == limit && limit < to.len() => Err(StringError::BadAddress),
        len if len == limit => Err(StringError::TooLong),
        len => Ok(&to[..len]),
    }
}

/// The value that [`copy_string`] returns after a fault.
const BAD: usize = usize::MAX;

/// Replaces the word at `address`, a multiple of 4, by `new` if it is `expected`, atomically.
/// Returns the previous value.
///
/// # Errors
/// [`BadAddress`] if the word can't be written.
pub fn compare_exchange(address: u64, expected: u32, new: u32) -> Result<u32, BadAddress> {
    if !is_of_programs(address, size_of::<u32>()) {
        return Err(BadAddress);
    }
    // SAFETY: it is memory of programs.
    let before = unsafe { exchange(address, expected, new) };
    u32::try_from(before).map_err(|_| BadAddress)
}

/// The instructions that allow the kernel to access the memory of programs, if SMAP is on.
macro_rules! allow_access {
    () => {
        "cmp byte ptr gs:[{has_smap}], 0
        je 8f
        stac
        8:"
    };
}
pub(in crate::arch) use allow_access;

/// The instructions that end the effect of [`allow_access`], and return.
macro_rules! forbid_access_and_return {
    () => {
        "cmp byte ptr gs:[{has_smap}], 0
        je 9f
        clac
        9: ret"
    };
}
pub(in crate::arch) use forbid_access_and_return;

/// Copies `len_bytes` bytes, most of them as words of 8 bytes; returns how many are missing.
///
/// # Safety
/// Each range is memory of programs, or memory of the kernel that can be read or written.
#[unsafe(naked)]
unsafe extern "sysv64" fn copy(to: u64, from: u64, len_bytes: usize) -> usize {
    naked_asm!(
        allow_access!(),
        "mov rcx, rdx",
        "shr rcx, 3",
        "and edx, 7",
        "3: rep movsq",
        "mov ecx, edx",
        "4: rep movsb",
        // RCX is the number of missing bytes of the tail.
        "5: mov rax, rcx",
        forbid_access_and_return!(),
        // After a fault in a word: the bytes of that word before the fault are also copied, so that
        // all accessible bytes are copied.
        "7: lea rdx, [rdx + rcx * 8]",
        "mov rcx, rdx",
        "jmp 4b",
        ".pushsection .exception_table, \"aw\"",
        ".quad 3b, 7b",
        ".quad 4b, 5b",
        ".popsection",
        has_smap = sym features::HAS_SMAP,
    )
}

/// Writes zeros; returns how many bytes are missing.
///
/// # Safety
/// It is memory of programs.
#[unsafe(naked)]
unsafe extern "sysv64" fn fill_zero(to: u64, len_bytes: usize) -> usize {
    naked_asm!(
        allow_access!(),
        "xor eax, eax",
        "mov rcx, rsi",
        "shr rcx, 3",
        "and esi, 7",
        "3: rep stosq",
        "mov ecx, esi",
        "4: rep stosb",
        "5: mov rax, rcx",
        forbid_access_and_return!(),
        "7: lea rcx, [rsi + rcx * 8]",
        "jmp 4b",
        ".pushsection .exception_table, \"aw\"",
        ".quad 3b, 7b",
        ".quad 4b, 5b",
        ".popsection",
        has_smap = sym features::HAS_SMAP,
    )
}

/// Copies bytes up to a zero byte, at most `limit`; returns how many come before the zero byte,
/// `limit` if there is none, or [`BAD`].
///
/// # Safety
/// Up to `limit` the source is memory of programs, and the destination can be written.
#[unsafe(naked)]
unsafe extern "sysv64" fn copy_string(to: u64, from: u64, limit: usize) -> usize {
    naked_asm!(
        allow_access!(),
        "xor eax, eax",
        "3: mov cl, [rsi + rax]",
        "test cl, cl",
        "jz 5f",
        "mov [rdi + rax], cl",
        "inc rax",
        "cmp rax, rdx",
        "jb 3b",
        "5:",
        forbid_access_and_return!(),
        "7: mov rax, -1",
        "jmp 5b",
        ".pushsection .exception_table, \"aw\"",
        ".quad 3b, 7b",
        ".popsection",
        has_smap = sym features::HAS_SMAP,
    )
}

/// Replaces a word by `new` if it is `expected`; returns the previous value, or `u64::MAX` after a
/// fault.
///
/// # Safety
/// It is memory of programs.
#[unsafe(naked)]
unsafe extern "sysv64" fn exchange(address: u64, expected: u32, new: u32) -> u64 {
    naked_asm!(
        allow_access!(),
        "mov eax, esi",
        "3: lock cmpxchg [rdi], edx",
        "5:",
        forbid_access_and_return!(),
        "7: mov rax, -1",
        "jmp 5b",
        ".pushsection .exception_table, \"aw\"",
        ".quad 3b, 7b",
        ".popsection",
        has_smap = sym features::HAS_SMAP,
    )
}
