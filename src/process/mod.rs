//! Processes: their memory, descriptors, signals, relations, and the programs that they run.
//!
//! | module | what |
//! | --- | --- |
//! | [`process`] | a process: the state that its threads share |
//! | [`thread`], [`user_thread`] | a thread of it, and its entries to the kernel |
//! | [`thread_handle`], [`threads`], [`thread_group`] | the threads of a process, which are woken, stop and end together |
//! | [`futex`] | threads that wait until a word of memory changes |
//! | [`attention`] | the work of a thread before it returns to ring 3 |
//! | [`table`], [`groups`] | all processes, and their relations |
//! | [`pid`], [`pidfd`], [`end_event`] | numbers and descriptors of processes |
//! | [`current`] | the running thread and its process |
//! | [`uts`] | the names of the system |
//! | [`init`], [`init_status`] | the first process, and its status at its end |
//! | [`loader`] | loading a program from a file to an address space |
//! | [`out_of_memory`] | the choice of the process to kill when no memory is left |
//! | [`exec`] | running another program in the same process |
//! | [`fork`], [`thread_start`] | making a process, making a thread |
//! | [`exit`], [`exit_status`] | the end of a process |
//! | [`wait`], [`usage`], [`accounting`] | waiting for children, and their usage |
//! | [`signal_sending`], [`signal_delivery`], [`stop`] | signals |
//! | [`terminals`] | the functions of processes that terminals use |
//! | [`timers`], [`process_timers`] | timers |
//! | [`trace`] | the events of threads for a tracer |
//! | [`signal_file`] | files from which signals are read |
//! | [`attributes`] | the attributes that prctl(2) sets |
//! | [`surroundings`] | the directories at which paths start |
//! | [`descriptors`], [`descriptor_share`] | file descriptors, and the processes that use them |
//! | [`identity`] | the identity of a thread: users, groups, capabilities |
//! | [`rseq`] | restartable sequences |
//! | [`scheduling`] | the scheduling attributes of threads |
//! | [`limits`], [`file_size`] | resource limits |
//!
//! The system calls are in the room `syscall`, which registers their handler here.
//!
//! Locks, from outer to inner: the table of processes, then the spin locks of a process
//! ([`Rank::Process`](crate::sync::Rank::Process)), of which only one is held at a time. A drop may
//! take other locks, so objects that own files or memory are never dropped under a spin lock.

#![forbid(unsafe_code)]

pub mod accounting;
pub mod attention;
pub mod attributes;
pub mod current;
mod descriptor_share;
pub mod descriptors;
mod end_event;
pub mod exec;
mod exit;
pub mod exit_status;
mod file_size;
pub mod fork;
pub mod futex;
pub mod groups;
pub mod identity;
pub mod init;
pub mod init_status;
pub mod limits;
mod loader;
pub mod out_of_memory;
pub mod pid;
pub mod pidfd;
#[expect(clippy::module_inception, reason = "the room's main type has the room's name")]
pub mod process;
pub mod process_timers;
pub mod rseq;
pub mod scheduling;
pub mod signal_delivery;
pub mod signal_file;
pub mod signal_sending;
mod stop;
pub mod surroundings;
pub mod table;
mod terminals;
pub mod thread;
mod thread_group;
pub mod thread_handle;
pub mod thread_start;
mod threads;
pub mod timers;
pub mod trace;
pub mod usage;
mod user_thread;
pub mod uts;
pub mod wait;

use crate::arch::boot_stage::{self, Stage};
use crate::boot::{Addresses, Options};
use crate::fs::Files;
use crate::mm::user::huge_pages;

pub use loader::LoadError;
pub use user_thread::SystemCalls;

/// Proof that there can be processes.
#[derive(Clone, Copy, Debug)]
pub struct Processes(());

/// Starts the room. `system_calls` handles the system calls of processes; `options` determine the
/// layout of programs, and which of their memory may have huge pages.
pub fn start(_files: Files, system_calls: SystemCalls, options: &Options) -> Processes {
    boot_stage::mark(Stage::Processes);
    huge_pages::start(options.huge_pages);
    if options.addresses == Addresses::Fixed {
        loader::fix_layout();
    }
    user_thread::set_system_calls(system_calls);
    terminals::start();
    file_size::start();
    Processes(())
}
