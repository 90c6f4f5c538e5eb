//! The queue beside its model: plain vectors, and exact numbers.

use std::vec::Vec;

use super::THREADS;
use crate::policy::Class;
use crate::tests::threads::{entities, queue_at};
use crate::{NICE_0_WEIGHT, Policy, Previous, QueueState, RunQueue, SchedEntity, Start};

/// A thread, as the model knows it. Virtual times don't wrap around here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thread {
    pub(super) policy: Policy,
    pub(super) state: QueueState,
    pub(super) slice_ns: u32,
    /// What it was served, and the end of its request in units of vruntime.
    pub(super) served: i128,
    pub(super) deadline: i128,
    /// What it took along.
    pub(super) lag: i128,
    /// When it blocked, and among which load; `None` if it was moved.
    pub(super) blocked: Option<(u64, i128)>,
    pub(super) slice_left_ns: u32,
    pub(super) run_time_ns: u64,
}

impl Thread {
    pub(super) fn weight(&self) -> i128 {
        match self.policy.class() {
            Class::RealTime(_) => 0,
            Class::Fair => self.policy.nice().map_or(3, |nice| nice.weight().into()),
        }
    }

    pub(super) fn vruntime(&self) -> i128 {
        self.served.div_euclid(self.weight())
    }

    pub(super) fn slice_service(&self) -> i128 {
        i128::from(self.slice_ns) * i128::from(NICE_0_WEIGHT)
    }

    pub(super) fn request(&mut self, service: i128) {
        self.deadline = self.vruntime() + service / self.weight();
    }

    pub(super) fn request_left(&self) -> i128 {
        self.deadline * self.weight() - self.served
    }
}

/// The queue and its model.
pub(super) struct Both {
    pub(super) entities: Vec<SchedEntity>,
    pub(super) queue: RunQueue,
    /// The virtual time at the start.
    pub(super) origin: u64,
    pub(super) now_ns: u64,
    pub(super) threads: Vec<Thread>,
    pub(super) current: Option<u32>,
    /// When it was picked.
    pub(super) started_ns: u64,
    /// The waiting ones of each priority.
    pub(super) lists: Vec<Vec<u32>>,
    /// Where the virtual time stays while there are no fair threads.
    pub(super) resting: i128,
}

impl Both {
    pub(super) fn new(origin: u64) -> Self {
        let thread = Thread {
            policy: Policy::default(),
            state: QueueState::Off,
            slice_ns: 3_000_000,
            served: 0,
            deadline: 0,
            lag: 0,
            blocked: None,
            slice_left_ns: 0,
            run_time_ns: 0,
        };
        Self {
            entities: entities(THREADS as usize),
            queue: queue_at(origin),
            origin,
            now_ns: 0,
            threads: std::vec![thread; THREADS as usize],
            current: None,
            started_ns: 0,
            lists: std::vec![Vec::new(); 100],
            resting: 0,
        }
    }

    pub(super) fn thread(&mut self, id: u32) -> &mut Thread {
        &mut self.threads[id as usize]
    }

    /// Returns the fair threads, the running one too.
    pub(super) fn fair(&self) -> impl Iterator<Item = (u32, &Thread)> {
        let on_queue = |(_, thread): &(u32, &Thread)| {
            thread.state != QueueState::Off && thread.policy.class() == Class::Fair
        };
        (0..).zip(&self.threads).filter(on_queue)
    }

    pub(super) fn load(&self) -> i128 {
        self.fair().map(|(_, thread)| thread.weight()).sum()
    }

    /// Returns the virtual time, as a fraction.
    pub(super) fn virtual_time(&self) -> (i128, i128) {
        let load = self.load();
        if load == 0 {
            return (self.resting, 1);
        }
        (self.fair().map(|(_, thread)| thread.served).sum(), load)
    }

    pub(super) fn floor(&self) -> i128 {
        let (sum, load) = self.virtual_time();
        sum.div_euclid(load)
    }

    /// Returns the threads that wait with the earliest deadline of those eligible.
    pub(super) fn best_fair(&self) -> Vec<u32> {
        let floor = self.floor();
        let eligible = |(_, thread): &(u32, &Thread)| {
            thread.state == QueueState::Waiting && thread.vruntime() <= floor
        };
        let earliest = self.fair().filter(eligible).map(|(_, thread)| thread.deadline).min();
        self.fair()
            .filter(eligible)
            .filter(|(_, thread)| Some(thread.deadline) == earliest)
            .map(|(id, _)| id)
            .collect()
    }

