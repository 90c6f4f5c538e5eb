mod latch;
mod lot;
mod mutex;
mod wait_queue;
