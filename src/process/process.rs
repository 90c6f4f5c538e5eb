//! A process: the state that its threads share.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use blocking::WaitError;
use heapless::String;
use signals::{Dispositions, Pending, ProcessKind};

use super::attributes::Attributes;
use super::descriptor_share::DescriptorShare;
use super::descriptors::{DescriptorError, Descriptors};
use super::end_event::EndEvent;
use super::identity::Identity;
use super::limits::{Resource, ResourceLimit, ResourceLimits};
use super::pid::Pid;
use super::surroundings::{Surroundings, SurroundingsShare};
use super::threads::Threads;
use super::timers::Timers;
use super::usage::UsageCounts;
use crate::arch::time::clock;
use crate::fs;
use crate::fs::namespace::path::Path;
use crate::mm::user::address_space::AddressSpace;
use crate::sync::{Rank, SpinMutex, WaitQueue};
use crate::task;

/// The longest name of a process, in bytes: TASK_COMM_LEN without the zero byte.
pub const NAME_BYTES: usize = 15;

/// The program of a process.
#[derive(Clone)]
pub struct ProgramInfo {
    /// The file.
    pub file: Path,
    /// The name: the last part of the file's path, unless the program has changed it.
    pub name: String<NAME_BYTES>,
    /// The addresses of the strings of the arguments, as (start, end).
    pub arguments: (u64, u64),
    /// The addresses of the strings of the environment.
    pub environment: (u64, u64),
    /// The auxiliary vector.
    pub auxiliary_vector: Arc<[u8]>,
}

/// The state of signals that the threads of a process share.
pub struct SignalState {
    /// The signals that were sent to the process.
    pub shared: Pending,
    /// The action for each signal.
    pub dispositions: Dispositions,
    /// How often SIGCONT or SIGKILL was sent.
    pub continues: u64,
}

/// The first state of a new process.
pub(super) struct Beginning {
    pub(super) memory: Option<Arc<AddressSpace>>,
    pub(super) descriptors: DescriptorShare,
    pub(super) surroundings: SurroundingsShare,
    pub(super) identity: Arc<Identity>,
    pub(super) program: ProgramInfo,
    pub(super) signals: SignalState,
    pub(super) limits: ResourceLimits,
}

/// A process.
pub struct Process {
    pub(super) pid: Pid,
    pub(super) kind: ProcessKind,
    /// Protects the address space; an exec replaces it, and it is `None` when the process has
    /// ended.
    pub(super) memory: SpinMutex<Option<Arc<AddressSpace>>>,
    pub(super) descriptors: DescriptorShare,
    pub(super) surroundings: SurroundingsShare,
    /// Protects the users and groups of its first thread, which are copied for use.
    pub(super) identity: SpinMutex<Arc<Identity>>,
    /// Protects the program.
    pub(super) program: SpinMutex<ProgramInfo>,
    /// Protects the signals; held for a few instructions, or a push to a queue.
    pub(super) signals: SpinMutex<SignalState>,
    /// Protects the limits.
    pub(super) limits: SpinMutex<ResourceLimits>,
    /// Protects the list of its threads, and the state of their stop or end.
    pub(super) threads: SpinMutex<Threads>,
    /// Woken when a thread of the process has ended.
    pub(super) thread_ends: WaitQueue,
    /// Woken when the stopped process continues, or a thread of it has to end.
    pub(super) stop_ends: WaitQueue,
    /// Woken when a child ends, stops or continues.
    pub(super) child_events: WaitQueue,
    /// Woken when a child that shares the memory of its parent (vfork) has its own memory, or has
    /// ended.
    pub(super) released: WaitQueue,
    /// Its timers.
    pub(super) timers: Timers,
    /// The usage of the process and its children.
    pub(super) usage: UsageCounts,
    /// Its end, for the descriptors that refer to it.
    pub(super) end_event: EndEvent,
    /// The attributes that prctl(2) sets.
    pub(super) attributes: Attributes,
    /// The behaviour that its programs expect: personality(2).
    pub(super) personality: AtomicU32,
    /// Whether it leads a session; it does until it ends.
    pub(super) leads_session: AtomicBool,
    /// The time of its start, on the kernel's clock.
    pub(super) start_ns: u64,
}

impl Process {
    /// Makes a process, which is not in the table yet.
    pub(super) fn new(pid: Pid, kind: ProcessKind, beginning: Beginning) -> Self {
        let Beginning { memory, descriptors, surroundings, identity, program, signals, limits } =
            beginning;
        Self {
            pid,
            kind,
            memory: lock(memory),
            descriptors,
            surroundings,
            identity: lock(identity),
            program: lock(program),
            signals: lock(signals),
            limits: lock(limits),
            threads: lock(Threads::new()),
            thread_ends: WaitQueue::new(),
            stop_ends: WaitQueue::new(),
            child_events: WaitQueue::new(),
            released: WaitQueue::new(),
            timers: Timers::new(),
            usage: UsageCounts::new(),
            end_event: EndEvent::new(),
            attributes: Attributes::new(),
            personality: AtomicU32::new(0),
            leads_session: AtomicBool::new(false),
            start_ns: clock::now_ns(),
        }
    }

