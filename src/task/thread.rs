//! A thread.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use cpu_times::CpuTimes;
use deadline_queue::Link;
use heapless::String;
use run_queue::Policy;
use x86_64::VirtAddr;

use super::address_space::OwnAddressSpace;
use super::cpu_set::CpuSet;
use super::fpu_state::FpuState;
use super::id::{Slot, ThreadId};
use super::parked::Parked;
use super::samples::Samples;
use super::scheduling::Scheduling;
use crate::arch::context::Context;
use crate::arch::cpu::id::CpuId;
use crate::arch::smp::cpu_bits::CpuBits;
use crate::arch::trap::frame::TrapFrame;
use crate::arch::user::user_thread::UserThread;
use crate::mm::kernel::kernel_stack::KernelStack;
use crate::mm::kernel::stacks::Stack;
use crate::sync::{IrqMutex, LockCell, Rank};

/// The longest name of a thread, in bytes.
pub(super) const NAME_BYTES: usize = 24;

/// The code that a thread runs.
pub(super) enum Job {
    /// A function of the kernel.
    Kernel(Box<dyn FnOnce() + Send>),
    /// A program in ring 3: the object that handles its system calls, and its first registers.
    Program(Box<(Arc<dyn UserThread>, TrapFrame)>),
}

/// A thread. Its slot is never freed: another thread gets it when this one has ended and isn't
/// referenced any more.
pub struct Thread {
    /// Its place in the table.
    pub(super) slot: Slot,
    /// Its saved registers and its stack.
    pub(super) context: Context<KernelStack>,
    /// Its state on a run queue. The lock of that queue owns it, or the lock of the free threads.
    pub(super) scheduling: LockCell<Scheduling<&'static Thread>>,
    pub(super) state: AtomicU8,
    /// The CPUs that it may run on.
    pub(super) allowed: CpuBits,
    /// The CPU whose run queue it is on, or was on last.
    pub(super) cpu: AtomicU32,
    /// Its [`ThreadId`]. A free thread keeps the number of the last thread in its slot.
    number: AtomicU64,
    /// The number of its process; 0 for a thread of the kernel.
    pub(super) process: AtomicU32,
    /// Protects its name; taken to show it, and when the thread begins or gets another name.
    pub(super) name: IrqMutex<String<NAME_BYTES>>,
    /// How it waits.
    pub(super) parked: Parked<&'static Thread>,
    /// Its links to other deadlines. The lock of a CPU's deadlines owns them while the thread has
    /// a deadline; otherwise no lock does.
    pub(super) deadline: LockCell<Link<&'static Thread>>,
    /// The code that it is to run, until it begins. Taken by the code that starts the thread, and
    /// by the thread.
    pub(super) job: IrqMutex<Option<Job>>,
    /// Whether it is to end early.
    pub(super) is_cancelled: AtomicBool,
    /// The number of references to it: its own until it has ended, and one for each handle.
    pub(super) holders: AtomicU32,
    /// Its policy, as a number: a copy for readers without the lock.
    policy: AtomicU16,
    /// Its policy, if it inherits none.
    pub(super) own_policy: IrqMutex<Policy>,
    /// The ranks of the sleeping locks that it holds, a bit each; in debug builds.
    pub(super) held_ranks: AtomicU64,
    /// The end of its stack.
    pub(super) stack_top: AtomicU64,
    /// How often a CPU was switched to it.
    pub(super) switches: AtomicU64,
    /// Where it spent its time.
    pub(super) samples: Samples,
    /// Floating point and vectors.
    pub(super) fpu_state: FpuState,
    /// The address space that it runs in.
    pub(super) address_space: OwnAddressSpace,
}

/// The state of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Its slot has no thread.
    Free,
    /// It runs or is ready to run.
    Runnable,
    /// It waits.
    Waiting,
    /// It was woken, and is on its way to a run queue.
    Waking,
    /// It has ended.
    Ended,
}

impl State {
    /// Decodes a state.
    #[inline]
    const fn of(code: u8) -> Self {
        match code {
            0 => Self::Free,
            1 => Self::Runnable,
            2 => Self::Waiting,
            3 => Self::Waking,
            _ => Self::Ended,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Free => "free",
            Self::Runnable => "runnable",
            Self::Waiting => "waits",
            Self::Waking => "wakes",
            Self::Ended => "ended",
        })
    }
}

