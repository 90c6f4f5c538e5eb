mod channel;
mod condvar;
mod latch;
mod lot;
mod mutex;
mod semaphore;
mod wait_queue;
