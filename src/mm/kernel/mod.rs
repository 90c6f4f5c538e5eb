//! The kernel's own memory.
//!
//! | module | what |
//! | --- | --- |
//! | [`layout`] | every address constant |
//! | [`ram`] | the map of physical memory |
//! | [`loader_memory`] | modules |
//! | [`frames`] | the allocator of frames, and a record for each |
//! | [`kernel_space`] | the kernel's page table |
//! | [`stacks`], [`kernel_stack`] | kernel stacks and their guards |
//! | [`device_memory`], [`device_names`] | memory of devices |
//! | [`scratch`] | a page that is mapped to measure how long that takes |
//! | [`dma_memory`] | memory that devices access |
//! | [`firmware_memory`] | copies of the firmware's memory |
//! | [`trampoline`] | the page at which other CPUs start |
//! | [`reclaim`] | freeing memory that can be read again |
//! | [`heap`] | the heap, for `alloc` |

pub mod device_memory;
pub(in crate::mm) mod device_names;
pub mod dma_memory;
pub mod firmware_memory;
pub mod frames;
pub mod heap;
pub mod image;
pub mod kernel_space;
pub mod kernel_stack;
pub mod layout;
pub mod loader_memory;
pub mod ram;
pub mod reclaim;
pub mod scratch;
pub mod screen_memory;
mod stack_use;
pub mod stacks;
pub mod trampoline;
