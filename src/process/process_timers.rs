//! The actions of a process's timers when they expire, and the clocks of its CPU time.

use alloc::boxed::Box;
use alloc::sync::{Arc, Weak};

use signals::{Code, Content, SigInfo, Signal};

use super::accounting::CpuTimeKind;
use super::limits::{Resource, UNLIMITED};
use super::process::Process;
use super::signal_sending;
use super::thread_handle::ThreadHandle;
use super::timers::{CreatedTimer, FixedTimer, Overruns};
use crate::arch::time::clock::{self, NS_PER_SECOND};
use crate::fs::clock_timer::{Basis, ClockTimer, Expiry, OnExpiry, Reading, TimerClock};
use crate::fs::error::FsError;
use crate::fs::time::WallClock;

/// The shortest time between two readings of a CPU time, in nanoseconds.
const CPU_GAP_NS: u64 = 1_000_000;

/// Returns the reading of a clock of CPU time on which `threads` threads run.
fn reading(now_ns: u64, threads: usize) -> Reading {
    let kernel_now_ns = clock::now_ns();
    Reading { now_ns, kernel_now_ns, rate: threads as u64, gap_ns: CPU_GAP_NS }
}

/// The CPU time of a process, such as CLOCK_PROCESS_CPUTIME_ID.
struct ProcessClock(Weak<Process>, CpuTimeKind);

impl TimerClock for ProcessClock {
    fn read(&self, _basis: Basis) -> Reading {
        match self.0.upgrade() {
            Some(process) => reading(self.1.of_process(&process), process.thread_count()),
            None => reading(0, 0),
        }
    }
}

/// The CPU time of a thread of a process, such as CLOCK_THREAD_CPUTIME_ID.
struct ThreadClock(Weak<Process>, Weak<ThreadHandle>, CpuTimeKind);

impl TimerClock for ThreadClock {
    fn read(&self, _basis: Basis) -> Reading {
        let (process, thread) = (self.0.upgrade(), self.1.upgrade());
        let time_ns =
            process.zip(thread).map(|(process, thread)| self.2.of_thread(&process, &thread));
        reading(time_ns.unwrap_or(0), 1)
    }
}

/// The clock of a timer.
#[derive(Clone)]
pub enum ClockOf {
    /// A clock of the time of day, or of the time since the start.
    Wall(WallClock),
    /// The CPU time of a process.
    Process(Weak<Process>, CpuTimeKind),
    /// The CPU time of a thread of a process.
    Thread(Weak<Process>, Weak<ThreadHandle>, CpuTimeKind),
}

impl core::fmt::Debug for ThreadHandle {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "ThreadHandle({})", self.tid())
    }
}

/// The action of a timer of timer_create(2) when it expires.
#[derive(Clone, Debug)]
pub enum Notification {
    /// No action: SIGEV_NONE.
    None,
    /// A signal for the process: SIGEV_SIGNAL.
    Process(TimerSignal),
    /// A signal for a thread: SIGEV_THREAD_ID.
    Thread(TimerSignal, Weak<ThreadHandle>),
}

/// The signal of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerSignal {
    /// The signal.
    pub signal: Signal,
    /// The value in the signal's information; `None` for the number of the timer.
    pub value: Option<u64>,
}

impl Process {
    fn clock(clock: ClockOf) -> Result<Arc<dyn TimerClock>, FsError> {
        Ok(match clock {
            ClockOf::Wall(clock) => Arc::try_new(clock)?,
            ClockOf::Process(process, kind) => Arc::try_new(ProcessClock(process, kind))?,
            ClockOf::Thread(process, thread, kind) => {
                Arc::try_new(ThreadClock(process, thread, kind))?
            }
        })
    }

