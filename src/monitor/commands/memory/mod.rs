//! Commands that show memory.

pub(in crate::monitor) mod audit;
pub(in crate::monitor) mod frames;
pub(in crate::monitor) mod heap;
pub(in crate::monitor) mod hexdump;
pub(in crate::monitor) mod maps;
pub(in crate::monitor) mod mem;
pub(in crate::monitor) mod modules;
pub(in crate::monitor) mod peek;
pub(in crate::monitor) mod poke;
pub(in crate::monitor) mod pt;
