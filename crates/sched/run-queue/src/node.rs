//! What each thread keeps of its run queue.

use core::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use crate::list_link::ListLink;
use crate::policy::{NICE_0_SHIFT, Policy, Slice, units};
use crate::tree_link::TreeLink;
use crate::virtual_time::Position;

/// The most lag, or debt, that a thread takes from one queue to another: about 2 s of
/// service. Only a thread that nobody interrupted in time has more debt.
const LAG_MAX: i64 = 1 << 41;

/// After how long off the queue any debt is forgiven: about 69 s.
const DEBT_LIFE_NS: u64 = 1 << 36;

/// Finds the node of a thread.
pub trait Nodes {
    /// Returns the node of `id`: always the same one for the same id. It is asked for
    /// the ids that were given to the queue, never for [`NONE`](crate::NONE).
    fn node(&self, id: u32) -> &Node;
}

/// The nodes in a row, by their index.
impl Nodes for [Node] {
    #[inline]
    fn node(&self, id: u32) -> &Node {
        &self[id as usize]
    }
}

/// What a thread keeps for the [`RunQueue`](crate::RunQueue) that it is on, and between
/// two of them.
///
/// The fields are atomic only so that a shared reference can change them. All accesses
/// are relaxed, which are plain moves: who owns the run queue, by its lock, owns the
/// nodes of its threads; who moves a thread owns it in between.
#[derive(Debug)]
pub struct Node {
    /// For the fair class: the place in the tree, with vruntime and deadline.
    pub(crate) tree: TreeLink,
    /// Of the policy; 0 for real-time.
    weight: AtomicU32,
    /// What was served beyond the vruntime, below the weight.
    remainder: AtomicU32,
    slice_ns: AtomicU32,
    /// For the real-time class: what is left of the slice.
    slice_left_ns: AtomicU32,
    /// For the real-time class: the place in the list.
    pub(crate) list: ListLink,
    policy: AtomicU8,
    state: AtomicU8,
    run_time_ns: AtomicU64,
    /// When it came to the queue.
    since_ns: AtomicU64,
    /// What it took along when it left a queue, in service.
    lag: AtomicI64,
    /// When it blocked, and the load of the queue, itself included. The load is 0 if it
    /// was moved.
    left_ns: AtomicU64,
    left_load: AtomicU64,
}

/// Whether a thread is on a run queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is on none: it blocks, is new, or is being moved.
    Off,
    /// It waits for the processor.
    Waiting,
    /// It has the processor.
    Running,
}

impl Node {
    /// Returns the node of a thread that is on no queue, with [`Slice::BASE`].
    pub const fn new(policy: Policy) -> Self {
        Self {
            tree: TreeLink::new(),
            weight: AtomicU32::new(weight_of(policy)),
            remainder: AtomicU32::new(0),
            slice_ns: AtomicU32::new(Slice::BASE.length_ns()),
            slice_left_ns: AtomicU32::new(0),
            list: ListLink::new(),
            policy: AtomicU8::new(policy.encoded()),
            state: AtomicU8::new(State::Off as u8),
            run_time_ns: AtomicU64::new(0),
            since_ns: AtomicU64::new(0),
            lag: AtomicI64::new(0),
            left_ns: AtomicU64::new(0),
            left_load: AtomicU64::new(0),
        }
    }

    /// Returns the policy.
    #[inline]
    pub fn policy(&self) -> Policy {
        Policy::decoded(self.policy.load(Relaxed))
    }

    /// Changes the policy of a thread that is on no queue; for another there is
    /// [`RunQueue::set_policy`](crate::RunQueue::set_policy).
    ///
    /// # Panics
    /// If the thread is on a queue.
    pub fn set_policy(&self, policy: Policy) {
        assert_eq!(self.state(), State::Off, "the queue has to know of the change");
        self.store_policy(policy);
    }

    /// Returns how much time a fair thread asks for at once.
    pub fn slice(&self) -> Slice {
        Slice::try_new(self.slice_ns.load(Relaxed)).expect("only lengths of slices are stored")
    }

    /// Changes how much time a fair thread asks for at once: from its next turn on.
    pub fn set_slice(&self, slice: Slice) {
        self.slice_ns.store(slice.length_ns(), Relaxed);
    }

    /// Returns whether the thread is on a queue.
    #[inline]
    pub fn state(&self) -> State {
        match self.state.load(Relaxed) {
            0 => State::Off,
            1 => State::Waiting,
            _ => State::Running,
        }
    }

