//! The memory of programs: the lower half of an address space.

pub mod address_space;
