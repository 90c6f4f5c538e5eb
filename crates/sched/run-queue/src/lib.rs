//! Which thread a CPU runs next, and on which CPU a thread runs.
//!
//! A [`RunQueue`] picks the thread that one CPU runs: real-time threads first, then fair ones.
//! It has no clock, no lock and no allocation: the owner holds it under a lock, says
//! what time it is, and keeps a [`SchedEntity`] for each thread. [`place`], [`busiest`] and
//! [`Balancer`] spread threads over CPUs.
//!
//! # Real-time threads
//! There is a list for each priority, and a bit for each list, so all is O(1). The
//! highest priority runs; its threads take turns of 10 ms. There is no throttle: a
//! real-time thread that doesn't sleep keeps all lower ones of its CPU from
//! running, for ever. They can only be stolen by other CPUs. The code
//! that assigns real-time priorities is responsible for that.
//!
//! # Fair threads
//! They are scheduled by EEVDF (I. Stoica, H. Abdel-Wahab, Earliest Eligible Virtual
//! Deadline First, 1995), as in Linux since 6.6. A thread's vruntime is how much it ran,
//! over its weight; virtual time is the average of all vruntimes by weight. A thread
//! that isn't ahead of it, whose lag isn't negative, is eligible. Each requests a slice at a
//! time: its deadline is the vruntime that it will have after that. Of the eligible threads the
//! one with the earliest deadline runs. It gives way when its slice is over, or when
//! one with an earlier deadline becomes eligible by waking up, but not before it has run for
//! the shortest slice; otherwise its slice is not cut short.
//!
//! - While the threads stay the same, none is ever ahead of its share by more than its
//!   own slice, or behind by more than the longest slice of all, as the paper proves. So
//!   it waits at most for (its slice + the longest slice) * load / its weight.
//! - A thread that comes or goes with a lag moves the lags of the others: by as much
//!   in all, by their weights. So they may be more than that.
//! - A thread that sleeps keeps its lag, but at most one slice of it: that is what it can run
//!   ahead of its share when it comes back. Debt is kept too, and forgiven as fast as it
//!   would be made up for by waiting.
//! - Sums are exact, see `virtual_time`, and times wrap around, so that nothing depends
//!   on how long the machine runs.
//!
//! The threads that wait are in one balanced tree by deadline, which knows the smallest
//! vruntime of each subtree. Two heaps, of the eligible and of the others, would be
//! simpler, but one step of virtual time can make all threads eligible at once, and one
//! back can make them ineligible. In the tree nothing is to be moved then: each
//! operation is O(log n) in the worst case. The running thread isn't in it, so one that
//! is alone has only its time added.
//!
//! | module | subject |
//! |---|---|
//! | `queue` | the run queue: its threads, and the time of the one that runs |
//! | `pick` | which thread runs next, and for how long |
//! | `steal` | the threads that another CPU may take |
//! | `policy` | classes, priorities, nice values, slices |
//! | `entity` | the part of a run queue that each thread has |
//! | `links` | the places of a thread in `list` and `tree` |
//! | `list` | the waiting real-time threads |
//! | `fair` | the rules of EEVDF |
//! | `virtual_time` | virtual time and lag |
//! | `tree` | the waiting fair threads |
//! | `balance` | placing threads on CPUs, fair shares over all of them |
//! | `cpu_set` | sets of CPUs |
//!
//! ```
//! use run_queue::{Previous, SchedEntity, RunQueue, Start};
//! let entities = [const { SchedEntity::new(run_queue::Policy::DEFAULT) }; 2];
//! let (entities, mut queue) = (entities.as_slice(), RunQueue::new());
//! queue.enqueue(entities, 0, Start::New, 0);
//! assert_eq!(queue.pick(entities, 0, Previous::Runnable), Some(0));
//! assert_eq!(queue.slice_end_ns(entities), None);
//!
//! // Now another waits, so there is an end.
//! queue.enqueue(entities, 1, Start::New, 1_000_000);
//! assert_eq!(queue.slice_end_ns(entities), Some(3_000_000));
//! queue.update(entities, 3_000_000);
//! assert!(queue.should_preempt(entities));
//! assert_eq!(queue.pick(entities, 3_000_000, Previous::Runnable), Some(1));
//! assert_eq!(queue.pick(entities, 4_000_000, Previous::Blocked), Some(0));
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[cfg(test)]
extern crate std;

mod balance;
mod cpu_set;
mod entity;
mod fair;
mod links;
mod list;
mod pick;
mod policy;
mod queue;
mod steal;
#[cfg(test)]
mod tests;
mod tree;
mod virtual_time;

pub use balance::{Balancer, Cpus, LAG_MAX_NS, busiest, place};
pub use cpu_set::{CpuSet, OutOfRange};
pub use entity::{Entities, QueueState, SchedEntity};
pub use pick::Previous;
pub use policy::{
    NICE_0_WEIGHT, Nice, Policy, REAL_TIME_LOAD, REAL_TIME_SLICE_NS, RealTimePriority, Slice,
};
pub use queue::{RunQueue, Start};
