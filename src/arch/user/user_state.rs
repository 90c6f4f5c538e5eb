//! A CPU's state for the program that it runs, besides the registers in the trap frame and the
//! FPU's: the stack for entries from ring 3, and the bases of FS and GS.
//!
//! With FSGSBASE, programs can change the bases without a system call, so they are read when the
//! thread is switched out. Without FSGSBASE, only the kernel changes them.
//!
//! Source: Intel SDM volume 3A, "FS.base and GS.base"; "IA32_KERNEL_GS_BASE".

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use x86_64::VirtAddr;
use x86_64::registers::model_specific::{FsBase, KernelGsBase};
use x86_64::registers::segmentation::{FS, Segment64};

use crate::arch::cpu::gdt;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::user::{POINTER_BYTES, USER_END};
use crate::per_cpu;

per_cpu! {
    /// The end of the trap frame that the next entry from ring 3 builds, in the entry area of the
    /// running thread.
    pub(in crate::arch) static ENTRY_STACK: AtomicU64 = AtomicU64::new(0);
}

/// Whether CR4.FSGSBASE is on, on all CPUs.
static HAS_FSGSBASE: AtomicBool = AtomicBool::new(false);

/// Records whether CR4.FSGSBASE is on.
pub(in crate::arch) fn start(has_fsgsbase: bool) {
    HAS_FSGSBASE.store(has_fsgsbase, Ordering::Relaxed);
}

/// Returns whether programs can read and write the bases of FS and GS by instructions.
pub fn has_fsgsbase() -> bool {
    HAS_FSGSBASE.load(Ordering::Relaxed)
}

/// One of the two segment bases that programs use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// FS, which libraries use for thread-local storage.
    Fs,
    /// GS.
    Gs,
}

/// The address isn't in the memory of programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBase;

/// The bases of a thread, while it doesn't run.
#[derive(Debug)]
pub struct UserState {
    fs_base: AtomicU64,
    gs_base: AtomicU64,
}

impl UserState {
    /// Returns the state of a program that has just started.
    pub const fn new() -> Self {
        Self { fs_base: AtomicU64::new(0), gs_base: AtomicU64::new(0) }
    }

    fn set(&self, fs_base: u64, gs_base: u64) {
        self.fs_base.store(fs_base, Ordering::Relaxed);
        self.gs_base.store(gs_base, Ordering::Relaxed);
    }

    /// Copies the state of another thread, which doesn't run, or is the running thread and has been
    /// saved.
    pub fn copy_from(&self, other: &Self) {
        self.set(other.fs_base.load(Ordering::Relaxed), other.gs_base.load(Ordering::Relaxed));
    }

    /// Saves the values that the program may have changed, when its thread is switched out.
    /// Interrupts are off.
    #[inline]
    pub fn save(&self) {
        if has_fsgsbase() {
            self.set(FS::read_base().as_u64(), KernelGsBase::read().as_u64());
        }
    }

    /// Sets the registers when the thread is switched in. Interrupts are off.
    #[inline]
    pub fn load(&self) {
        write_fs_base(self.fs_base.load(Ordering::Relaxed));
        KernelGsBase::write(VirtAddr::new_truncate(self.gs_base.load(Ordering::Relaxed)));
    }

    /// Saves the values that the program may have changed. This is the state of the running thread.
    pub fn refresh(&self) {
        let _interrupts_off = InterruptsOff::new();
        self.save();
    }

    /// Returns a base of the running thread, whose state this is.
    pub fn base(&self, base: Base) -> u64 {
        let _interrupts_off = InterruptsOff::new();
        self.save();
        match base {
            Base::Fs => self.fs_base.load(Ordering::Relaxed),
            Base::Gs => self.gs_base.load(Ordering::Relaxed),
        }
    }

    /// Sets a base of a thread that hasn't begun.
    ///
    /// # Errors
    /// [`BadBase`] if the address isn't below the end of programs.
    pub fn prepare_base(&self, base: Base, address: u64) -> Result<(), BadBase> {
        if address >= USER_END {
            return Err(BadBase);
        }
        match base {
            Base::Fs => self.fs_base.store(address, Ordering::Relaxed),
            Base::Gs => self.gs_base.store(address, Ordering::Relaxed),
        }
        Ok(())
    }

    /// Sets a base of the running thread, whose state this is.
    ///
    /// # Errors
    /// [`BadBase`] if the address isn't below the end of programs.
    pub fn set_base(&self, base: Base, address: u64) -> Result<(), BadBase> {
        if address >= USER_END {
            return Err(BadBase);
        }
        let _interrupts_off = InterruptsOff::new();
        match base {
            Base::Fs => {
                self.fs_base.store(address, Ordering::Relaxed);
                write_fs_base(address);
            }
            Base::Gs => {
                self.gs_base.store(address, Ordering::Relaxed);
                KernelGsBase::write(VirtAddr::new_truncate(address));
            }
        }
        Ok(())
    }
}

/// Sets the stack for entries from ring 3 on this CPU: the entry area at the top of the stack that
/// ends at `stack_top`, or 0 for a context that never enters ring 3. Interrupts are off.
#[inline]
pub(in crate::arch) fn set_entry_area(stack_top: VirtAddr) {
    let frame_end = stack_top.as_u64().saturating_sub(POINTER_BYTES);
    ENTRY_STACK.set(frame_end);
    gdt::set_entry_stack(frame_end);
}

impl Default for UserState {
    fn default() -> Self {
        Self::new()
    }
}

#[inline]
fn write_fs_base(value: u64) {
    if has_fsgsbase() {
        // SAFETY: the kernel doesn't use FS; programs may set it to any canonical address, and
        // `value` is one: it was read from the register, or is below the end of programs.
        unsafe { FS::write_base(VirtAddr::new_truncate(value)) };
    } else {
        FsBase::write(VirtAddr::new_truncate(value));
    }
}
