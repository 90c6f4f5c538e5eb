//! Floating point and vectors, for threads that use them: kept over a switch.

use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};

use crate::arch::cpu::fpu::{self, Chunk};
use crate::arch::cpu::fpu_section;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::user::copy::BadAddress;
use crate::arch::user::fpu_frame;
use crate::sync::{IrqMutex, Rank};

/// The values of these registers for a thread.
pub(super) struct FpuState {
    /// Whether there is an area. For a thread without one this check is the only cost.
    are_kept: AtomicBool,
    /// Where they are kept while it doesn't run. Taken by the scheduler when it
    /// switches from the thread and to it.
    area: IrqMutex<Vec<Chunk>>,
}

/// Why a thread can't use these registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFpu {
    /// The command line keeps them off.
    Off,
    /// There is no memory to keep them in.
    NoMemory,
}

impl fmt::Display for NoFpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "floating point is off (safe on the command line)",
            Self::NoMemory => "no memory is left to keep floating point in",
        })
    }
}

impl core::error::Error for NoFpu {}

impl FpuState {
    pub(super) const fn new() -> Self {
        Self { are_kept: AtomicBool::new(false), area: IrqMutex::new(Rank::Thread, Vec::new()) }
    }

    /// Saves them, as the thread is left.
    #[inline]
    pub(super) fn leave(&self, interrupts_off: &InterruptsOff) {
        if self.are_kept.load(Ordering::Relaxed) {
            fpu::save(&mut self.area.lock_within(interrupts_off));
        }
    }

    /// Fills them, as the thread is about to run; locks them if it doesn't use them.
    #[inline]
    pub(super) fn enter(&self, interrupts_off: &InterruptsOff) {
        if self.are_kept.load(Ordering::Relaxed) {
            fpu::unlock();
            fpu::restore(&self.area.lock_within(interrupts_off));
        } else {
            fpu::lock();
        }
    }

    /// Saves those of the running thread, whose these are, that a section may change; returns whether
    /// it uses any.
    #[inline]
    pub(super) fn save_for_section(&self) -> bool {
        let are_kept = self.are_kept.load(Ordering::Relaxed);
        if are_kept {
            fpu_section::save(&mut self.area.lock());
        }
        are_kept
    }

    /// Loads what was saved for a section.
    #[inline]
    pub(super) fn restore_after_section(&self) {
        fpu_section::restore(&self.area.lock());
    }

    /// Frees the area, as the thread has ended. Takes the heap.
    pub(super) fn give_up(&self) {
        if !self.are_kept.load(Ordering::Relaxed) {
            return;
        }
        let area = {
            // No switch comes in between: interrupts are off while the lock is held.
            let mut area = self.area.lock();
            self.are_kept.store(false, Ordering::Relaxed);
            fpu::lock();
            core::mem::take(&mut *area)
        };
        drop(area);
    }

    /// Allows the running thread to use these registers from now on.
    pub(super) fn keep(&self) -> Result<(), NoFpu> {
        if self.are_kept.load(Ordering::Relaxed) {
            return Ok(());
        }
        let area = new_area()?;
        let mut place = self.area.lock();
        // No switch comes in between: interrupts are off while the lock is held.
        fpu::unlock();
        fpu::restore(&area);
        *place = area;
        self.are_kept.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Sets the registers of a thread that hasn't begun. They are filled when it begins.
    pub(super) fn set(&self, area: Vec<Chunk>) {
        self.are_kept.store(true, Ordering::Relaxed);
        *self.area.lock() = area;
    }

    /// Returns a copy of the registers of the running thread.
    pub(super) fn copy(&self) -> Result<Vec<Chunk>, NoFpu> {
        let mut area = zeros(fpu::area_chunks())?;
        self.copy_to(&mut area);
        Ok(area)
    }

    /// Copies the registers of the running thread, whose these are, to `area`, whose bytes are 0 or those
    /// of an area before.
    pub(super) fn copy_to(&self, area: &mut [Chunk]) {
        if self.are_kept.load(Ordering::Relaxed) {
            let _interrupts_off = InterruptsOff::new();
            fpu::save(area);
        } else {
            fpu::clear(area);
        }
    }

    /// Saves the registers of the running thread to the frame of a signal at `address`. May wait.
    pub(super) fn save_to_frame(&self, address: u64) -> Result<(), BadAddress> {
        if self.are_kept.load(Ordering::Relaxed) {
            fpu_frame::save(address)
        } else {
            fpu_frame::save_initial(address)
        }
    }

    /// Sets the registers of the running thread to those of the frame of a signal at `address`, if it
    /// uses them. May wait.
    pub(super) fn load_from_frame(&self, address: u64) -> Result<(), BadAddress> {
        if self.are_kept.load(Ordering::Relaxed) { fpu_frame::load(address) } else { Ok(()) }
    }

    /// Resets the registers of the running thread, as a program has them at its start.
    pub(super) fn clear(&self) {
        if self.are_kept.load(Ordering::Relaxed) {
            fpu::restore_initial();
        }
    }
}

/// Returns the registers of a program that has just started.
pub(super) fn new_area() -> Result<Vec<Chunk>, NoFpu> {
    let mut area = zeros(fpu::area_chunks())?;
    fpu::clear(&mut area);
    Ok(area)
}

fn zeros(chunks: usize) -> Result<Vec<Chunk>, NoFpu> {
    if fpu::area_chunks() == 0 {
        return Err(NoFpu::Off);
    }
    let mut area = Vec::new();
    area.try_reserve_exact(chunks).map_err(|_| NoFpu::NoMemory)?;
    area.resize(chunks, Chunk::new());
    Ok(area)
}
