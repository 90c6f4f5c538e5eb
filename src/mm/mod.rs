//! Memory. So far: where things are in the address space.

#![forbid(unsafe_code)]

pub mod layout;
