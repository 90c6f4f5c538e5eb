//! Delivery of signals, before a thread returns to ring 3.

use ::signals as pure;
use pure::frame::{self, FRAME_BYTES, FrameError, Machine, Registers};
use pure::{Action, Code, Delivery, Resume, SigInfo, Signal, SignalSet, ThreadSignals};

use super::exit_status::ExitStatus;
use super::pid::Pid;
use super::signal_sending;
use super::stop;
use super::table;
use super::thread::ProcessThread;
use super::threads::Stop;
use super::trace::{self, Event};
use crate::arch::trap::frame::TrapFrame;
use crate::mm::user::pointer;
use crate::task::signal_fpu;

/// Whether all signals were delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivered {
    /// The thread returns to ring 3.
    Done,
    /// There may be more signals.
    Again,
}

/// The length of the SYSCALL instruction, in bytes.
const SYSCALL_BYTES: u64 = 2;

/// Delivers the next signals of the thread. The registers of its program are in `frame`.
pub(super) fn deliver(thread: &ProcessThread, frame: &mut TrapFrame) -> Delivered {
    let process = thread.process();
    // Computed only for stops, because it requires a check of all processes.
    let mut has_orphaned_group = None;
    let mut interruption = thread.take_interruption();
    loop {
        let action = thread.with_signals(|state, own| {
            // The usual case after a handler's signal, by one comparison.
            if !own.has_signal(&state.shared) {
                return Some((Action::None, state.continues));
            }
            let has_stop =
                !((own.pending.set() | state.shared.set()) & SignalSet::STOPS).is_empty();
            if has_stop && has_orphaned_group.is_none() {
                return None;
            }
            let shared = pure::Process {
                shared: &mut state.shared,
                dispositions: &mut state.dispositions,
                kind: process.kind,
                has_orphaned_group: has_orphaned_group.unwrap_or(false),
            };
            Some((pure::next_action(own, shared), state.continues))
        });
        let Some((action, taken_after)) = action else {
            has_orphaned_group = Some(is_group_orphaned(process.pid()));
            continue;
        };
        match action {
            Action::None => {
                if let Some(interruption) = interruption {
                    resume_call(frame, interruption.resume(None));
                }
                thread.with_own_signals(ThreadSignals::restore_blocked);
                return Delivered::Done;
            }
            Action::Deliver(delivery) => {
                trace::report(thread, Event::Signal(&delivery.info));
                if let Some(interruption) = interruption.take() {
                    resume_call(frame, interruption.resume(Some(&delivery)));
                }
                if enter_handler(thread, frame, &delivery).is_err() {
                    refuse(thread, &delivery);
                    return Delivered::Again;
                }
            }
            Action::Terminate { info, core } => {
                // As strace shows it, SIGKILL is only an end.
                if info.signal != Signal::KILL {
                    trace::report(thread, Event::Signal(&info));
                }
                let status = ExitStatus::Killed { signal: info.signal, core };
                process.end(status);
                return Delivered::Again;
            }
            Action::Stop(signal) => {
                trace::report(thread, Event::Stopped(signal));
                if let Some(interruption) = interruption.take() {
                    // The call continues after the stop, unless a handler changes that.
                    thread.set_interruption(interruption);
                }
                process.begin_stop(Stop { signal, taken_after }, thread.handle());
                stop::stop_here(thread);
                return Delivered::Again;
            }
        }
    }
}

fn is_group_orphaned(pid: Pid) -> bool {
    let table = table::lock();
    let group = table.get(pid).map(|entry| entry.group);
    group.is_none_or(|group| table.is_orphaned(group, None))
}

/// Sets the registers of a program whose system call was interrupted.
fn resume_call(frame: &mut TrapFrame, resume: Resume) {
    let Some(number) = frame.system_call() else {
        return;
    };
    match resume {
        Resume::Interrupted => {}
        Resume::Again => {
            frame.rax = number;
            frame.rip -= SYSCALL_BYTES;
        }
        Resume::ByRestartSyscall => {
            frame.rax = pure::RESTART_SYSCALL;
            frame.rip -= SYSCALL_BYTES;
        }
    }
}

