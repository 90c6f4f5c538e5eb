//! What the model expects of the queue.

use std::vec::Vec;

use super::both::Both;
use crate::policy::Class;
use crate::{QueueState, REAL_TIME_LOAD, RealTimePriority};

impl Both {
    fn should_preempt(&self) -> bool {
        let highest = self.highest().map(|(priority, _)| priority);
        let Some(id) = self.current else {
            return self.threads.iter().any(|thread| thread.state == QueueState::Waiting);
        };
        let thread = self.threads[id as usize];
        match thread.policy.class() {
            Class::RealTime(priority) => {
                highest > Some(priority.get())
                    || highest == Some(priority.get()) && thread.slice_left_ns == 0
            }
            Class::Fair => {
                let others = self.fair().count() > 1;
                let earlier = |id: &u32| self.threads[*id as usize].deadline < thread.deadline;
                let is_protected = self.now_ns < self.started_ns + 100_000;
                highest.is_some()
                    || others && thread.vruntime() >= thread.deadline
                    || !is_protected && self.best_fair().first().is_some_and(earlier)
            }
        }
    }

    fn slice_end_ns(&self) -> Option<u64> {
        let thread = self.threads[self.current? as usize];
        let highest = self.highest().map(|(priority, _)| priority);
        let left_ns = match thread.policy.class() {
            Class::RealTime(priority) if highest < Some(priority.get()) => return None,
            Class::RealTime(priority) if highest == Some(priority.get()) => {
                thread.slice_left_ns.into()
            }
            Class::Fair if highest.is_none() => {
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

    pub(super) fn assert_equal(&self) {
        let (entities, queue) = (self.entities.as_slice(), &self.queue);
        assert_eq!(queue.current(), self.current);
        let on_queue = self.threads.iter().filter(|thread| thread.state != QueueState::Off);
        assert_eq!(queue.len() as usize, on_queue.count());
        assert_eq!(queue.is_empty(), (0..1).contains(&queue.len()));
        let real_time = i128::from(queue.real_time_len()) * i128::from(REAL_TIME_LOAD);
        assert_eq!(i128::from(queue.load()), self.load() + real_time);

        // The virtual time is the average, to the last bit.
        let (sum, load) = self.virtual_time();
        let wrapped = |time: i128| self.origin.wrapping_add(time as u64);
        assert_eq!(queue.fair.time.floor(), wrapped(sum.div_euclid(load)));
        assert_eq!(i128::from(queue.fair.time.rest()), sum.rem_euclid(load));

        let mut waiting: Vec<u32> = Vec::new();
        for (id, thread) in (0..).zip(&self.threads) {
            let entity = &entities[id as usize];
            assert_eq!((entity.policy(), entity.state()), (thread.policy, thread.state));
            assert_eq!(entity.run_time_ns(), thread.run_time_ns);
            assert_eq!(entity.slice().length_ns(), thread.slice_ns);
            match thread.policy.class() {
                Class::RealTime(_) => assert_eq!(entity.slice_left_ns(), thread.slice_left_ns),
                Class::Fair if thread.state != QueueState::Off => {
                    assert_eq!(entity.position().vruntime, wrapped(thread.vruntime()));
                    assert_eq!(entity.tree.deadline.get(), wrapped(thread.deadline));
                    if thread.state == QueueState::Waiting {
                        waiting.push(id);
                    }
                }
                Class::Fair => {}
            }
        }
        let mut in_tree = queue.fair.tree.assert_consistent(entities);
        in_tree.sort_unstable();
        assert_eq!(in_tree, waiting);

        let mut in_lists = Vec::new();
        let mut next = queue.real_time.first();
        while let Some(id) = next {
            in_lists.push(id);
            let Class::RealTime(priority) = entities[id as usize].policy().class() else {
                panic!("a fair thread is in a list");
            };
            next = queue.real_time.after(entities, id, priority);
        }
        let expected: Vec<u32> = self.lists.iter().rev().flatten().copied().collect();
        assert_eq!(in_lists, expected);
        let highest = self.highest().and_then(|(priority, _)| RealTimePriority::try_new(priority));
        assert_eq!(queue.real_time.highest(), highest);

        assert_eq!(queue.should_preempt(entities), self.should_preempt());
        assert_eq!(queue.slice_end_ns(entities), self.slice_end_ns());
    }
}
