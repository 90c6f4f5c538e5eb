//! The floating-point and vector state of a thread: x87, SSE, AVX, and the other parts
//! that XSAVE saves on this CPU.
//!
//! The kernel itself doesn't use these registers. While CR0.TS is set, their use raises
//! an exception (#NM). CR0.TS is set while a thread runs that hasn't requested the
//! registers. A write to CR0 is expensive, so a variable keeps what it would write.
//!
//! Source: Intel SDM volume 1, "Managing State Using the XSAVE Feature Set".

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use ::signals::fpu::Layout;
use raw_cpuid::native_cpuid::cpuid_count;
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags};
use x86_64::registers::xcontrol::{XCr0, XCr0Flags};
use zerocopy::{Immutable, IntoBytes};

use crate::per_cpu;

/// The size of FXSAVE's area, in bytes.
const FXSAVE_BYTES: u32 = 512;

/// The size of an area, in bytes; 0 before [`start`].
static AREA_BYTES: AtomicU32 = AtomicU32::new(0);
/// The parts that XSAVE saves, as in XCR0; 0 if the CPU only has FXSAVE.
static PARTS: AtomicU64 = AtomicU64::new(0);

/// A chunk of an area: 64 bytes, aligned to 64 bytes, as the area must be.
#[derive(Clone, Copy, Debug, Immutable, IntoBytes)]
#[repr(C, align(64))]
pub struct Chunk([u8; 64]);

impl Chunk {
    /// Returns a chunk of zeros.
    pub const fn new() -> Self {
        Self([0; 64])
    }
}

impl Default for Chunk {
    fn default() -> Self {
        Self::new()
    }
}

/// MXCSR with all exceptions masked, and rounding to the nearest.
pub(super) const MXCSR_DEFAULT: u32 = 0x1F80;

/// The state of a thread that hasn't used the registers: the area of FXSAVE with the values of
/// FNINIT and MXCSR's default (all exceptions masked, full precision), and the header of XSAVE,
/// which marks all other parts as in their initial state.
///
/// Source: Intel SDM volume 1, "Layout of the 512-byte Region for FXSAVE and FXRSTOR", "XSAVE Header".
static INITIAL: [Chunk; 9] = {
    let mut chunks = [Chunk::new(); 9];
    [chunks[0].0[0], chunks[0].0[1]] = 0x037F_u16.to_le_bytes();
    [chunks[0].0[24], chunks[0].0[25]] = (MXCSR_DEFAULT as u16).to_le_bytes();
    chunks
};

/// The parts that XSAVE saves, if the CPU has them. Parts that each program must request
/// (AMX) are left out.
const WANTED: XCr0Flags = XCr0Flags::X87
    .union(XCr0Flags::SSE)
    .union(XCr0Flags::AVX)
    .union(XCr0Flags::OPMASK)
    .union(XCr0Flags::ZMM_HI256)
    .union(XCr0Flags::HI16_ZMM);

/// The instructions that save and restore the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::arch) enum SaveFormat {
    /// FXSAVE: x87 and SSE.
    Fxsave,
    /// XSAVE: all parts that the kernel supports.
    Xsave,
}

/// Sets up this CPU, in the same way as all others.
pub(in crate::arch) fn start(format: SaveFormat) {
    set_task_switched();
    if format == SaveFormat::Fxsave {
        AREA_BYTES.store(FXSAVE_BYTES, Ordering::Relaxed);
        return;
    }
    // SAFETY: CPUID reports it, and it only enables XSETBV and XSAVE.
    unsafe { Cr4::update(|cr4| cr4.insert(Cr4Flags::OSXSAVE)) };
    // All CPUs must have the parts of the boot CPU, because threads move between CPUs with their
    // areas.
    let parts = match PARTS.load(Ordering::Relaxed) {
        0 => supported_parts(),
        parts => XCr0Flags::from_bits_truncate(parts),
    };
    // SAFETY: the CPU supports all of them, AVX-512 only with all of its parts.
    unsafe { XCr0::write(parts) };
    PARTS.store(parts.bits(), Ordering::Relaxed);
    // CPUID reports the size for the parts that are set in XCR0.
    AREA_BYTES.store(cpuid_count(0x0D, 0).ebx, Ordering::Relaxed);
}

fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    bytes[offset..offset + 4].iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// Returns the layout of an area, for the frame of a signal.
pub fn layout() -> Layout {
    Layout {
        features: PARTS.load(Ordering::Relaxed),
        size_bytes: AREA_BYTES.load(Ordering::Relaxed) as usize,
    }
}

/// Returns the bytes of the state of a thread that hasn't used the registers: the area of FXSAVE and
/// the header of XSAVE.
pub(in crate::arch) fn initial_bytes() -> &'static [u8] {
    INITIAL.as_bytes()
}

/// The unit that has raised a floating-point exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The x87 FPU: #MF.
    X87,
    /// SSE: #XM.
    Sse,
}

/// Returns the unmasked exceptions that a unit has recorded in `area`: the six lowest bits, as in
/// the status word and in MXCSR.
///
/// Source: Intel SDM volume 1, "x87 FPU Status Register" and "MXCSR Control and Status Register".
pub fn unmasked_exceptions(area: &[Chunk], unit: Unit) -> u32 {
    const ALL: u32 = 0x3F;
    let bytes = area.as_bytes();
    match unit {
        Unit::X87 => {
            let words = u32_at(bytes, 0);
            (words >> 16) & !words & ALL
        }
        Unit::Sse => {
            let mxcsr = u32_at(bytes, 24);
            mxcsr & !(mxcsr >> 7) & ALL
        }
    }
}

