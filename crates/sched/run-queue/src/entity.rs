//! The part of a run queue that each thread has.

use core::cell::Cell;

use crate::links::{ListLink, TreeLink};
use crate::policy::{IDLE_WEIGHT, NICE_0_SHIFT, NICE_0_WEIGHT, Policy, Slice, units};
use crate::virtual_time::Position;

/// The most lag, or debt, that a thread takes from one queue to another: about 2 s of
/// service. Only a thread that was not interrupted in time has more debt.
const LAG_MAX: i64 = 1 << 41;

/// After how long off the queue any debt is forgiven: about 69 s.
const DEBT_LIFE_NS: u64 = 1 << 36;

/// Finds the entity of a thread.
pub trait Entities {
    /// The type of ids: a number, or a reference.
    type Id: Copy + Eq;

    /// Returns the entity of `id`: always the same one for the same id. It is asked for the ids
    /// that were given to the queue.
    fn entity(&self, id: Self::Id) -> &SchedEntity<Self::Id>;
}

/// The entities in a row, by their index.
impl Entities for [SchedEntity] {
    type Id = u32;

    #[inline]
    fn entity(&self, id: u32) -> &SchedEntity {
        &self[id as usize]
    }
}

/// What a thread keeps for the [`RunQueue`](crate::RunQueue) that it is on, and between
/// two of them.
///
/// Its fields are cells: the lock of the run queue owns the entities of its threads, and what it
/// guards is opened by one CPU at a time.
pub struct SchedEntity<I = u32> {
    /// For the fair class: the place in the tree, with vruntime and deadline.
    pub(crate) tree: TreeLink<I>,
    /// Of the policy; 0 for real-time.
    weight: Cell<u32>,
    /// The service beyond the vruntime, below the weight.
    remainder: Cell<u32>,
    slice: Cell<Slice>,
    /// For the real-time class: the rest of the slice.
    slice_left_ns: Cell<u32>,
    /// For the real-time class: the place in the list.
    pub(crate) list: ListLink<I>,
    policy: Cell<Policy>,
    state: Cell<QueueState>,
    run_time_ns: Cell<u64>,
    /// When it came to the queue.
    since_ns: Cell<u64>,
    /// The lag, in service, with which it left a queue.
    lag: Cell<i64>,
    /// When it blocked, and the load of the queue, itself included; `None` if it was moved.
    left: Cell<Option<(u64, u64)>>,
}

/// Whether a thread is on a run queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueState {
    /// It is on none: it blocks, is new, or is being moved.
    Off,
    /// It waits for the CPU.
    Waiting,
    /// It has the CPU.
    Running,
}

impl<I: Copy> SchedEntity<I> {
    /// Returns the entity of a thread that is on no queue, with [`Slice::BASE`].
    pub const fn new(policy: Policy) -> Self {
        Self {
            tree: TreeLink::new(),
            weight: Cell::new(weight_of(policy)),
            remainder: Cell::new(0),
            slice: Cell::new(Slice::BASE),
            slice_left_ns: Cell::new(0),
            list: ListLink::new(),
            policy: Cell::new(policy),
            state: Cell::new(QueueState::Off),
            run_time_ns: Cell::new(0),
            since_ns: Cell::new(0),
            lag: Cell::new(0),
            left: Cell::new(None),
        }
    }

    /// Returns the policy.
    #[inline]
    pub fn policy(&self) -> Policy {
        self.policy.get()
    }

    /// Changes the policy of a thread that is on no queue; for another there is
    /// [`RunQueue::set_policy`](crate::RunQueue::set_policy).
    ///
    /// # Panics
    /// If the thread is on a queue.
    pub fn set_policy(&self, policy: Policy) {
        assert_eq!(self.state(), QueueState::Off, "the queue has to know of the change");
        self.store_policy(policy);
    }

    /// Returns the length of a fair thread's requests.
    pub fn slice(&self) -> Slice {
        self.slice.get()
    }

    /// Changes the length of a fair thread's requests, from the next request on.
    pub fn set_slice(&self, slice: Slice) {
        self.slice.set(slice);
    }

    /// Returns whether the thread is on a queue.
    #[inline]
    pub fn state(&self) -> QueueState {
        self.state.get()
    }

    /// Returns how long the thread ran in all, as far as it was charged.
    #[inline]
    pub fn run_time_ns(&self) -> u64 {
        self.run_time_ns.get()
    }

    #[inline]
    pub(crate) fn since_ns(&self) -> u64 {
        self.since_ns.get()
    }

    #[inline]
    pub(crate) fn set_since_ns(&self, now_ns: u64) {
        self.since_ns.set(now_ns);
    }

