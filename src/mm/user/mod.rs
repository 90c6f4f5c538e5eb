//! Memory of programs: address spaces, page faults, and copies from and to programs.
//!
//! | module | what |
//! | --- | --- |
//! | [`address_space`] | an address space: its regions and its page table |
//! | [`mappings`] | its regions and its page table |
//! | [`page_table`] | the page table, and the frames that it refers to |
//! | [`backing`] | the contents of the pages of a region |
//! | [`reverse_map`] | the address spaces that map an object, so that its pages can be unmapped |
//! | [`shared_memory`] | memory that processes share without a file |
//! | [`fault`] | page faults, which allocate pages |
//! | [`fault_around`] | the pages of a file that one fault maps |
//! | [`mapping`] | changes of regions: mmap, munmap, mprotect, mremap, brk |
//! | [`foreign`] | access to the memory of a program that does not run |
//! | [`statistics`] | the size of an address space, and the number of its present pages |
//! | [`fork`] | a copy of an address space |
//! | [`huge_pages`] | pages of 2 MiB |
//! | [`commit`] | the amount of memory that is promised to programs |
//! | [`vdso`] | the code and the data that all programs have |
//! | [`pointer`] | typed copies from and to the memory of the running program |
//!
//! No data are copied from or to a program while its mappings are locked: such a copy may fault,
//! and the fault takes that lock.

pub mod address_space;
pub mod backing;
pub mod commit;
pub mod fault;
mod fault_around;
pub mod foreign;
pub mod fork;
mod frame_references;
pub mod huge_pages;
pub mod inspection;
mod mapping;
pub mod mappings;
pub mod page_table;
pub mod pointer;
pub mod reverse_map;
pub mod shared_memory;
pub mod statistics;
pub mod vdso;