impl Thread {
    /// Returns a free thread.
    pub(super) fn new(slot: Slot, scheduling: LockCell<Scheduling<&'static Thread>>) -> Self {
        Self {
            slot,
            context: Context::new(),
            scheduling,
            policy: AtomicU16::new(DEFAULT_POLICY.encoded()),
            state: AtomicU8::new(State::Free as u8),
            allowed: CpuBits::new(),
            cpu: AtomicU32::new(0),
            number: AtomicU64::new(0),
            process: AtomicU32::new(0),
            name: IrqMutex::new(Rank::Thread, String::new()),
            parked: Parked::new(),
            deadline: LockCell::unowned(Link::new()),
            job: IrqMutex::new(Rank::Thread, None),
            is_cancelled: AtomicBool::new(false),
            holders: AtomicU32::new(0),
            own_policy: IrqMutex::new(Rank::Thread, DEFAULT_POLICY),
            held_ranks: AtomicU64::new(0),
            stack_top: AtomicU64::new(0),
            switches: AtomicU64::new(0),
            samples: Samples::new(),
            fpu_state: FpuState::new(),
            address_space: OwnAddressSpace::new(),
        }
    }

    /// Returns its state.
    #[inline]
    pub fn state(&self) -> State {
        State::of(self.state.load(Ordering::Acquire))
    }

    /// Returns whether it is in `state`.
    #[inline]
    pub(super) fn is_in(&self, state: State) -> bool {
        self.state.load(Ordering::Acquire) == state as u8
    }

    #[inline]
    pub(super) fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }

    /// Returns the number by which it is shown.
    #[inline]
    pub fn id(&self) -> ThreadId {
        ThreadId::new(self.number.load(Ordering::Relaxed))
    }

    /// Sets the number by which it is shown.
    pub(super) fn set_id(&self, id: ThreadId) {
        self.number.store(id.number(), Ordering::Relaxed);
    }

    /// Returns its name.
    pub fn name(&self) -> String<NAME_BYTES> {
        self.name.lock().clone()
    }

    /// Returns its name, unless another CPU is just reading or changing it. For interrupt handlers,
    /// which don't wait for the lock.
    pub fn try_name(&self) -> Option<String<NAME_BYTES>> {
        let mut name = None;
        self.name.try_with(|kept| name = Some(kept.clone()));
        name
    }

    /// Sets its name, cut to [`NAME_BYTES`].
    pub(super) fn set_name(&self, name: &str) {
        let mut kept = self.name.lock();
        kept.clear();
        let cut = &name[..name.floor_char_boundary(NAME_BYTES)];
        kept.push_str(cut).expect("the string has room for NAME_BYTES");
    }

    /// Returns the number of its process; 0 for a thread of the kernel.
    pub fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    /// Returns the CPU that it runs on, or ran on last.
    #[inline]
    pub fn cpu(&self) -> CpuId {
        CpuId::new(self.cpu.load(Ordering::Relaxed))
    }

    /// Returns the CPUs that it may run on.
    pub fn allowed(&self) -> CpuSet {
        CpuSet::from_words(self.allowed.words())
    }

    /// Returns how it is scheduled, which may be inherited.
    pub fn policy(&self) -> Policy {
        Policy::decoded(self.policy.load(Ordering::Relaxed))
    }

    /// Returns how it is scheduled if it inherits no policy.
    pub fn own_policy(&self) -> Policy {
        *self.own_policy.lock()
    }

    /// Publishes its policy, for readers without the lock.
    pub(super) fn show_policy(&self, policy: Policy) {
        self.policy.store(policy.encoded(), Ordering::Relaxed);
    }

    /// Returns whether it may run on `cpu`.
    #[inline]
    pub(super) fn may_run_on(&self, cpu: CpuId) -> bool {
        self.allowed.contains(cpu)
    }

    /// Returns how often a CPU was switched to it.
    pub fn switches(&self) -> u64 {
        self.switches.load(Ordering::Relaxed)
    }

    /// Returns where samples found it; they are of less time than it ran.
    pub fn sampled_times(&self) -> CpuTimes {
        self.samples.sums()
    }

    /// Returns its stack.
    pub fn stack(&self) -> Option<Stack> {
        let top = VirtAddr::try_new(self.stack_top.load(Ordering::Relaxed)).ok()?;
        Stack::of_slot_at(VirtAddr::new_truncate(top.as_u64().wrapping_sub(1)))
    }

    /// Revokes its cancellation.
    pub(super) fn clear_cancelled(&self) {
        self.is_cancelled.store(false, Ordering::SeqCst);
    }

    /// Returns whether it is cancelled: its end was requested.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

/// Two references are equal if they are to the same place.
impl PartialEq for Thread {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

impl Eq for Thread {}

/// The policy of a thread for which none is given.
pub(super) const DEFAULT_POLICY: Policy = Policy::Fair(run_queue::Nice::DEFAULT);
