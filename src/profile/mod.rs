//! The profiler: which functions of the kernel execute, by samples.
//!
//! | module | what |
//! | --- | --- |
//! | [`sampler`] | takes the samples, in the handler of each CPU's timer interrupt |
//! | [`request`] | the words that start and stop the profiler |
//! | [`report`] | the sums of the samples, with the names of functions |
//!
//! The profiler has memory only while it runs, and afterwards for its result. While it doesn't run,
//! it takes no time, except for a few instructions of each timer interrupt.
//!
//! The samples are taken by the timer, so code with interrupts off is seen where it turns them on
//! again.

#![forbid(unsafe_code)]

mod report;
mod request;
mod sampler;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use stack_samples::{NoMemory, Profile, SampleBuffer};

use crate::arch::cpu::percpu;
use crate::arch::time::clock;
use crate::arch::time::timer::Timer;
use crate::sync::{Mutex, Rank};
use crate::task::Tasks;

pub use report::{Counts, FrameName, Frames, Report};
pub use request::{Request, RequestError, Settings};

/// The reason why the profiler doesn't start, stop, or report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileError {
    /// It runs already.
    Running,
    /// It doesn't run.
    NotRunning,
    /// It was never started.
    NoSamples,
    /// No memory is left for samples or for their sums.
    NoMemory,
}

impl From<NoMemory> for ProfileError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "the profiler runs already",
            Self::NotRunning => "the profiler doesn't run",
            Self::NoSamples => "there are no samples: the profiler was never started",
            Self::NoMemory => "no memory is left for samples",
        })
    }
}

impl core::error::Error for ProfileError {}

/// The running profiler, or its last result.
struct Session {
    settings: Settings,
    since_ns: u64,
    /// The end of the last sample; `None` while the profiler runs.
    until_ns: Option<u64>,
    /// The samples of each CPU.
    buffers: Vec<Arc<SampleBuffer>>,
}

/// Protects the running profiler or its result; taken to start, stop and show it.
static SESSION: Mutex<Option<Session>> = Mutex::new(Rank::SpecialFile, None);

/// Prepares the profiler, which doesn't run yet.
pub fn start(_tasks: Tasks, timer: Timer) {
    sampler::start(timer);
}

/// Starts to take samples on all CPUs; those of the last time are dropped. May wait.
///
/// # Errors
/// [`ProfileError::Running`], or [`ProfileError::NoMemory`]. The last samples are kept then.
pub fn begin(settings: Settings) -> Result<(), ProfileError> {
    let mut session = SESSION.lock();
    if session.as_ref().is_some_and(|session| session.until_ns.is_none()) {
        return Err(ProfileError::Running);
    }
    let mut buffers = Vec::new();
    buffers.try_reserve_exact(percpu::all().count()).map_err(|_| ProfileError::NoMemory)?;
    for _ in percpu::all() {
        let buffer = SampleBuffer::try_new(settings.buffer_bytes())?;
        buffers.push(Arc::try_new(buffer).map_err(|_| ProfileError::NoMemory)?);
    }
    let since_ns = clock::now_ns();
    sampler::begin(settings.period_ns(), &buffers);
    *session = Some(Session { settings, since_ns, until_ns: None, buffers });
    Ok(())
}

/// Stops taking samples. May wait.
///
/// # Errors
/// [`ProfileError::NotRunning`].
pub fn stop() -> Result<(), ProfileError> {
    let mut session = SESSION.lock();
    let running = session.as_mut().filter(|session| session.until_ns.is_none());
    let running = running.ok_or(ProfileError::NotRunning)?;
    sampler::end();
    running.until_ns = Some(clock::now_ns());
    Ok(())
}

/// Does what `request` says.
///
/// # Errors
/// Those of [`begin`] and [`stop`].
pub fn serve(request: Request) -> Result<(), ProfileError> {
    match request {
        Request::Start(settings) => begin(settings),
        Request::Stop => stop(),
    }
}

/// Returns the numbers of samples up to now.
pub fn counts() -> Counts {
    SESSION.lock().as_ref().map_or_else(Counts::default, Session::counts)
}

impl Session {
    fn counts(&self) -> Counts {
        let sum = |count: fn(&SampleBuffer) -> u64| self.buffers.iter().map(|it| count(it)).sum();
        Counts {
            kept: sum(SampleBuffer::kept),
            idle: sum(SampleBuffer::idle),
            lost: sum(SampleBuffer::lost),
        }
    }
}

/// Adds up the samples up to now. The profiler may run meanwhile. May wait.
///
/// # Errors
/// [`ProfileError::NoSamples`], [`ProfileError::NoMemory`].
pub fn report(frames: Frames) -> Result<Report, ProfileError> {
    let session = SESSION.lock();
    let session = session.as_ref().ok_or(ProfileError::NoSamples)?;
    let samples = session.buffers.iter().flat_map(|buffer| buffer.samples());
    let profile = Profile::try_new(samples, |mode, address| frames.frame_of(mode, address))?;
    Ok(Report {
        settings: session.settings,
        cpus: session.buffers.len(),
        time_ns: session.until_ns.unwrap_or_else(clock::now_ns) - session.since_ns,
        is_running: session.until_ns.is_none(),
        counts: session.counts(),
        frames,
        profile,
    })
}
