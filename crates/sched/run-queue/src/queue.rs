//! A CPU's run queue: its threads, and the time of the one that runs.

use crate::entity::{Entities, QueueState, SchedEntity};
use crate::fair::Fair;
use crate::list::Lists;
use crate::policy::{Class, Policy, REAL_TIME_LOAD, REAL_TIME_SLICE_NS};

/// The most that is charged at once: about 9 h. Only a thread without
/// competitors runs for so long without an update.
const CHARGE_MAX_NS: u64 = 1 << 45;

/// How a thread comes to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// For the first time: with no lag.
    New,
    /// Again, after a sleep or a move: with the lag it left with, or what is left of
    /// its debt.
    Woken,
}

/// The threads that run or are ready to run on a CPU.
///
/// All operations are given the same [`Entities`]. Times are of one clock that all
/// CPUs share; one that goes backwards is taken for one that stands still.
#[derive(Debug)]
pub struct RunQueue<I = u32> {
    pub(crate) real_time: Lists<I>,
    pub(crate) fair: Fair<I>,
    pub(crate) current: Option<I>,
    pub(crate) len: u32,
    /// How many of them are real-time.
    pub(crate) real_time_len: u32,
    /// When the running thread was picked.
    pub(crate) started_ns: u64,
    /// Up to when the running thread is charged.
    pub(crate) clock_ns: u64,
}

impl<I: Copy + Eq> RunQueue<I> {
    /// Returns one without threads.
    pub const fn new() -> Self {
        Self {
            real_time: Lists::new(),
            fair: Fair::new(),
            current: None,
            len: 0,
            real_time_len: 0,
            started_ns: 0,
            clock_ns: 0,
        }
    }

    /// Returns how many threads run or wait here.
    #[inline]
    pub const fn len(&self) -> u32 {
        self.len
    }

    /// Returns whether no thread runs or waits here.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the sum of the weights of the threads that run or wait here, where a real-time
    /// one has [`REAL_TIME_LOAD`].
    #[inline]
    pub fn load(&self) -> u64 {
        self.fair.time.load() + u64::from(self.real_time_len) * REAL_TIME_LOAD
    }

    /// Returns the virtual time of the fair threads: how much each has got for its weight, as
    /// of the last [`Self::update`]. Only differences count.
    #[inline]
    pub fn virtual_time(&self) -> u64 {
        self.fair.time.floor()
    }

    /// Returns how many real-time threads run or wait here.
    #[inline]
    pub fn real_time_len(&self) -> u32 {
        self.real_time_len
    }

    /// Returns the thread that runs; `None` if the CPU is idle.
    #[inline]
    pub fn current(&self) -> Option<I> {
        self.current
    }

    /// Adds a thread that is on no queue; it waits here.
    ///
    /// # Panics
    /// If the thread is on a queue.
    #[inline(always)]
    pub fn enqueue(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        start: Start,
        now_ns: u64,
    ) {
        let entity = entities.entity(id);
        assert_eq!(entity.state(), QueueState::Off, "the thread is on a queue already");
        match self.current {
            Some(current) => self.charge(entities.entity(current), now_ns),
            None => self.clock_ns = self.clock_ns.max(now_ns),
        }
        if start == Start::New {
            entity.depart(0);
        }
        match entity.policy().class() {
            Class::RealTime(priority) => {
                entity.set_slice_left_ns(REAL_TIME_SLICE_NS);
                self.real_time.push_back(entities, id, priority);
                self.real_time_len += 1;
            }
            Class::Fair => {
                self.fair.join(entity, entity.lag_on_return(now_ns));
                self.fair.tree.insert(entities, id, &entity.tree);
            }
        }
        entity.set_state(QueueState::Waiting);
        entity.set_since_ns(now_ns);
        self.len += 1;
    }

