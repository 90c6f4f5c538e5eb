//! Compares constants and layouts with the UAPI headers of Linux, as linux-raw-sys has them.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use core::mem::{offset_of, size_of};

use linux_raw_sys::general as linux;
use signals::{
    Code, MINSIGSTKSZ, RESTART_SYSCALL, SIGACTION_BYTES, SIGINFO_BYTES, STACK_BYTES, SaFlags,
    Signal,
};

#[test]
fn signals_have_the_numbers_of_linux() {
    let signals = [
        (Signal::HUP, linux::SIGHUP),
        (Signal::INT, linux::SIGINT),
        (Signal::QUIT, linux::SIGQUIT),
        (Signal::ILL, linux::SIGILL),
        (Signal::TRAP, linux::SIGTRAP),
        (Signal::ABRT, linux::SIGABRT),
        (Signal::BUS, linux::SIGBUS),
        (Signal::FPE, linux::SIGFPE),
        (Signal::KILL, linux::SIGKILL),
        (Signal::USR1, linux::SIGUSR1),
        (Signal::SEGV, linux::SIGSEGV),
        (Signal::USR2, linux::SIGUSR2),
        (Signal::PIPE, linux::SIGPIPE),
        (Signal::ALRM, linux::SIGALRM),
        (Signal::TERM, linux::SIGTERM),
        (Signal::STKFLT, linux::SIGSTKFLT),
        (Signal::CHLD, linux::SIGCHLD),
        (Signal::CONT, linux::SIGCONT),
        (Signal::STOP, linux::SIGSTOP),
        (Signal::TSTP, linux::SIGTSTP),
        (Signal::TTIN, linux::SIGTTIN),
        (Signal::TTOU, linux::SIGTTOU),
        (Signal::URG, linux::SIGURG),
        (Signal::XCPU, linux::SIGXCPU),
        (Signal::XFSZ, linux::SIGXFSZ),
        (Signal::VTALRM, linux::SIGVTALRM),
        (Signal::PROF, linux::SIGPROF),
        (Signal::WINCH, linux::SIGWINCH),
        (Signal::IO, linux::SIGIO),
        (Signal::PWR, linux::SIGPWR),
        (Signal::SYS, linux::SIGSYS),
    ];
    for (signal, number) in signals {
        assert_eq!(u32::from(signal.number()), number, "{signal}");
    }
    let first = Signal::all().find(|signal| signal.is_real_time()).unwrap();
    assert_eq!(u32::from(first.number()), linux::SIGRTMIN);
}

#[test]
fn flags_have_the_values_of_linux() {
    let flags = [
        (SaFlags::NOCLDSTOP, linux::SA_NOCLDSTOP),
        (SaFlags::NOCLDWAIT, linux::SA_NOCLDWAIT),
        (SaFlags::SIGINFO, linux::SA_SIGINFO),
        (SaFlags::EXPOSE_TAGBITS, linux::SA_EXPOSE_TAGBITS),
        (SaFlags::RESTORER, linux::SA_RESTORER),
        (SaFlags::ONSTACK, linux::SA_ONSTACK),
        (SaFlags::RESTART, linux::SA_RESTART),
        (SaFlags::NODEFER, linux::SA_NODEFER),
        (SaFlags::RESETHAND, linux::SA_RESETHAND),
    ];
    for (flag, value) in flags {
        assert_eq!(flag.bits(), u64::from(value), "{flag:?}");
    }
}

#[test]
fn codes_have_the_values_of_linux() {
    let codes = [
        (Code::USER, linux::SI_USER as i32),
        (Code::KERNEL, linux::SI_KERNEL as i32),
        (Code::QUEUE, linux::SI_QUEUE),
        (Code::TIMER, linux::SI_TIMER),
        (Code::MESSAGE, linux::SI_MESGQ),
        (Code::ASYNC_IO, linux::SI_ASYNCIO),
        (Code::SIGIO, linux::SI_SIGIO),
        (Code::THREAD, linux::SI_TKILL),
        (Code::ILLEGAL_OPCODE, linux::ILL_ILLOPC as i32),
        (Code::ILLEGAL_OPERAND, linux::ILL_ILLOPN as i32),
        (Code::PRIVILEGED, linux::ILL_PRVOPC as i32),
        (Code::INTEGER_DIVISION, linux::FPE_INTDIV as i32),
        (Code::INTEGER_OVERFLOW, linux::FPE_INTOVF as i32),
        (Code::FLOAT_DIVISION, linux::FPE_FLTDIV as i32),
        (Code::FLOAT_OVERFLOW, linux::FPE_FLTOVF as i32),
        (Code::FLOAT_UNDERFLOW, linux::FPE_FLTUND as i32),
        (Code::FLOAT_INEXACT, linux::FPE_FLTRES as i32),
        (Code::FLOAT_INVALID, linux::FPE_FLTINV as i32),
        (Code::NOT_MAPPED, linux::SEGV_MAPERR as i32),
        (Code::NOT_ALLOWED, linux::SEGV_ACCERR as i32),
        (Code::PROTECTION_KEY, linux::SEGV_PKUERR as i32),
        (Code::NOT_ALIGNED, linux::BUS_ADRALN as i32),
        (Code::NO_MEMORY_THERE, linux::BUS_ADRERR as i32),
        (Code::DEVICE_ERROR, linux::BUS_OBJERR as i32),
        (Code::BREAKPOINT, linux::TRAP_BRKPT as i32),
        (Code::SINGLE_STEP, linux::TRAP_TRACE as i32),
        (Code::HARDWARE_BREAKPOINT, linux::TRAP_HWBKPT as i32),
        (Code::CHILD_EXITED, linux::CLD_EXITED as i32),
        (Code::CHILD_KILLED, linux::CLD_KILLED as i32),
        (Code::CHILD_DUMPED, linux::CLD_DUMPED as i32),
        (Code::CHILD_TRAPPED, linux::CLD_TRAPPED as i32),
        (Code::CHILD_STOPPED, linux::CLD_STOPPED as i32),
        (Code::CHILD_CONTINUED, linux::CLD_CONTINUED as i32),
        (Code::POLL_IN, linux::POLL_IN as i32),
        (Code::POLL_OUT, linux::POLL_OUT as i32),
        (Code::POLL_HUP, linux::POLL_HUP as i32),
        (Code::FILTERED, linux::SYS_SECCOMP as i32),
    ];
    for (code, value) in codes {
        assert_eq!(code.0, value);
    }
}

#[test]
fn structures_have_the_sizes_of_linux() {
    assert_eq!(SIGINFO_BYTES, size_of::<linux::siginfo>());
    assert_eq!(SIGACTION_BYTES, size_of::<linux::kernel_sigaction>());
    assert_eq!(STACK_BYTES, size_of::<linux::stack_t>());
    assert_eq!(offset_of!(linux::stack_t, ss_flags), 8);
    assert_eq!(offset_of!(linux::stack_t, ss_size), 16);
    assert_eq!(offset_of!(linux::kernel_sigaction, sa_flags), 8);
    assert_eq!(offset_of!(linux::kernel_sigaction, sa_restorer), 16);
    assert_eq!(offset_of!(linux::kernel_sigaction, sa_mask), 24);
    assert_eq!(MINSIGSTKSZ, u64::from(linux::MINSIGSTKSZ));
    assert_eq!(RESTART_SYSCALL, u64::from(linux::__NR_restart_syscall));
}
