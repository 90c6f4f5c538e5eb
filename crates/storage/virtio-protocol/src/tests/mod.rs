//! Tests: encodings by the tables of the specification, rings and descriptors against a device that
//! reads them.

mod encodings;
mod queues;