/// Makes the program continue in a signal handler.
fn enter_handler(
    thread: &ProcessThread,
    frame: &mut TrapFrame,
    delivery: &Delivery,
) -> Result<(), FrameError> {
    thread.rseq.update(frame, true).map_err(|_| FrameError::NoStack)?;
    let (vector, error_code, cr2) = thread.last_fault();
    let fpu_bytes = signal_fpu::frame_bytes();
    let machine =
        Machine { cs: frame.cs as u16, ss: frame.ss as u16, error_code, vector, cr2, fpu_bytes };
    let alt_stack = thread.with_own_signals(|own| own.alt_stack);
    let mut bytes = [0; FRAME_BYTES];
    let registers = registers_of(frame);
    let signal_frame = frame::encode(&registers, delivery, alt_stack, &machine, &mut bytes)?;
    if fpu_bytes > 0 {
        signal_fpu::save(signal_frame.fpu_address).map_err(|_| FrameError::NoStack)?;
        signal_fpu::clear();
    }
    pointer::write_bytes(signal_frame.address, &bytes).map_err(|_| FrameError::NoStack)?;
    if alt_stack.is_set() {
        thread.with_own_signals(|own| own.alt_stack.disarm());
    }
    set_registers(frame, &signal_frame.entry);
    frame.restore_all();
    Ok(())
}

/// Handles a signal whose frame can't be written: sends a SIGSEGV, which ends the process if the
/// signal was itself a SIGSEGV.
fn refuse(thread: &ProcessThread, delivery: &Delivery) {
    if delivery.info.signal == Signal::SEGV {
        thread.process().with_signals(|state| state.dispositions.reset(Signal::SEGV));
    }
    force_bad_frame(thread);
}

/// Sends the SIGSEGV of a signal frame that can't be written or read.
fn force_bad_frame(thread: &ProcessThread) {
    let info = SigInfo::fault(Signal::SEGV, Code::KERNEL, 0);
    signal_sending::force(thread, info);
}

/// Restores the registers from before a handler: rt_sigreturn(2). A frame that can't be restored
/// causes a SIGSEGV.
pub fn return_from_handler(thread: &ProcessThread, frame: &mut TrapFrame) {
    if restore(thread, frame).is_none() {
        force_bad_frame(thread);
    }
}

fn restore(thread: &ProcessThread, frame: &mut TrapFrame) -> Option<()> {
    let mut bytes = [0; FRAME_BYTES];
    pointer::read_bytes(frame::return_address(frame.rsp), &mut bytes).ok()?;
    let machine = Machine { cs: frame.cs as u16, ss: frame.ss as u16, ..Machine::default() };
    let restored = frame::decode(&bytes, frame.rflags, &machine).ok()?;
    match restored.fpu_address {
        Some(address) => signal_fpu::load(address).ok()?,
        None => signal_fpu::clear(),
    }
    thread.with_own_signals(|own| {
        own.set_blocked(restored.blocked);
        // As on Linux, an error of the alternate stack is not reported.
        let _ = own.alt_stack.set(&restored.alt_stack, restored.registers.rsp, pure::MINSIGSTKSZ);
    });
    set_registers(frame, &restored.registers);
    frame.restore_all();
    thread.attention().note();
    Some(())
}

/// Returns a struct of the named type with the registers of a program, copied from `$from`.
///
/// The registers are listed once, because a trap frame and a signal frame have the same ones.
macro_rules! copy_registers {
    ($from:ident => $to:ident $(, ..$rest:expr)?) => {
        copy_registers!(
            @ $from => $to [r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbp rbx rdx rax rcx rsp rip rflags]
            $(..$rest)?
        )
    };
    (@ $from:ident => $to:ident [$($name:ident)*] $(..$rest:expr)?) => {
        $to { $($name: $from.$name,)* $(..$rest)? }
    };
}

fn registers_of(frame: &TrapFrame) -> Registers {
    copy_registers!(frame => Registers)
}

fn set_registers(frame: &mut TrapFrame, registers: &Registers) {
    *frame = copy_registers!(registers => TrapFrame, ..*frame);
}
