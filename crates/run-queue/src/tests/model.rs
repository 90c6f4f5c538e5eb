//! Random operations, beside a model: plain vectors, and exact numbers.

use std::vec::Vec;

use proptest::prelude::*;

use super::threads::{nice, queue_at, real_time, slice};
use crate::{Former, NICE_0_WEIGHT, Node, Policy, RealTimePriority, RunQueue, Start, State};

const THREADS: u32 = 24;

#[derive(Clone, Copy, Debug)]
enum Operation {
    Enqueue(u32, Start),
    Dequeue(u32),
    Run(u64),
    Pick(Former),
    /// Picks only if the running one should give way.
    PickIfBetter,
    SetPolicy(u32, Policy),
    SetSlice(u32, u32),
    /// Allows only what is in the mask.
    Steal(u32, u32),
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![
        6 => (-20..=19_i8).prop_map(nice),
        1 => (1..=4_u8).prop_map(real_time),
        1 => prop_oneof![Just(63), Just(64), Just(99)].prop_map(real_time),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let id = 0..THREADS;
    let start = prop_oneof![Just(Start::New), Just(Start::Woken)];
    let former = prop_oneof![3 => Just(Former::Runnable), 1 => Just(Former::Yielding), 3 => Just(Former::Blocked)];
    prop_oneof![
        8 => (id.clone(), start).prop_map(|(id, start)| Operation::Enqueue(id, start)),
        2 => id.clone().prop_map(Operation::Dequeue),
        8 => prop_oneof![0..200_000_u64, 0..20_000_000_u64, Just(0)].prop_map(Operation::Run),
        4 => former.prop_map(Operation::Pick),
        4 => Just(Operation::PickIfBetter),
        2 => (id.clone(), policy()).prop_map(|(id, policy)| Operation::SetPolicy(id, policy)),
        1 => (id, 100_000..8_000_000_u32).prop_map(|(id, ns)| Operation::SetSlice(id, ns)),
        1 => (any::<u32>(), 0..6_u32).prop_map(|(mask, limit)| Operation::Steal(mask, limit)),
    ]
}

/// A thread, as the model knows it. Virtual times don't wrap around here.
#[derive(Clone, Copy, Debug)]
struct Thread {
    policy: Policy,
    state: State,
    slice_ns: u32,
    /// What it was served, and the end of its request in units of vruntime.
    served: i128,
    deadline: i128,
    /// What it took along.
    lag: i128,
    /// When it blocked, and among which load; `None` if it was moved.
    blocked: Option<(u64, i128)>,
    slice_left_ns: u32,
    run_time_ns: u64,
}

impl Thread {
    fn weight(&self) -> i128 {
        match self.policy {
            Policy::RealTime(_) => 0,
            Policy::Fair(nice) => nice.weight().into(),
        }
    }

    fn vruntime(&self) -> i128 {
        self.served.div_euclid(self.weight())
    }

    fn slice_service(&self) -> i128 {
        i128::from(self.slice_ns) * i128::from(NICE_0_WEIGHT)
    }

    fn request(&mut self, service: i128) {
        self.deadline = self.vruntime() + service / self.weight();
    }

    fn request_left(&self) -> i128 {
        self.deadline * self.weight() - self.served
    }
}

/// The queue and its model.
struct Both {
    nodes: Vec<Node>,
    queue: RunQueue,
    /// The virtual time at the start.
    origin: u64,
    now_ns: u64,
    threads: Vec<Thread>,
    current: Option<u32>,
    /// The waiting ones of each priority.
    lists: Vec<Vec<u32>>,
    /// Where the virtual time stays while there are no fair threads.
    resting: i128,
}

impl Both {
    fn new(origin: u64) -> Self {
        let thread = Thread {
            policy: Policy::default(),
            state: State::Off,
            slice_ns: 3_000_000,
            served: 0,
            deadline: 0,
            lag: 0,
            blocked: None,
            slice_left_ns: 0,
            run_time_ns: 0,
        };
        Self {
            nodes: super::threads::nodes(THREADS as usize),
            queue: queue_at(origin),
            origin,
            now_ns: 0,
            threads: std::vec![thread; THREADS as usize],
            current: None,
            lists: std::vec![Vec::new(); 100],
            resting: 0,
        }
    }

    fn thread(&mut self, id: u32) -> &mut Thread {
        &mut self.threads[id as usize]
    }

    /// Returns the fair threads, the running one too.
    fn fair(&self) -> impl Iterator<Item = (u32, &Thread)> {
        let on_queue = |(_, thread): &(u32, &Thread)| {
            thread.state != State::Off && matches!(thread.policy, Policy::Fair(_))
        };
        (0..).zip(&self.threads).filter(on_queue)
    }