    /// Takes away a thread that waits here, to move it. It keeps its lag, as of the last
    /// [`Self::update`].
    ///
    /// # Panics
    /// If the thread doesn't wait.
    pub fn dequeue(&mut self, entities: &(impl Entities<Id = I> + ?Sized), id: I) {
        let entity = entities.entity(id);
        assert_eq!(entity.state(), QueueState::Waiting, "the thread doesn't wait");
        self.stop_waiting(entities, id, entity);
        if entity.weight() == 0 {
            self.real_time_len -= 1;
        } else {
            entity.depart(self.fair.leave(entity));
        }
        entity.set_state(QueueState::Off);
        self.len -= 1;
    }

    /// Charges the running thread up to now. To be called before any decision.
    #[inline(never)]
    pub fn update(&mut self, entities: &(impl Entities<Id = I> + ?Sized), now_ns: u64) {
        match self.current {
            Some(current) => self.charge(entities.entity(current), now_ns),
            None => self.clock_ns = self.clock_ns.max(now_ns),
        }
    }

    /// Charges `entity`, which is the running thread's, up to now.
    #[inline(always)]
    pub(crate) fn charge(&mut self, entity: &SchedEntity<I>, now_ns: u64) {
        if now_ns <= self.clock_ns {
            return;
        }
        let time_ns = now_ns - self.clock_ns;
        self.clock_ns = now_ns;
        entity.add_run_time(time_ns);
        if entity.weight() != 0 {
            self.fair.charge(entity, time_ns.min(CHARGE_MAX_NS));
        } else if !matches!(entity.policy(), Policy::Fifo(_)) {
            let time_ns = u32::try_from(time_ns).unwrap_or(u32::MAX);
            entity.set_slice_left_ns(entity.slice_left_ns().saturating_sub(time_ns));
        }
    }

    /// Changes the policy of a thread that runs or waits here. A real-time thread goes
    /// after its new equals; a fair one keeps its lag and what is left of its request.
    ///
    /// # Panics
    /// If the thread is on no queue.
    pub fn set_policy(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        policy: Policy,
        now_ns: u64,
    ) {
        let entity = entities.entity(id);
        let state = entity.state();
        assert_ne!(state, QueueState::Off, "the thread is on no queue");
        self.update(entities, now_ns);
        if policy == entity.policy() {
            return;
        }
        if state == QueueState::Waiting {
            self.stop_waiting(entities, id, entity);
        }
        let mut request_left = None;
        if entity.weight() == 0 {
            self.real_time_len -= 1;
        } else {
            request_left = Some(entity.request_left().max(0));
            entity.depart(self.fair.leave(entity));
        }
        entity.store_policy(policy);
        self.real_time_len += u32::from(entity.weight() == 0);
        match policy.class() {
            // The running one's turn is over if equals wait, so that it goes after them.
            Class::RealTime(priority) if state == QueueState::Running => {
                let has_equals = self.real_time.highest() == Some(priority);
                entity.set_slice_left_ns(if has_equals { 0 } else { REAL_TIME_SLICE_NS });
            }
            Class::RealTime(priority) => {
                entity.set_slice_left_ns(REAL_TIME_SLICE_NS);
                self.real_time.push_back(entities, id, priority);
            }
            Class::Fair => {
                self.fair.join(entity, entity.lag_on_return(now_ns));
                if let Some(service) = request_left {
                    entity.request(service);
                }
                if state == QueueState::Waiting {
                    self.fair.tree.insert(entities, id, &entity.tree);
                }
            }
        }
    }

    /// Takes a waiting thread out of its list or of the tree.
    #[inline(always)]
    pub(crate) fn stop_waiting(
        &mut self,
        entities: &(impl Entities<Id = I> + ?Sized),
        id: I,
        entity: &SchedEntity<I>,
    ) {
        match entity.policy().class() {
            Class::RealTime(priority) => self.real_time.remove(entities, id, priority),
            Class::Fair => self.fair.tree.remove(entities, id, &entity.tree),
        }
    }
}

impl<I: Copy + Eq> Default for RunQueue<I> {
    fn default() -> Self {
        Self::new()
    }
}