    /// Returns how long the thread ran in all, as far as it was charged.
    #[inline]
    pub fn run_time_ns(&self) -> u64 {
        self.run_time_ns.load(Relaxed)
    }

    #[inline]
    pub(crate) fn since_ns(&self) -> u64 {
        self.since_ns.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_since_ns(&self, now_ns: u64) {
        self.since_ns.store(now_ns, Relaxed);
    }

    #[inline]
    pub(crate) fn set_state(&self, state: State) {
        self.state.store(state as u8, Relaxed);
    }

    pub(crate) fn store_policy(&self, policy: Policy) {
        self.policy.store(policy.encoded(), Relaxed);
        self.weight.store(weight_of(policy), Relaxed);
    }

    #[inline]
    pub(crate) fn weight(&self) -> u32 {
        self.weight.load(Relaxed)
    }

    #[inline]
    pub(crate) fn add_run_time(&self, ns: u64) {
        self.run_time_ns.store(self.run_time_ns().wrapping_add(ns), Relaxed);
    }

    #[inline]
    pub(crate) fn slice_left_ns(&self) -> u32 {
        self.slice_left_ns.load(Relaxed)
    }

    #[inline]
    pub(crate) fn set_slice_left_ns(&self, ns: u32) {
        self.slice_left_ns.store(ns, Relaxed);
    }

    #[inline]
    pub(crate) fn position(&self) -> Position {
        Position { vruntime: self.tree.vruntime(), remainder: self.remainder.load(Relaxed) }
    }

    #[inline]
    pub(crate) fn set_position(&self, position: Position) {
        self.tree.set_vruntime(position.vruntime);
        self.remainder.store(position.remainder, Relaxed);
    }

    /// Sets the deadline of a new request: a slice later in virtual time.
    #[inline]
    pub(crate) fn request_slice(&self) {
        self.request(i64::from(self.slice_ns.load(Relaxed)) << NICE_0_SHIFT);
    }

    /// Sets the deadline of a request for `service`.
    #[inline]
    pub(crate) fn request(&self, service: i64) {
        let (units, _) = units(service, self.weight());
        self.tree.set_deadline(self.tree.vruntime().wrapping_add_signed(units));
    }

    /// Returns what is left of the request, in service; less than 0 if it had more.
    #[inline]
    pub(crate) fn request_left(&self) -> i64 {
        let position = self.position();
        let units = self.tree.deadline().wrapping_sub(position.vruntime) as i64;
        units * i64::from(self.weight()) - i64::from(position.remainder)
    }

    /// Keeps the lag of a thread that blocks now, on a queue with this load. More than
    /// its slice is lost, so that sleepers can't hoard.
    pub(crate) fn block(&self, lag: i64, now_ns: u64, load: u64) {
        let slice = i64::from(self.slice_ns.load(Relaxed)) << NICE_0_SHIFT;
        self.lag.store(lag.clamp(-LAG_MAX, slice), Relaxed);
        self.left_ns.store(now_ns, Relaxed);
        self.left_load.store(load, Relaxed);
    }

    /// Keeps the lag of a thread that is moved.
    pub(crate) fn depart(&self, lag: i64) {
        self.lag.store(lag.clamp(-LAG_MAX, LAG_MAX), Relaxed);
        self.left_load.store(0, Relaxed);
    }

    /// Returns the lag of a thread that comes back now.
    ///
    /// Lag is kept. Debt is forgiven by and by, as fast as the thread would have made up
    /// for it by waiting in the queue where it blocked: by its share in the load there.
    pub(crate) fn lag_on_return(&self, now_ns: u64) -> i64 {
        let (lag, load) = (self.lag.load(Relaxed), self.left_load.load(Relaxed));
        if lag >= 0 || load == 0 {
            return lag;
        }
        let asleep_ns = now_ns.saturating_sub(self.left_ns.load(Relaxed));
        if asleep_ns >= DEBT_LIFE_NS {
            return 0;
        }
        let regained = (asleep_ns << NICE_0_SHIFT) * u64::from(self.weight()) / load;
        lag.saturating_add_unsigned(regained).min(0)
    }
}

impl Default for Node {
    /// Returns the node of a thread of [`Policy::DEFAULT`].
    fn default() -> Self {
        Self::new(Policy::DEFAULT)
    }
}

/// Returns the weight of a policy; 0 if it has none.
const fn weight_of(policy: Policy) -> u32 {
    match policy {
        Policy::RealTime(_) => 0,
        Policy::Fair(nice) => nice.weight(),
    }
}