    fn load(&self) -> i128 {
        self.fair().map(|(_, thread)| thread.weight()).sum()
    }

    /// Returns the virtual time, as a fraction.
    fn virtual_time(&self) -> (i128, i128) {
        let load = self.load();
        if load == 0 {
            return (self.resting, 1);
        }
        (self.fair().map(|(_, thread)| thread.served).sum(), load)
    }

    fn floor(&self) -> i128 {
        let (sum, load) = self.virtual_time();
        sum.div_euclid(load)
    }

    /// Returns the threads that wait with the earliest deadline of those eligible.
    fn best_fair(&self) -> Vec<u32> {
        let floor = self.floor();
        let eligible = |(_, thread): &(u32, &Thread)| {
            thread.state == State::Waiting && thread.vruntime() <= floor
        };
        let earliest = self.fair().filter(eligible).map(|(_, thread)| thread.deadline).min();
        self.fair()
            .filter(eligible)
            .filter(|(_, thread)| Some(thread.deadline) == earliest)
            .map(|(id, _)| id)
            .collect()
    }

    fn highest(&self) -> Option<(u8, u32)> {
        (0..=99)
            .zip(&self.lists)
            .rev()
            .find_map(|(priority, list)| Some((priority, *list.first()?)))
    }

    /// Takes what the queue made of a thread's position, if it is right up to less than
    /// a part in 1024 of a nanosecond.
    fn join(&mut self, id: u32, lag: i128) {
        let (sum, load) = self.virtual_time();
        let node = &self.nodes[id as usize];
        let thread = self.threads[id as usize];
        let weight = thread.weight();
        // w * V - lag - lag * w / W, times the load.
        let exact = weight * sum - if self.load() == 0 { 0 } else { lag * load + lag * weight };
        let position = node.position();
        let offset = position.vruntime.wrapping_sub(self.origin.wrapping_add(self.floor() as u64));
        let vruntime = self.floor() + i128::from(offset as i64);
        let served = vruntime * weight + i128::from(position.remainder);
        assert!((served * load - exact).abs() < load, "{served} of {exact} / {load}");
        assert!(i128::from(position.remainder) < weight);
        self.thread(id).served = served;
    }

    fn leave(&mut self, id: u32) -> i128 {
        let (sum, load) = self.virtual_time();
        let thread = self.threads[id as usize];
        if load == thread.weight() {
            self.resting = self.floor();
        }
        (thread.weight() * sum - thread.served * load).div_euclid(load)
    }