    /// Returns its number.
    #[inline]
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Returns its address space; `None` if the process has ended.
    pub fn memory(&self) -> Option<Arc<AddressSpace>> {
        self.memory.lock().clone()
    }

    /// Returns its descriptors.
    #[inline]
    pub fn descriptors(&self) -> &Descriptors {
        self.descriptors.table()
    }

    /// Copies the descriptors if another process shares them.
    ///
    /// # Errors
    /// [`DescriptorError::NoMemory`].
    pub fn unshare_descriptors(&self) -> Result<(), DescriptorError> {
        self.descriptors.unshare()
    }

    /// Returns the directories at which paths start; those of a process that has ended are the root.
    pub fn surroundings(&self) -> Surroundings {
        self.surroundings.get()
    }

    /// Changes the directories at which paths start. The previous ones are dropped without the
    /// lock.
    pub fn change_surroundings(&self, change: impl FnOnce(&mut Surroundings)) {
        self.surroundings.change(change);
    }

    /// Returns the identity of its first thread.
    pub fn identity(&self) -> Arc<Identity> {
        self.identity.lock().clone()
    }

    /// Sets the identity of its first thread.
    pub(super) fn set_identity(&self, identity: Arc<Identity>) {
        let before = core::mem::replace(&mut *self.identity.lock(), identity);
        drop(before);
    }

    /// Returns its program.
    pub fn program(&self) -> ProgramInfo {
        self.program.lock().clone()
    }

    /// Releases the file of its program, because the process has ended.
    pub(super) fn release_program(&self) {
        let before = core::mem::replace(&mut self.program.lock().file, fs::root().clone());
        drop(before);
    }

    /// Returns its name.
    pub fn name(&self) -> String<NAME_BYTES> {
        self.program.lock().name.clone()
    }

    /// Sets its name, cut to [`NAME_BYTES`], and that of the running thread, which belongs to it.
    pub fn set_name(&self, name: &[u8]) {
        let name = shortened(name);
        task::set_name(&name);
        self.program.lock().name = name;
    }

    /// Returns its resource limits.
    pub fn limits(&self) -> ResourceLimits {
        *self.limits.lock()
    }

    /// Returns the limit of one resource.
    pub fn limit(&self, resource: Resource) -> ResourceLimit {
        self.limits.lock().get(resource)
    }

    /// Changes its resource limits.
    pub fn change_limits<R>(&self, change: impl FnOnce(&mut ResourceLimits) -> R) -> R {
        change(&mut self.limits.lock())
    }

    /// Calls `access` with the state of signals that its threads share.
    pub fn with_signals<R>(&self, access: impl FnOnce(&mut SignalState) -> R) -> R {
        access(&mut self.signals.lock())
    }

    /// Waits until `condition` returns true, a signal arrives, or the clock reaches `deadline_ns`.
    pub fn wait_cancellable(
        &self,
        deadline_ns: Option<u64>,
        condition: impl FnMut() -> bool,
    ) -> Result<(), WaitError> {
        self.child_events.wait_until_cancellable(deadline_ns, condition)
    }

    /// Returns the attributes that prctl(2) sets.
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Returns the behaviour that its programs expect, as in personality(2).
    pub fn personality(&self) -> u32 {
        self.personality.load(Ordering::Relaxed)
    }

    /// Sets the behaviour that its programs expect.
    pub fn set_personality(&self, personality: u32) {
        self.personality.store(personality, Ordering::Relaxed);
    }

    /// Returns the time of its start, in nanoseconds on the kernel's clock.
    pub fn start_ns(&self) -> u64 {
        self.start_ns
    }
}

/// Makes a lock for a part of a process.
pub(super) const fn lock<T>(value: T) -> SpinMutex<T> {
    SpinMutex::new(Rank::Process, value)
}

/// Returns a name of a process, cut to [`NAME_BYTES`]; bytes that are not UTF-8 are replaced.
pub(super) fn shortened(name: &[u8]) -> String<NAME_BYTES> {
    let mut short = String::new();
    for chunk in name.utf8_chunks() {
        let invalid = if chunk.invalid().is_empty() { "" } else { "?" };
        for c in chunk.valid().chars().chain(invalid.chars()) {
            if short.push(c).is_err() {
                return short;
            }
        }
    }
    short
}