    /// Returns a timer that every process has.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn fixed_timer(self: &Arc<Self>, which: FixedTimer) -> Result<Arc<ClockTimer>, FsError> {
        if let Some(timer) = self.timers.fixed(which) {
            return Ok(timer);
        }
        let process = Arc::downgrade(self);
        let sends = |signal: Signal| -> Result<OnExpiry, FsError> {
            Ok(Box::try_new(move |_count| {
                if let Some(process) = process.upgrade() {
                    signal_sending::send_of_kernel(&process, signal);
                }
            })?)
        };
        let own = |kind| ClockOf::Process(Arc::downgrade(self), kind);
        let (clock, on_expiry) = match which {
            FixedTimer::Real => (ClockOf::Wall(WallClock::Monotonic), sends(Signal::ALRM)?),
            FixedTimer::Virtual => (own(CpuTimeKind::User), sends(Signal::VTALRM)?),
            FixedTimer::Profile => (own(CpuTimeKind::All), sends(Signal::PROF)?),
            FixedTimer::CpuLimit => {
                let process = Arc::downgrade(self);
                let limit: OnExpiry = Box::try_new(move |_count| {
                    if let Some(process) = process.upgrade() {
                        process.note_cpu_limit();
                    }
                })?;
                (own(CpuTimeKind::All), limit)
            }
        };
        let timer = ClockTimer::try_new(Self::clock(clock)?, on_expiry)?;
        Ok(self.timers.keep_fixed(which, timer))
    }

    /// Applies RLIMIT_CPU, after a change of the limit.
    ///
    /// # Errors
    /// [`FsError::NoMemory`].
    pub fn apply_cpu_limit(self: &Arc<Self>) -> Result<(), FsError> {
        let limit = self.limit(Resource::Cpu);
        if limit.soft == UNLIMITED && self.timers.fixed(FixedTimer::CpuLimit).is_none() {
            return Ok(());
        }
        let timer = self.fixed_timer(FixedTimer::CpuLimit)?;
        let expiry = match limit.soft {
            UNLIMITED => Expiry::Never,
            // As on Linux, 0 means 1.
            seconds => Expiry::At(seconds.max(1).saturating_mul(NS_PER_SECOND)),
        };
        timer.set(expiry, NS_PER_SECOND);
        Ok(())
    }

    /// Sends the signal after RLIMIT_CPU is reached: SIGXCPU each second, SIGKILL at the hard
    /// limit.
    fn note_cpu_limit(&self) {
        let limit = self.limit(Resource::Cpu);
        let signal = match self.run_time_ns() / NS_PER_SECOND {
            seconds if seconds >= limit.hard.max(1) => Signal::KILL,
            _ => Signal::XCPU,
        };
        signal_sending::send_of_kernel(self, signal);
    }

    /// Makes a disarmed timer; returns its number.
    ///
    /// # Errors
    /// [`FsError::WouldBlock`] if there are too many; [`FsError::NoMemory`].
    pub fn create_timer(
        self: &Arc<Self>,
        clock: ClockOf,
        notification: Notification,
    ) -> Result<i32, FsError> {
        let clock = Self::clock(clock)?;
        let most = self.limit(Resource::PendingSignals).soft;
        self.timers.add(most, |id| {
            let overruns = Arc::try_new(Overruns::default())?;
            let of_timer = overruns.clone();
            let process = Arc::downgrade(self);
            let on_expiry = Box::try_new(move |count| {
                if let Some(process) = process.upgrade() {
                    process.notify_timer(id, &notification, &of_timer, count);
                }
            })?;
            let timer = ClockTimer::try_new(clock, on_expiry)?;
            Ok(Arc::try_new(CreatedTimer { timer, overruns })?)
        })
    }

    /// Returns a timer that the process has made.
    pub fn created_timer(&self, id: i32) -> Option<Arc<ClockTimer>> {
        self.timers.created(id).map(|created| created.timer.clone())
    }

    /// Deletes a timer that the process has made; returns whether there was one.
    pub fn delete_timer(&self, id: i32) -> bool {
        self.timers.delete(id)
    }

    /// Returns how often a timer has expired between its last delivered signal and the delivery;
    /// `None` if there is no such timer.
    pub fn timer_overruns(&self, id: i32) -> Option<u64> {
        let created = self.timers.created(id)?;
        let is_pending = self.with_signals(|state| state.shared.has_timer(id))
            || self.with_threads(|threads| {
                let mut living = threads.living().iter();
                living.any(|thread| thread.with_signals(|own| own.pending.has_timer(id)))
            });
        Some(created.overruns.of_delivered(is_pending))
    }

    /// Sends the signal of a timer that has expired `count` times, unless that is still pending.
    fn notify_timer(&self, id: i32, notification: &Notification, overruns: &Overruns, count: u64) {
        let (signal, thread) = match notification {
            Notification::None => return,
            Notification::Process(signal) => (signal, None),
            Notification::Thread(signal, thread) => match thread.upgrade() {
                Some(thread) => (signal, Some(thread)),
                None => return,
            },
        };
        let more = i32::try_from(count).unwrap_or(i32::MAX);
        let is_pending = match &thread {
            None => self.with_signals(|state| state.shared.add_overruns(id, more)),
            Some(thread) => thread.with_signals(|own| own.pending.add_overruns(id, more)),
        };
        if is_pending {
            overruns.add(count);
            return;
        }
        overruns.begin(count - 1);
        let value = signal.value.unwrap_or(id as u64);
        let content = Content::Timer { id, overruns: more - 1, value };
        let info = SigInfo { signal: signal.signal, code: Code::TIMER, errno: 0, content };
        // If the queue is full, a real-time signal is lost, and other signals lose their values.
        let _ = match &thread {
            None => signal_sending::send(self, info),
            Some(thread) => signal_sending::send_to_thread(self, thread, info),
        };
    }
}