    pub(super) fn highest(&self) -> Option<(u8, u32)> {
        (0..=99)
            .zip(&self.lists)
            .rev()
            .find_map(|(priority, list)| Some((priority, *list.first()?)))
    }

    /// Takes what the queue made of a thread's position, if it is right up to less than
    /// a part in 1024 of a nanosecond.
    pub(super) fn join(&mut self, id: u32, lag: i128) {
        let (sum, load) = self.virtual_time();
        let entity = &self.entities[id as usize];
        let thread = self.threads[id as usize];
        let weight = thread.weight();
        // w * V - lag - lag * w / W, times the load.
        let exact = weight * sum - if self.load() == 0 { 0 } else { lag * load + lag * weight };
        let position = entity.position();
        let offset = position.vruntime.wrapping_sub(self.origin.wrapping_add(self.floor() as u64));
        let vruntime = self.floor() + i128::from(offset as i64);
        let served = vruntime * weight + i128::from(position.remainder);
        assert!((served * load - exact).abs() < load, "{served} of {exact} / {load}");
        assert!(i128::from(position.remainder) < weight);
        self.thread(id).served = served;
    }

    pub(super) fn leave(&mut self, id: u32) -> i128 {
        let (sum, load) = self.virtual_time();
        let thread = self.threads[id as usize];
        if load == thread.weight() {
            self.resting = self.floor();
        }
        (thread.weight() * sum - thread.served * load).div_euclid(load)
    }

    pub(super) fn lag_on_return(&mut self, id: u32) -> i128 {
        let now_ns = self.now_ns;
        let thread = self.thread(id);
        match thread.blocked {
            Some((at_ns, load)) if thread.lag < 0 => {
                let asleep_ns = i128::from(now_ns - at_ns);
                let regained = asleep_ns * 1024 * thread.weight() / load;
                if asleep_ns >= 1 << 36 { 0 } else { (thread.lag + regained).min(0) }
            }
            _ => thread.lag,
        }
    }

    pub(super) fn run(&mut self, time_ns: u64) {
        self.now_ns += time_ns;
        if let Some(id) = self.current {
            let thread = self.thread(id);
            thread.run_time_ns += time_ns;
            match thread.policy.class() {
                Class::RealTime(_) => {
                    thread.slice_left_ns = thread.slice_left_ns.saturating_sub(time_ns as u32);
                }
                Class::Fair => thread.served += i128::from(time_ns) * 1024,
            }
            let thread = self.threads[id as usize];
            let is_alone = time_ns != 0 && self.load() == thread.weight();
            if is_alone && thread.weight() != 0 && thread.deadline <= thread.vruntime() {
                self.thread(id).deadline = thread.vruntime();
            }
        }
        self.queue.update(self.entities.as_slice(), self.now_ns);
    }

    pub(super) fn enqueue(&mut self, id: u32, start: Start) {
        if self.threads[id as usize].state != QueueState::Off {
            return;
        }
        self.queue.enqueue(self.entities.as_slice(), id, start, self.now_ns);
        if start == Start::New {
            self.thread(id).lag = 0;
        }
        self.wait(id);
        self.thread(id).state = QueueState::Waiting;
    }

    /// Puts a thread that isn't counted among those on the queue where it waits.
    pub(super) fn wait(&mut self, id: u32) {
        match self.threads[id as usize].policy.class() {
            Class::RealTime(priority) => {
                self.thread(id).slice_left_ns = 10_000_000;
                self.lists[usize::from(priority.get())].push(id);
            }
            Class::Fair => {
                let lag = self.lag_on_return(id);
                self.join(id, lag);
                let thread = self.thread(id);
                thread.request(thread.slice_service());
            }
        }
    }

    /// Forgets a thread that waits, or runs.
    pub(super) fn forget(&mut self, id: u32) {
        match self.threads[id as usize].policy.class() {
            Class::RealTime(_) => self.lists.iter_mut().for_each(|list| list.retain(|i| *i != id)),
            Class::Fair => {
                let lag = self.leave(id);
                let thread = self.thread(id);
                (thread.lag, thread.blocked) = (lag.clamp(-(1 << 41), 1 << 41), None);
            }
        }
        self.thread(id).state = QueueState::Off;
    }

    pub(super) fn dequeue(&mut self, id: u32) {
        if self.threads[id as usize].state == QueueState::Waiting {
            self.queue.dequeue(self.entities.as_slice(), id);
            self.forget(id);
        }
    }