    fn lag_on_return(&mut self, id: u32) -> i128 {
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

    fn run(&mut self, time_ns: u64) {
        self.now_ns += time_ns;
        if let Some(id) = self.current {
            let thread = self.thread(id);
            thread.run_time_ns += time_ns;
            match thread.policy {
                Policy::RealTime(_) => {
                    thread.slice_left_ns = thread.slice_left_ns.saturating_sub(time_ns as u32);
                }
                Policy::Fair(_) => thread.served += i128::from(time_ns) * 1024,
            }
            let thread = self.threads[id as usize];
            if self.load() == thread.weight() && thread.deadline <= thread.vruntime() {
                self.thread(id).deadline = thread.vruntime();
            }
        }
        self.queue.update(self.nodes.as_slice(), self.now_ns);
    }

    fn enqueue(&mut self, id: u32, start: Start) {
        if self.threads[id as usize].state != State::Off {
            return;
        }
        self.queue.enqueue(self.nodes.as_slice(), id, start, self.now_ns);
        if start == Start::New {
            self.thread(id).lag = 0;
        }
        self.wait(id);
        self.thread(id).state = State::Waiting;
    }

    /// Puts a thread that isn't counted among those on the queue where it waits.
    fn wait(&mut self, id: u32) {
        match self.threads[id as usize].policy {
            Policy::RealTime(priority) => {
                self.thread(id).slice_left_ns = 10_000_000;
                self.lists[usize::from(priority.get())].push(id);
            }
            Policy::Fair(_) => {
                let lag = self.lag_on_return(id);
                self.join(id, lag);
                let thread = self.thread(id);
                thread.request(thread.slice_service());
            }
        }
    }

    /// Forgets a thread that waits, or runs.
    fn forget(&mut self, id: u32) {
        match self.threads[id as usize].policy {
            Policy::RealTime(_) => self.lists.iter_mut().for_each(|list| list.retain(|i| *i != id)),
            Policy::Fair(_) => {
                let lag = self.leave(id);
                let thread = self.thread(id);
                (thread.lag, thread.blocked) = (lag.clamp(-(1 << 41), 1 << 41), None);
            }
        }
        self.thread(id).state = State::Off;
    }

    fn dequeue(&mut self, id: u32) {
        if self.threads[id as usize].state == State::Waiting {
            self.queue.dequeue(self.nodes.as_slice(), id);
            self.forget(id);
        }
    }

    fn set_policy(&mut self, id: u32, policy: Policy) {
        let old = self.threads[id as usize];
        if old.state == State::Off {
            self.nodes[id as usize].set_policy(policy);
            self.thread(id).policy = policy;
            return;
        }
        self.queue.set_policy(self.nodes.as_slice(), id, policy, self.now_ns);
        if old.policy == policy {
            return;
        }
        self.forget(id);
        self.thread(id).policy = policy;
        match policy {
            Policy::RealTime(_) if old.state == State::Running => self.thread(id).slice_left_ns = 0,
            _ => self.wait(id),
        }
        if old.weight() != 0 && self.threads[id as usize].weight() != 0 {
            self.thread(id).request(old.request_left().max(0));
        }
        self.thread(id).state = old.state;
    }

    fn pick(&mut self, former: Former) {
        let mut expected: Vec<u32> = Vec::new();
        match self.current {
            Some(id) if former == Former::Blocked => {
                let (load, now_ns) = (self.load(), self.now_ns);
                let slice_service = self.thread(id).slice_service();
                if self.thread(id).weight() != 0 {
                    let lag = self.leave(id).clamp(-(1 << 41), slice_service);
                    let thread = self.thread(id);
                    (thread.lag, thread.blocked) = (lag, Some((now_ns, load)));
                }
                self.thread(id).state = State::Off;
            }
            Some(id) => match self.thread(id).policy {
                Policy::RealTime(priority) => {
                    let thread = self.thread(id);
                    let ends = former == Former::Yielding || thread.slice_left_ns == 0;
                    if ends {
                        thread.slice_left_ns = 10_000_000;
                    }
                    let list = &mut self.lists[usize::from(priority.get())];
                    list.insert(if ends { list.len() } else { 0 }, id);
                }
                Policy::Fair(_) => expected = self.give_back(id, former),
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
            thread.state = if former == Former::Blocked { State::Off } else { State::Waiting };
        }
        let picked = self.queue.pick(self.nodes.as_slice(), self.now_ns, former);
        match picked {
            Some(id) => assert!(expected.contains(&id), "{id} instead of one of {expected:?}"),
            None => assert!(expected.is_empty(), "none instead of one of {expected:?}"),
        }
        self.current = picked;
        if let Some(id) = picked {
            self.thread(id).state = State::Running;
            self.lists.iter_mut().for_each(|list| list.retain(|other| *other != id));
        }
    }

    /// Ends or keeps the request of the running fair thread. Returns who may run next.
    fn give_back(&mut self, id: u32, former: Former) -> Vec<u32> {
        let floor = self.floor();
        let others = self.fair().count() > 1;
        let thread = self.thread(id);
        if former == Former::Yielding && others && thread.vruntime() <= floor {
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
        let goes_on = former == Former::Runnable
            && thread.vruntime() <= self.floor()
            && thread.deadline < self.threads[*first as usize].deadline;
        if goes_on { std::vec![id] } else { best }
    }

    fn steal(&mut self, mask: u32, limit: u32) {
        let mut candidates: Vec<u32> = self.lists.iter().rev().flatten().copied().collect();
        let mut fair = self.queue.fair.tree.assert_consistent(self.nodes.as_slice());
        fair.reverse();
        candidates.extend(fair);
        candidates.truncate(limit as usize);
        let expected = candidates.into_iter().find(|id| mask >> id & 1 != 0);
        let stolen = self.queue.steal(self.nodes.as_slice(), |id| mask >> id & 1 != 0, limit);
        assert_eq!(stolen, expected);
        if let Some(id) = stolen {
            self.forget(id);
        }
    }

    fn should_preempt(&self) -> bool {
        let highest = self.highest().map(|(priority, _)| priority);
        let Some(id) = self.current else {
            return self.threads.iter().any(|thread| thread.state == State::Waiting);
        };
        let thread = self.threads[id as usize];
        match thread.policy {
            Policy::RealTime(priority) => {
                highest > Some(priority.get())
                    || highest == Some(priority.get()) && thread.slice_left_ns == 0
            }
            Policy::Fair(_) => {
                let others = self.fair().count() > 1;
                let earlier = |id: &u32| self.threads[*id as usize].deadline < thread.deadline;
                highest.is_some()
                    || others && thread.vruntime() >= thread.deadline
                    || self.best_fair().first().is_some_and(earlier)
            }
        }
    }

    fn slice_end_ns(&self) -> Option<u64> {
        let thread = self.threads[self.current? as usize];
        let highest = self.highest().map(|(priority, _)| priority);
        let left_ns = match thread.policy {
            Policy::RealTime(priority) if highest < Some(priority.get()) => return None,
            Policy::RealTime(priority) if highest == Some(priority.get()) => {
                thread.slice_left_ns.into()
            }
            Policy::Fair(_) if highest.is_none() => {
                if self.fair().count() < 2 {
                    return None;
                }
                let left = thread.request_left().max(0);
                ((left + 1023) / 1024).min(3_000_000) as u64
            }
            _ => 0,
        };
        Some(self.now_ns + left_ns)
    }

    fn assert_equal(&self) {
        let (nodes, queue) = (self.nodes.as_slice(), &self.queue);
        assert_eq!(queue.current(), self.current);
        let on_queue = self.threads.iter().filter(|thread| thread.state != State::Off);
        assert_eq!(queue.len() as usize, on_queue.count());
        assert_eq!(queue.is_empty(), queue.len() == 0);
        assert_eq!(i128::from(queue.load()), self.load());

        // The virtual time is the average, to the last bit.
        let (sum, load) = self.virtual_time();
        let wrapped = |time: i128| self.origin.wrapping_add(time as u64);
        assert_eq!(queue.fair.time.floor(), wrapped(sum.div_euclid(load)));
        assert_eq!(i128::from(queue.fair.time.rest()), sum.rem_euclid(load));

        let mut waiting: Vec<u32> = Vec::new();
        for (id, thread) in (0..).zip(&self.threads) {
            let node = &nodes[id as usize];
            assert_eq!((node.policy(), node.state()), (thread.policy, thread.state));
            assert_eq!(node.run_time_ns(), thread.run_time_ns);
            assert_eq!(node.slice().length_ns(), thread.slice_ns);
            match thread.policy {
                Policy::RealTime(_) => assert_eq!(node.slice_left_ns(), thread.slice_left_ns),
                Policy::Fair(_) if thread.state != State::Off => {
                    assert_eq!(node.position().vruntime, wrapped(thread.vruntime()));
                    assert_eq!(node.tree.deadline(), wrapped(thread.deadline));
                    if thread.state == State::Waiting {
                        waiting.push(id);
                    }
                }
                Policy::Fair(_) => {}
            }
        }
        let mut in_tree = queue.fair.tree.assert_consistent(nodes);
        in_tree.sort_unstable();
        assert_eq!(in_tree, waiting);

        let mut in_lists = Vec::new();
        let mut next = queue.real_time.first();
        while let Some(id) = next {
            in_lists.push(id);
            let Policy::RealTime(priority) = nodes[id as usize].policy() else {
                panic!("a fair thread is in a list");
            };
            next = queue.real_time.behind(nodes, id, priority);
        }
        let expected: Vec<u32> = self.lists.iter().rev().flatten().copied().collect();
        assert_eq!(in_lists, expected);
        let highest = self.highest().and_then(|(priority, _)| RealTimePriority::try_new(priority));
        assert_eq!(queue.real_time.highest(), highest);

        assert_eq!(queue.should_preempt(nodes), self.should_preempt());
        assert_eq!(queue.slice_end_ns(nodes), self.slice_end_ns());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn queue_does_as_the_model(
        origin in prop_oneof![Just(0), Just(u64::MAX - 1_000_000), Just((1 << 63) - 1_000_000)],
        operations in prop::collection::vec(operation(), 1..300),
    ) {
        let mut both = Both::new(origin);
        for operation in operations {
            match operation {
                Operation::Enqueue(id, start) => both.enqueue(id, start),
                Operation::Dequeue(id) => both.dequeue(id),
                Operation::Run(time_ns) => both.run(time_ns),
                Operation::Pick(former) => both.pick(former),
                Operation::PickIfBetter if both.queue.should_preempt(both.nodes.as_slice()) => {
                    both.pick(Former::Runnable);
                }
                Operation::PickIfBetter => {}
                Operation::SetPolicy(id, policy) => both.set_policy(id, policy),
                Operation::SetSlice(id, ns) => {
                    both.nodes[id as usize].set_slice(slice(ns));
                    both.thread(id).slice_ns = ns;
                }
                Operation::Steal(mask, limit) => both.steal(mask, limit),
            }
            both.assert_equal();
        }
    }
}