    #[inline]
    pub(crate) fn set_state(&self, state: QueueState) {
        self.state.set(state);
    }

    pub(crate) fn store_policy(&self, policy: Policy) {
        self.policy.set(policy);
        self.weight.set(weight_of(policy));
    }

    #[inline]
    pub(crate) fn weight(&self) -> u32 {
        self.weight.get()
    }

    #[inline]
    pub(crate) fn add_run_time(&self, ns: u64) {
        self.run_time_ns.set(self.run_time_ns().wrapping_add(ns));
    }

    #[inline]
    pub(crate) fn slice_left_ns(&self) -> u32 {
        self.slice_left_ns.get()
    }

    #[inline]
    pub(crate) fn set_slice_left_ns(&self, ns: u32) {
        self.slice_left_ns.set(ns);
    }

    #[inline]
    pub(crate) fn position(&self) -> Position {
        Position { vruntime: self.tree.vruntime.get(), remainder: self.remainder.get() }
    }

    #[inline]
    pub(crate) fn set_position(&self, position: Position) {
        self.tree.vruntime.set(position.vruntime);
        self.remainder.set(position.remainder);
    }

    /// Sets the deadline of a new request: a slice later in virtual time.
    #[inline]
    pub(crate) fn request_slice(&self) {
        self.request(i64::from(self.slice.get().length_ns()) << NICE_0_SHIFT);
    }

    /// Sets the deadline of a request for `service`.
    #[inline]
    pub(crate) fn request(&self, service: i64) {
        let (units, _) = units(service, self.weight());
        self.tree.deadline.set(self.tree.vruntime.get().wrapping_add_signed(units));
    }

    /// Returns the rest of the request, in service; less than 0 if it had more.
    #[inline]
    pub(crate) fn request_left(&self) -> i64 {
        let position = self.position();
        let units = self.tree.deadline.get().wrapping_sub(position.vruntime) as i64;
        // It fits: see `virtual_time`.
        units.wrapping_mul(i64::from(self.weight())).wrapping_sub(i64::from(position.remainder))
    }

    /// Returns for how long the request lasts from now on, in nanoseconds, rounded up.
    #[inline]
    pub(crate) fn request_left_ns(&self) -> u64 {
        if self.weight() == NICE_0_WEIGHT {
            // A unit of virtual time is a nanosecond, and the remainder less than that.
            let units = self.tree.deadline.get().wrapping_sub(self.tree.vruntime.get()) as i64;
            return units.max(0) as u64;
        }
        (self.request_left().max(0) as u64).div_ceil(u64::from(NICE_0_WEIGHT))
    }

    /// Keeps the lag of a thread that blocks now, on a queue with this load. More than
    /// its slice is lost, so that sleepers can't hoard.
    #[inline]
    pub(crate) fn block(&self, lag: i64, now_ns: u64, load: u64) {
        let slice = i64::from(self.slice.get().length_ns()) << NICE_0_SHIFT;
        self.lag.set(lag.clamp(-LAG_MAX, slice));
        self.left.set(Some((now_ns, load)));
    }

    /// Keeps the lag of a thread that is moved.
    pub(crate) fn depart(&self, lag: i64) {
        self.lag.set(lag.clamp(-LAG_MAX, LAG_MAX));
        self.left.set(None);
    }

    /// Returns the lag of a thread that comes back now.
    ///
    /// Lag is kept. Debt is forgiven by and by, as fast as the thread would have made up
    /// for it by waiting in the queue where it blocked: by its share in the load there.
    #[inline]
    pub(crate) fn lag_on_return(&self, now_ns: u64) -> i64 {
        let lag = self.lag.get();
        let Some((left_ns, load)) = self.left.get().filter(|_| lag < 0) else {
            return lag;
        };
        let asleep_ns = now_ns.saturating_sub(left_ns);
        if asleep_ns >= DEBT_LIFE_NS {
            return 0;
        }
        let regained = (asleep_ns << NICE_0_SHIFT) * u64::from(self.weight()) / load;
        lag.saturating_add_unsigned(regained).min(0)
    }
}

impl<I: Copy> Default for SchedEntity<I> {
    /// Returns the entity of a thread of [`Policy::DEFAULT`].
    fn default() -> Self {
        Self::new(Policy::DEFAULT)
    }
}

/// Returns the weight of a policy; 0 if it has none.
const fn weight_of(policy: Policy) -> u32 {
    match policy {
        Policy::RealTime(_) | Policy::Fifo(_) => 0,
        Policy::Fair(nice) | Policy::Batch(nice) => nice.weight(),
        Policy::Idle => IDLE_WEIGHT,
    }
}
