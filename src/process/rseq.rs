//! Restartable sequences: code of a program that either runs on one CPU without a switch, or is
//! aborted.
//!
//! A thread registers a `struct rseq`. The kernel stores the number of the thread's CPU there, and
//! the program the address of the sequence that it is about to run. A thread that is within its
//! sequence continues at the sequence's abort address when it returns to ring 3 after a switch, and
//! before the handler of a signal. The scheduler counts the switches in any case; only registered
//! threads check whether the count has changed.
//!
//! Source: Linux, kernel/rseq.c, include/uapi/linux/rseq.h.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::arch::trap::frame::TrapFrame;
use crate::arch::user::USER_END;
use crate::mm::user::pointer::{BadAddress, UserPointer};
use crate::task;

/// The size and the alignment of a `struct rseq`, in bytes.
pub const RSEQ_BYTES: u64 = 32;

/// The offset of the address of the sequence in a `struct rseq`, and of its flags.
const SEQUENCE_OFFSET: u64 = 8;
const FLAGS_OFFSET: u64 = 16;

/// The number of the CPU if nothing is registered.
const CPU_UNINITIALIZED: u32 = u32::MAX;

/// A count of switches that no thread reaches.
const NEVER: u64 = u64::MAX;

/// The registration of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The address of the `struct rseq`.
    pub address: u64,
    /// The signature before each abort address.
    pub signature: u32,
}

/// The state of a thread's registration. Only the thread accesses it, and before that its creator.
pub(super) struct Rseq {
    /// 0 if nothing is registered.
    address: AtomicU64,
    signature: AtomicU32,
    /// The number of switches at the last check.
    seen: AtomicU64,
}

/// The description of a sequence is invalid, or its memory isn't mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadSequence;

impl From<BadAddress> for BadSequence {
    fn from(_: BadAddress) -> Self {
        Self
    }
}

impl Rseq {
    pub(super) const fn new() -> Self {
        Self {
            address: AtomicU64::new(0),
            signature: AtomicU32::new(0),
            seen: AtomicU64::new(NEVER),
        }
    }

    pub(super) fn get(&self) -> Option<Registration> {
        let address = self.address.load(Ordering::Relaxed);
        let signature = self.signature.load(Ordering::Relaxed);
        (address != 0).then_some(Registration { address, signature })
    }

    pub(super) fn set(&self, registration: Option<Registration>) {
        let address = registration.map_or(0, |it| it.address);
        self.signature.store(registration.map_or(0, |it| it.signature), Ordering::Relaxed);
        self.address.store(address, Ordering::Relaxed);
        self.seen.store(NEVER, Ordering::Relaxed);
    }

    /// Returns whether the running thread, which owns this, was switched to since the last check.
    pub(super) fn is_switched(&self) -> bool {
        self.seen.load(Ordering::Relaxed) != task::current().switches()
    }

    /// Aborts the sequence that the program is in, after a switch or before the handler of a
    /// signal, and stores the number of the thread's CPU. May wait; the next check finds a switch
    /// during this call.
    pub(super) fn update(
        &self,
        frame: &mut TrapFrame,
        is_for_signal: bool,
    ) -> Result<(), BadSequence> {
        let Some(registration) = self.get() else {
            return Ok(());
        };
        let switches = task::current().switches();
        if is_for_signal || self.is_switched() {
            abort(&registration, frame)?;
        }
        self.seen.store(switches, Ordering::Relaxed);
        let cpu = task::current().cpu().number();
        UserPointer::<[u32; 2]>::new(registration.address).write(&[cpu, cpu])?;
        Ok(())
    }
}

impl Registration {
    /// Stores that there is no CPU, when the thread ends.
    ///
    /// # Errors
    /// [`BadAddress`].
    pub fn reset(&self) -> Result<(), BadAddress> {
        UserPointer::<[u32; 2]>::new(self.address).write(&[0, CPU_UNINITIALIZED])
    }
}

/// Makes the program continue at the abort address of its sequence, if it is within one.
fn abort(registration: &Registration, frame: &mut TrapFrame) -> Result<(), BadSequence> {
    let place = UserPointer::<u64>::new(registration.address + SEQUENCE_OFFSET);
    let address = place.read()?;
    if address == 0 {
        return Ok(());
    }
    if address >= USER_END {
        return Err(BadSequence);
    }
    let [version_and_flags, start, len_bytes, abort] =
        UserPointer::<[u64; 4]>::new(address).read()?;
    let (version, flags) = (version_and_flags as u32, version_and_flags >> 32);
    let end = start.checked_add(len_bytes).ok_or(BadSequence)?;
    let is_valid = version == 0
        && start < USER_END
        && end < USER_END
        && abort < USER_END
        && !(start..end).contains(&abort);
    if !is_valid {
        return Err(BadSequence);
    }
    // The signature prevents attacks that make a program continue at an arbitrary address.
    let before = abort.checked_sub(size_of::<u32>() as u64).ok_or(BadSequence)?;
    if UserPointer::<u32>::new(before).read()? != registration.signature {
        return Err(BadSequence);
    }
    if !(start..end).contains(&frame.rip) {
        // The program has left the sequence.
        place.write(&0)?;
        return Ok(());
    }
    // The flags of older kernels, which prevented the abort of sequences.
    let own_flags = UserPointer::<u32>::new(registration.address + FLAGS_OFFSET).read()?;
    if flags != 0 || own_flags != 0 {
        return Err(BadSequence);
    }
    place.write(&0)?;
    frame.rip = abort;
    frame.restore_all();
    Ok(())
}
