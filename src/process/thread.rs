//! A thread of a process.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering};

use ::address_space::Access;
use signals::{Interruption, ThreadSignals};

use super::attention::{Attention, Ending};
use super::exit_status::ExitStatus;
use super::identity::Identity;
use super::limits::Resource;
use super::pid::Pid;
use super::process::{Process, SignalState};
use super::rseq::{Registration, Rseq};
use super::thread_handle::ThreadHandle;
use crate::arch::trap::page_fault::{Access as FaultAccess, PageFault};
use crate::mm::user::fault::FaultError;
use crate::sync::{Rank, SpinMutex};

/// The last exception of a program: the vector, its error code, and CR2.
pub(super) type LastFault = (u64, u64, u64);

/// The clock that ends a thread's sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SleepClock {
    /// The kernel's clock.
    Kernel,
    /// A clock of CPU time with this number, as in clock_gettime(2).
    Cpu(u32),
}

/// The way in which restart_syscall(2) continues a call that a signal has interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// The thread sleeps.
    Sleep {
        /// The clock.
        clock: SleepClock,
        /// The end of the sleep on this clock, in nanoseconds.
        end_ns: u64,
        /// The address to which the remaining time is written if a signal interrupts the sleep
        /// again; 0 for none.
        rest: u64,
    },
    /// The thread waits for files: poll(2).
    Poll {
        /// The address of the array of files.
        files: u64,
        /// The number of files.
        count: u32,
        /// The end of the wait, on the kernel's clock.
        deadline_ns: u64,
    },
}

/// A thread of a process.
pub struct ProcessThread {
    process: Arc<Process>,
    handle: Arc<ThreadHandle>,
    /// The address to which a zero is written when the thread ends: set_tid_address(2).
    clear_on_exit: AtomicU64,
    /// The address of the list of futexes that it holds: set_robust_list(2).
    robust_list: AtomicU64,
    /// Protects how an interrupted system call continues; only the thread accesses it.
    interruption: SpinMutex<Option<Interruption>>,
    /// Protects the call that restart_syscall(2) continues; only the thread accesses it.
    restart: SpinMutex<Option<Restart>>,
    /// Protects the last exception; only the thread accesses it.
    last_fault: SpinMutex<LastFault>,
    /// Its restartable sequences.
    pub(super) rseq: Rseq,
}

impl ProcessThread {
    /// Makes the thread of `process` whose shared part is `handle`.
    pub(super) fn new(process: Arc<Process>, handle: Arc<ThreadHandle>) -> Self {
        Self {
            process,
            handle,
            clear_on_exit: AtomicU64::new(0),
            robust_list: AtomicU64::new(0),
            interruption: SpinMutex::new(Rank::Process, None),
            restart: SpinMutex::new(Rank::Process, None),
            last_fault: SpinMutex::new(Rank::Process, (0, 0, 0)),
            rseq: Rseq::new(),
        }
    }

    /// Returns its process.
    #[inline]
    pub fn process(&self) -> &Arc<Process> {
        &self.process
    }

    /// Returns its shared part, which other threads use.
    #[inline]
    pub fn handle(&self) -> &Arc<ThreadHandle> {
        &self.handle
    }

    /// Returns its identity.
    pub fn identity(&self) -> Arc<Identity> {
        self.handle.identity()
    }

    /// Sets its identity.
    pub fn set_identity(&self, identity: Arc<Identity>) {
        if self.tid() == self.process.pid() {
            self.process.set_identity(identity.clone());
        }
        self.handle.set_identity(identity);
    }

    /// Returns its number.
    pub fn tid(&self) -> Pid {
        self.handle.tid()
    }

    /// Returns its work before a return to ring 3.
    #[inline]
    pub fn attention(&self) -> &Attention {
        self.handle.attention()
    }

    /// Calls `access` with the thread's own signals.
    pub fn with_own_signals<R>(&self, access: impl FnOnce(&mut ThreadSignals) -> R) -> R {
        self.handle.with_signals(access)
    }

    /// Calls `access` with the signals of the process, and those of the thread.
    pub fn with_signals<R>(
        &self,
        access: impl FnOnce(&mut SignalState, &mut ThreadSignals) -> R,
    ) -> R {
        self.process.with_signals_of(&self.handle, access)
    }

    /// Ends the thread before it returns to ring 3, and its process if it is the last thread.
    pub fn end(&self, status: ExitStatus) {
        self.attention().end(Ending::Thread(status));
    }

    /// Makes the thread check its signals before it returns to ring 3, if some are no longer
    /// blocked. Until then, waits that may be interrupted end at once.
    pub fn look_for_signals(&self) {
        if self.with_signals(|state, own| own.has_signal(&state.shared)) {
            self.attention().request();
        }
    }

    /// Sets the address of the list of futexes that the thread holds.
    pub fn set_robust_list(&self, address: u64) {
        self.robust_list.store(address, Ordering::Relaxed);
    }

    /// Returns the address of the list of futexes that the thread holds; 0 if there is none.
    pub fn robust_list(&self) -> u64 {
        self.robust_list.load(Ordering::Relaxed)
    }

    /// Sets the address to which a zero is written when the thread ends.
    pub fn set_clear_on_exit(&self, address: u64) {
        self.clear_on_exit.store(address, Ordering::Relaxed);
    }

    pub(super) fn clear_on_exit(&self) -> u64 {
        self.clear_on_exit.load(Ordering::Relaxed)
    }

    /// Returns its registration of restartable sequences.
    pub fn rseq(&self) -> Option<Registration> {
        self.rseq.get()
    }

    /// Registers restartable sequences, or ends the registration.
    pub fn set_rseq(&self, registration: Option<Registration>) {
        self.rseq.set(registration);
        self.attention().watch_switches(registration.is_some());
    }

    /// Records how the interrupted system call continues after a signal.
    pub fn set_interruption(&self, interruption: Interruption) {
        *self.interruption.lock() = Some(interruption);
        self.attention().note();
    }

    pub(super) fn take_interruption(&self) -> Option<Interruption> {
        self.interruption.lock().take()
    }

    /// Sets the call that restart_syscall(2) continues.
    pub fn set_restart(&self, restart: Restart) {
        *self.restart.lock() = Some(restart);
    }

    /// Takes the call that restart_syscall(2) continues.
    pub fn take_restart(&self) -> Option<Restart> {
        self.restart.lock().take()
    }

    pub(super) fn set_last_fault(&self, fault: LastFault) {
        *self.last_fault.lock() = fault;
    }

    pub(super) fn last_fault(&self) -> LastFault {
        *self.last_fault.lock()
    }

    /// Handles a page fault in the memory of the process, by the program or by a copy of the
    /// kernel. May wait.
    ///
    /// # Errors
    /// See [`FaultError`].
    pub(super) fn serve_page_fault(&self, fault: &PageFault) -> Result<(), FaultError> {
        self.process.usage.note_fault();
        let memory = self.process.memory().ok_or(FaultError::NotMapped)?;
        let access = match fault.access {
            FaultAccess::Read => Access::READ,
            FaultAccess::Write => Access::WRITE,
            FaultAccess::Execute => Access::EXECUTE,
        };
        let stack = self.process.limit(Resource::Stack).soft;
        memory.serve_fault(fault.address, access, stack)
    }
}
