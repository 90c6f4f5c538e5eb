//! A thread of a process.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use ::address_space::Access;
use signals::Interruption;

use super::attention::Attention;
use super::limits::Resource;
use super::pid::Pid;
use super::process::Process;
use crate::arch::trap::page_fault::{Access as FaultAccess, PageFault};
use crate::mm::user::fault::FaultError;
use crate::sync::{Rank, SpinMutex};

/// The last exception of a program: the vector, its error code, and CR2.
pub(super) type LastFault = (u64, u64, u64);

/// A thread of a process.
pub struct ProcessThread {
    process: Arc<Process>,
    /// Where a zero is written when the thread ends: set_tid_address(2).
    clear_on_exit: AtomicU64,
    /// Protects how an interrupted system call continues; accessed by the thread alone.
    interruption: SpinMutex<Option<Interruption>>,
    /// Protects what the last exception was; accessed by the thread alone.
    last_fault: SpinMutex<LastFault>,
}

impl ProcessThread {
    pub(super) fn new(process: Arc<Process>) -> Self {
        Self {
            process,
            clear_on_exit: AtomicU64::new(0),
            interruption: SpinMutex::new(Rank::Process, None),
            last_fault: SpinMutex::new(Rank::Process, (0, 0, 0)),
        }
    }

    /// Returns its process.
    #[inline]
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Returns its number.
    pub fn tid(&self) -> Pid {
        self.process.pid()
    }

    /// Returns what makes it look up before it returns to ring 3.
    #[inline]
    pub fn attention(&self) -> &Attention {
        self.process.attention()
    }

    /// Requests a look at signals before the return to ring 3: some may not be blocked any more.
    pub fn look_for_signals(&self) {
        let has_signal = self.process.with_signals(|state| state.thread.has_signal(&state.shared));
        if has_signal {
            self.attention().note();
        }
    }

    /// Sets where a zero is written when the thread ends.
    pub fn set_clear_on_exit(&self, address: u64) {
        self.clear_on_exit.store(address, Ordering::Relaxed);
    }

    pub(super) fn clear_on_exit(&self) -> u64 {
        self.clear_on_exit.load(Ordering::Relaxed)
    }

    /// Notes how the system call that was interrupted continues after a signal.
    pub fn set_interruption(&self, interruption: Interruption) {
        *self.interruption.lock() = Some(interruption);
        self.attention().note();
    }

    pub(super) fn take_interruption(&self) -> Option<Interruption> {
        self.interruption.lock().take()
    }

    pub(super) fn set_last_fault(&self, fault: LastFault) {
        *self.last_fault.lock() = fault;
    }

    pub(super) fn last_fault(&self) -> LastFault {
        *self.last_fault.lock()
    }

    /// Serves a page fault in the memory of the process: of the program, or of the kernel when it
    /// copies from or to it. May wait.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub(super) fn serve_page_fault(&self, fault: &PageFault) -> Result<(), FaultError> {
        let memory = self.process.memory().ok_or(FaultError::NotMapped)?;
        let access = match fault.access {
            FaultAccess::Read => Access::READ,
            FaultAccess::Write => Access::WRITE,
            FaultAccess::Execute => Access::EXECUTE,
        };
        let stack = self.process.limits().get(Resource::Stack).soft;
        memory.serve_fault(fault.address, access, stack)
    }
}
