//! System calls, with Linux's numbers and behaviour on x86-64.
//!
//! | module | what |
//! | --- | --- |
//! | [`table`] | each implemented call: number, name, arguments, handler |
//! | [`call`] | a call: its arguments, and copies from and to the program |
//! | [`names`] | the names of all calls, also of those that aren't implemented |
//! | [`strace`] | calls as lines of the log |
//! | [`errno`], [`errno_of`] | error numbers, also for the errors of lower rooms |
//! | [`path_text`], [`user_string`] | paths and other strings that a program has passed |
//! | [`place`] | the directories at which the paths of a call start |
//! | [`versioned`] | structures that grow from version to version |
//! | [`memory`], [`memory_lock`], [`foreign_memory`], [`barrier`], [`process`], [`clone`], [`wait`], [`futex`], [`group`], [`signal`], [`signal_queue`] | processes |
//! | [`identity`], [`capability`], [`limit`], [`usage`], [`schedule`], [`policy`], [`nice`], [`rseq`], [`prctl`] | identity, limits and scheduling of processes |
//! | [`file`], [`vectored`], [`fcntl`], [`lock`], [`transfer`], [`splice`], [`storage`], [`stat`], [`statx`], [`file_times`], [`memfd`], [`name`], [`terminal`] | files |
//! | [`poll`], [`select`], [`epoll`], [`eventfd`], [`timeout`] | waiting for files |
//! | [`time`], [`timer`], [`sleep`], [`uname`], [`syslog`], [`system`] | the rest |
//!
//! A number without a handler returns ENOSYS, and is counted by name ([`missing`]). A flag or a
//! command that isn't supported is an error. Only this room has error numbers.

#![forbid(unsafe_code)]

mod barrier;
mod block_ioctl;
pub mod call;
mod capability;
mod clone;
mod epoll;
pub mod errno;
mod errno_of;
mod eventfd;
mod extended_attributes;
mod fcntl;
mod file;
mod file_times;
mod foreign_memory;
mod futex;
mod group;
mod identity;
mod ioctl;
mod limit;
mod lock;
mod memfd;
mod memory;
mod memory_lock;
pub mod missing;
mod mount;
mod name;
pub mod names;
mod nice;
mod path_text;
mod place;
mod policy;
mod poll;
mod prctl;
mod process;
mod rseq;
mod schedule;
mod select;
mod signal;
mod signal_queue;
mod sleep;
mod splice;
mod stat;
mod statx;
mod storage;
pub mod strace;
mod syslog;
mod system;
pub mod table;
mod terminal;
mod time;
mod timeout;
mod timer;
mod transfer;
mod uname;
mod usage;
mod user_string;
mod vectored;
mod versioned;
mod wait;

use crate::arch::trap::frame::TrapFrame;
use crate::process::thread::ProcessThread;
use call::{Call, CallResult, Failure};
use errno::Errno;

/// Handles the system call of `thread` whose registers are in `frame`.
pub fn handle(thread: &ProcessThread, frame: &mut TrapFrame) {
    // As on Linux, the upper half of the register is ignored.
    let number = u64::from(frame.rax as u32);
    let Some(handler) = table::direct_handler(number) else {
        return handle_other(thread, frame);
    };
    let result = handler(&mut Call { thread, frame });
    finish(thread, frame, result);
}

/// Handles a call that isn't implemented, or any call while calls are traced.
#[cold]
fn handle_other(thread: &ProcessThread, frame: &mut TrapFrame) {
    // As on Linux, the upper half of the register is ignored.
    let number = u64::from(frame.rax as u32);
    let result = match table::handler(number) {
        Some(handler) => strace::run(&mut Call { thread, frame }, handler),
        None => {
            missing::note(number);
            strace::run(&mut Call { thread, frame }, |_| Err(Errno::ENOSYS.into()))
        }
    };
    finish(thread, frame, result);
}

/// Sets the result of a call.
#[inline]
fn finish(thread: &ProcessThread, frame: &mut TrapFrame, result: CallResult) {
    match result {
        Ok(result) => frame.rax = result,
        Err(failure) => fail(thread, frame, failure),
    }
}

#[cold]
fn fail(thread: &ProcessThread, frame: &mut TrapFrame, failure: Failure) {
    match failure {
        Failure::Errno(errno) => frame.rax = errno.result(),
        // The call has set the registers: sigreturn, exec.
        Failure::RegistersAreSet => {}
        Failure::Interrupted(interruption) => {
            frame.rax = Errno::EINTR.result();
            thread.set_interruption(interruption);
        }
    }
}