    pub(super) fn set_policy(&mut self, id: u32, policy: Policy) {
        let old = self.threads[id as usize];
        if old.state == QueueState::Off {
            self.entities[id as usize].set_policy(policy);
            self.thread(id).policy = policy;
            return;
        }
        self.queue.set_policy(self.entities.as_slice(), id, policy, self.now_ns);
        if old.policy == policy {
            return;
        }
        self.forget(id);
        self.thread(id).policy = policy;
        match policy.class() {
            Class::RealTime(priority) if old.state == QueueState::Running => {
                let has_equals =
                    self.highest().is_some_and(|(highest, _)| highest == priority.get());
                self.thread(id).slice_left_ns = if has_equals { 0 } else { 10_000_000 };
            }
            _ => self.wait(id),
        }
        if old.weight() != 0 && self.threads[id as usize].weight() != 0 {
            self.thread(id).request(old.request_left().max(0));
        }
        self.thread(id).state = old.state;
    }

    pub(super) fn pick(&mut self, previous: Previous) {
        let mut expected: Vec<u32> = Vec::new();
        match self.current {
            Some(id) if previous == Previous::Blocked => {
                let (load, now_ns) = (self.load(), self.now_ns);
                let slice_service = self.thread(id).slice_service();
                if self.thread(id).weight() != 0 {
                    let lag = self.leave(id).clamp(-(1 << 41), slice_service);
                    let thread = self.thread(id);
                    (thread.lag, thread.blocked) = (lag, Some((now_ns, load)));
                }
                self.thread(id).state = QueueState::Off;
            }
            Some(id) => match self.thread(id).policy.class() {
                Class::RealTime(priority) => {
                    let thread = self.thread(id);
                    let ends = previous == Previous::Yielding || thread.slice_left_ns == 0;
                    if ends {
                        thread.slice_left_ns = 10_000_000;
                    }
                    let list = &mut self.lists[usize::from(priority.get())];
                    list.insert(if ends { list.len() } else { 0 }, id);
                }
                Class::Fair => expected = self.give_back(id, previous),
            },
            None => {}
        }
        if let Some((_, first)) = self.highest() {
            expected = std::vec![first];
        } else if expected.is_empty() {
            expected = self.best_fair();
        }
        if let Some(id) = self.current {
            let thread = self.thread(id);
            thread.state =
                if previous == Previous::Blocked { QueueState::Off } else { QueueState::Waiting };
        }
        let picked = self.queue.pick(self.entities.as_slice(), self.now_ns, previous);
        match picked {
            Some(id) => assert!(expected.contains(&id), "{id} instead of one of {expected:?}"),
            None => assert!(expected.is_empty(), "none instead of one of {expected:?}"),
        }
        if self.current != picked {
            self.started_ns = self.now_ns;
        }
        self.current = picked;
        if let Some(id) = picked {
            self.thread(id).state = QueueState::Running;
            self.lists.iter_mut().for_each(|list| list.retain(|other| *other != id));
        }
    }

    /// Ends or keeps the request of the running fair thread. Returns who may run next.
    pub(super) fn give_back(&mut self, id: u32, previous: Previous) -> Vec<u32> {
        let floor = self.floor();
        let others = self.fair().count() > 1;
        let thread = self.thread(id);
        if previous == Previous::Yielding && others && thread.vruntime() <= floor {
            thread.served = thread.served.max(thread.deadline * thread.weight());
        }
        if thread.deadline <= thread.vruntime() {
            thread.request(thread.slice_service());
        }
        let thread = *thread;
        let best = self.best_fair();
        let Some(first) = best.first() else {
            return std::vec![id];
        };
        let goes_on = previous == Previous::Runnable
            && thread.vruntime() <= self.floor()
            && thread.deadline < self.threads[*first as usize].deadline;
        if goes_on { std::vec![id] } else { best }
    }

    pub(super) fn steal(&mut self, mask: u32, limit: u32) {
        let mut candidates: Vec<u32> = self.lists.iter().rev().flatten().copied().collect();
        let mut fair = self.queue.fair.tree.assert_consistent(self.entities.as_slice());
        fair.reverse();
        candidates.extend(fair);
        candidates.truncate(limit as usize);
        let expected = candidates.into_iter().find(|id| mask >> id & 1 != 0);
        let stolen = self.queue.steal(self.entities.as_slice(), |id| mask >> id & 1 != 0, limit);
        assert_eq!(stolen, expected);
        if let Some(id) = stolen {
            self.forget(id);
        }
    }
}
