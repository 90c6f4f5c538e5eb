//! Farjump: a small, readable x86_64 kernel that GRUB boots by Multiboot2.
//!
//! [`bring_up`] is the order in which everything starts. The modules are called rooms; a room uses
//! only rooms below it:
//!
//! | room | owns | `unsafe` |
//! | --- | --- | --- |
//! | [`bring_up`] | the order in which everything starts | no |
//! | [`first_program`] | the first program, and the end of the machine after it | no |
//! | [`testing`] | the framework of the kernels in `tests/` | no |
//! | [`monitor`] | the prompt and its commands | no |
//! | [`fs`] | files: paths, mounts, file systems, open files | no |
//! | [`procfs`] | processes and the machine as files | no |
//! | [`syscall`] | system calls | no |
//! | [`process`] | processes and signals | no |
//! | [`tty`] | terminals of programs | no |
//! | [`profile`] | samples of what CPUs execute | no |
//! | [`panic`] | the report of a panic or a fatal exception | no |
//! | [`task`] | threads, the scheduler, waiting | no |
//! | [`symbols`] | the symbols of addresses | no |
//! | [`console`] | text in and out, on the serial line and the screen | no |
//! | [`boot`] | the loader's information, and the command line's options | yes |
//! | [`seal`] | the check of what was loaded against its owner's signature | no |
//! | [`block`] | disks and their partitions | no |
//! | [`drivers`] | devices, PCI, disks, the clock, ACPI tables | yes |
//! | [`mm`] | memory: frames, the kernel's address space, its heap | yes |
//! | [`random`] | random numbers | no |
//! | [`sync`] | spin locks with ranks, and locks whose waiters sleep | one |
//! | [`klog`] | the log, and its sinks | no |
//! | [`arch`] | the CPU and the PC's interrupt and timer chips | yes |
//!
//! Below the rooms are the crates in `crates/`, pure logic that is tested on the host. A lower room
//! calls a higher one only by a function that the higher room has registered.
//!
//! The unit tests run on a machine with all features that the kernel supports. Its clock counts
//! instructions, so that its times don't depend on the host:
//!
//! QEMU: -cpu max -icount shift=3,sleep=off -rtc clock=vm

#![no_std]
#![cfg_attr(test, no_main)]
#![feature(abi_x86_interrupt)]
#![feature(allow_internal_unsafe)]
#![expect(internal_features, reason = "`per_cpu!` puts variables into a section of their own")]
#![feature(allocator_api)]
#![feature(alloc_error_handler)]
#![feature(custom_test_frameworks)]
#![test_runner(crate::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

#[expect(unsafe_code, reason = "ports, control registers, tables that the CPU reads")]
pub mod arch;
pub mod block;
#[expect(unsafe_code, reason = "reads the loader's structure at its physical address")]
pub mod boot;
pub mod bring_up;
pub mod console;
#[expect(unsafe_code, reason = "device registers and device memory")]
pub mod drivers;
pub mod first_program;
pub mod fs;
pub mod klog;
#[expect(unsafe_code, reason = "page tables, the heap, memory of devices, linker symbols")]
pub mod mm;
pub mod monitor;
pub mod panic;
pub mod process;
pub mod procfs;
pub mod profile;
pub mod random;
pub mod seal;
pub mod symbols;
pub mod sync;
pub mod syscall;
pub mod task;
pub mod testing;
pub mod tty;

#[cfg(test)]
test_kernel!(test_main);