fn supported_parts() -> XCr0Flags {
    let supported = cpuid_count(0x0D, 0);
    let supported = u64::from(supported.edx) << 32 | u64::from(supported.eax);
    let mut parts = XCr0Flags::from_bits_truncate(supported) & WANTED;
    let avx512 = XCr0Flags::OPMASK | XCr0Flags::ZMM_HI256 | XCr0Flags::HI16_ZMM;
    if !parts.contains(avx512 | XCr0Flags::AVX) {
        parts.remove(avx512);
    }
    parts
}

/// Returns the number of chunks of an area.
pub fn area_chunks() -> usize {
    AREA_BYTES.load(Ordering::Relaxed).div_ceil(64) as usize
}

/// Returns the parts that XSAVE saves, as in XCR0; 0 if the CPU only has FXSAVE.
pub fn parts() -> u64 {
    PARTS.load(Ordering::Relaxed)
}

per_cpu! {
    /// Whether CR0.TS is clear.
    static IS_UNLOCKED: AtomicBool = AtomicBool::new(false);
    /// Whether a section runs ([`fpu_section`](super::fpu_section)).
    pub(super) static RUNS_SECTION: AtomicBool = AtomicBool::new(false);
}

/// Makes the use of the registers raise an exception on this CPU. Interrupts or preemption are off,
/// or the caller is an exception handler.
#[inline]
pub fn lock() {
    if IS_UNLOCKED.get() {
        set_task_switched();
    }
}

fn set_task_switched() {
    // SAFETY: the kernel doesn't use the registers.
    unsafe { Cr0::update(|cr0| cr0.insert(Cr0Flags::TASK_SWITCHED)) };
    IS_UNLOCKED.set(false);
}

/// Allows this CPU to use the registers. Interrupts or preemption are off, or the caller is an
/// exception handler.
#[inline]
pub fn unlock() {
    if !IS_UNLOCKED.get() {
        // SAFETY: it only clears CR0.TS.
        unsafe { asm!("clts", options(nomem, nostack, preserves_flags)) };
        IS_UNLOCKED.set(true);
    }
}

/// Sets `area` to the state of a thread that hasn't used the registers.
///
/// # Panics
/// If it is too small.
pub fn clear(area: &mut [Chunk]) {
    check(area);
    area.fill(Chunk::new());
    area[0] = INITIAL[0];
}

fn check(area: &[Chunk]) {
    let needed = area_chunks();
    assert!(needed > 0 && area.len() >= needed, "the area is too small");
}

/// Saves the registers to `area`.
///
/// # Panics
/// If it is too small.
pub fn save(area: &mut [Chunk]) {
    save_parts(area, PARTS.load(Ordering::Relaxed));
}

/// Saves some parts of the registers, as in XCR0, to `area`; the others stay as they are there. A
/// CPU that only has FXSAVE saves all.
///
/// # Panics
/// If it is too small.
#[inline]
pub(super) fn save_parts(area: &mut [Chunk], parts: u64) {
    check(area);
    let place = area.as_mut_ptr();
    if parts == 0 {
        // SAFETY: the area has 512 bytes and is aligned to 16.
        unsafe { asm!("fxsave64 [{}]", in(reg) place, options(nostack, preserves_flags)) };
        return;
    }
    // SAFETY: the area has the size that CPUID reports, and is aligned to 64.
    unsafe {
        asm!("xsave64 [{}]", in(reg) place, in("eax") parts as u32, in("edx") (parts >> 32) as u32,
            options(nostack, preserves_flags));
    }
}

/// Loads the registers from `area`, which [`clear`] or [`save`] has written.
///
/// # Panics
/// If it is too small.
pub fn restore(area: &[Chunk]) {
    restore_parts(area, PARTS.load(Ordering::Relaxed));
}

/// Loads some parts of the registers, as in XCR0, from `area`, which functions of this module have
/// written. A CPU that only has FXSAVE loads all.
///
/// # Panics
/// If it is too small.
#[inline]
pub(super) fn restore_parts(area: &[Chunk], parts: u64) {
    check(area);
    // SAFETY: it has the size that the CPU reads, and only functions of this module write a chunk.
    unsafe { load(area, parts) };
}

/// Loads the registers of a thread that hasn't used them.
pub fn restore_initial() {
    // SAFETY: the header marks all other parts as in their initial state, so the CPU reads no more.
    unsafe { load(&INITIAL, PARTS.load(Ordering::Relaxed)) };
}

/// Loads some parts of the registers.
///
/// # Safety
/// `area` has all bytes that the CPU reads, no reserved bit is set, and its header is 0, valid, or
/// written by XSAVE.
unsafe fn load(area: &[Chunk], parts: u64) {
    let place = area.as_ptr();
    if parts == 0 {
        // SAFETY: the caller's promise; chunks are aligned. The kernel doesn't use the registers.
        unsafe { asm!("fxrstor64 [{}]", in(reg) place, options(nostack, readonly)) };
        return;
    }
    // SAFETY: as above.
    unsafe {
        asm!("xrstor64 [{}]", in(reg) place, in("eax") parts as u32, in("edx") (parts >> 32) as u32,
            options(nostack, readonly));
    }
}
