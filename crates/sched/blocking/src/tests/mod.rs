mod latch;
mod loose_lot;
mod lot;
mod mutex;
mod rw_lock;
mod wait_queue;
mod word;

pub(crate) use word::AtomicU32;
