//! Tests: encodings by the tables of the specification, queues and pointers against naive models.

mod encodings;
mod pointers;
mod rings;
