//! One CPU with threads that compute and sleep, run from event to event.

use std::vec::Vec;

use super::threads::{self, Random};
use crate::{NICE_0_WEIGHT, Policy, Previous, QueueState, RunQueue, SchedEntity, Slice, Start};

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Habit {
    /// Computes without an end.
    Hog,
    /// Computes for a time, then sleeps for a time.
    Sleeper { run_ns: u64, sleep_ns: u64 },
    /// Computes and sleeps for a time at random, at most for that.
    Random { run_ns: u64, sleep_ns: u64 },
    /// Yields whenever it ran that long.
    Yielder { run_ns: u64 },
}

struct Thread {
    habit: Habit,
    /// How much it has run when it blocks or yields.
    run_until_ns: u64,
    /// When it comes, the first time or again, if it is off the queue.
    wakes_ns: u64,
    /// Since when it waits.
    waits_ns: u64,
    longest_wait_ns: u64,
}

/// A CPU, with its threads and its time.
pub(crate) struct SchedCpu {
    pub(crate) entities: Vec<SchedEntity>,
    pub(crate) queue: RunQueue,
    pub(crate) now_ns: u64,
    pub(crate) random: Random,
    /// Who ran, one after the other.
    pub(crate) history: Vec<u32>,
    threads: Vec<Thread>,
}

impl SchedCpu {
    pub(crate) fn new(queue: RunQueue) -> Self {
        let random = Random(0x9E37_79B9_7F4A_7C15);
        let (entities, history, threads) = (Vec::new(), Vec::new(), Vec::new());
        Self { entities, queue, now_ns: 0, random, history, threads }
    }

    /// Adds a thread that comes now; returns its id.
    pub(crate) fn add(&mut self, policy: Policy, slice: Slice, habit: Habit) -> u32 {
        let entity = SchedEntity::new(policy);
        entity.set_slice(slice);
        self.entities.push(entity);
        self.threads.push(Thread {
            habit,
            run_until_ns: u64::MAX,
            wakes_ns: self.now_ns,
            waits_ns: 0,
            longest_wait_ns: 0,
        });
        self.entities.len() as u32 - 1
    }

    /// Adds a hog of a nice value with the base slice; returns its id.
    pub(crate) fn add_hog(&mut self, nice: i8) -> u32 {
        self.add(threads::nice(nice), Slice::BASE, Habit::Hog)
    }

    /// Returns how much a thread ran.
    pub(crate) fn ran_ns(&self, id: u32) -> u64 {
        self.entities[id as usize].run_time_ns()
    }

    /// Returns how long a thread waited at most for its turn.
    pub(crate) fn longest_wait_ns(&self, id: u32) -> u64 {
        let thread = &self.threads[id as usize];
        let is_waiting = self.entities[id as usize].state() == QueueState::Waiting;
        let waits_ns = if is_waiting { self.now_ns - thread.waits_ns } else { 0 };
        thread.longest_wait_ns.max(waits_ns)
    }

    /// Returns the lag of a fair thread on the queue, in nanoseconds.
    pub(crate) fn lag_ns(&self, id: u32) -> f64 {
        let (entity, time) = (&self.entities[id as usize], &self.queue.fair.time);
        let (position, weight) = (entity.position(), f64::from(entity.weight()));
        let units = time.floor().wrapping_sub(position.vruntime) as i64 as f64;
        let part = time.rest() as f64 / time.load() as f64;
        (weight * (units + part) - f64::from(position.remainder)) / f64::from(NICE_0_WEIGHT)
    }

    /// Runs up to a time, or until `event`, which is asked after each event.
    pub(crate) fn run_until(&mut self, end_ns: u64, mut event: impl FnMut(&mut Self) -> bool) {
        while self.now_ns < end_ns {
            self.step(end_ns);
            if event(self) {
                return;
            }
        }
    }

    /// Runs up to a time.
    pub(crate) fn run(&mut self, end_ns: u64) {
        self.run_until(end_ns, |_| false);
    }

    /// Goes to the next event, at most to `end_ns`.
    fn step(&mut self, end_ns: u64) {
        let mut next_ns = self.queue.slice_end_ns(self.entities.as_slice()).unwrap_or(u64::MAX);
        if let Some(id) = self.queue.current() {
            let left_ns = self.threads[id as usize].run_until_ns.saturating_sub(self.ran_ns(id));
            next_ns = next_ns.min(self.now_ns.saturating_add(left_ns));
        }
        let off = |id: &usize| self.entities[*id].state() == QueueState::Off;
        let wakes = (0..self.threads.len()).filter(off).map(|id| self.threads[id].wakes_ns);
        self.now_ns = wakes.fold(next_ns.min(end_ns), u64::min).max(self.now_ns);
        self.queue.update(self.entities.as_slice(), self.now_ns);

        let mut previous = None;
        if let Some(id) = self.queue.current()
            && self.ran_ns(id) >= self.threads[id as usize].run_until_ns
        {
            previous = Some(self.end_burst(id));
        }
        for id in 0..self.threads.len() {
            self.wake_if_due(id);
        }
        if previous.is_some() || self.queue.should_preempt(self.entities.as_slice()) {
            self.pick(previous.unwrap_or(Previous::Runnable));
        }
    }

    /// Returns what becomes of the running thread, whose burst is over.
    fn end_burst(&mut self, id: u32) -> Previous {
        let thread = &mut self.threads[id as usize];
        let sleep_ns = match thread.habit {
            Habit::Hog => return Previous::Runnable,
            Habit::Yielder { run_ns } => {
                thread.run_until_ns += run_ns;
                return Previous::Yielding;
            }
            Habit::Sleeper { sleep_ns, .. } => sleep_ns,
            Habit::Random { sleep_ns, .. } => 1 + self.random.below(sleep_ns),
        };
        thread.wakes_ns = self.now_ns + sleep_ns;
        Previous::Blocked
    }

    fn wake_if_due(&mut self, id: usize) {
        let is_running = self.queue.current() == Some(id as u32);
        let thread = &mut self.threads[id];
        if is_running
            || self.entities[id].state() != QueueState::Off
            || thread.wakes_ns > self.now_ns
        {
            return;
        }
        let ran_ns = self.entities[id].run_time_ns();
        thread.run_until_ns = ran_ns.saturating_add(match thread.habit {
            Habit::Hog => u64::MAX,
            Habit::Sleeper { run_ns, .. } | Habit::Yielder { run_ns } => run_ns,
            Habit::Random { run_ns, .. } => 1 + self.random.below(run_ns),
        });
        thread.waits_ns = self.now_ns;
        let start = if ran_ns == 0 { Start::New } else { Start::Woken };
        self.queue.enqueue(self.entities.as_slice(), id as u32, start, self.now_ns);
    }

    fn pick(&mut self, previous: Previous) {
        let old = self.queue.current();
        let new = self.queue.pick(self.entities.as_slice(), self.now_ns, previous);
        if let Some(id) = old
            && old != new
        {
            self.threads[id as usize].waits_ns = self.now_ns;
        }
        if let Some(id) = new
            && old != new
        {
            let thread = &mut self.threads[id as usize];
            thread.longest_wait_ns = thread.longest_wait_ns.max(self.now_ns - thread.waits_ns);
            self.history.push(id);
        }
    }
}
