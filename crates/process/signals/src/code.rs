//! Why a signal was sent: `si_code`.

use crate::signal::Signal;

/// Why a signal was sent.
///
/// Source: sigaction(2), "The siginfo_t argument"; Linux UAPI, asm-generic/siginfo.h.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code(pub i32);

macro_rules! codes {
    ($($name:ident $number:literal $signal:tt $text:literal $what:literal)*) => {
        impl Code {
            $(
                #[doc = $what]
                pub const $name: Self = Self($number);
            )*

            /// Returns the code's name for `signal`, such as `SEGV_MAPERR`.
            pub fn name(self, signal: Signal) -> Option<&'static str> {
                $(
                    if self.0 == $number && codes!(@is $signal signal) {
                        return Some($text);
                    }
                )*
                None
            }
        }
    };
    (@is any $of:ident) => { true };
    (@is $signal:ident $of:ident) => { $of == Signal::$signal };
}

codes! {
    USER 0 any "SI_USER" "kill(2)."
    KERNEL 0x80 any "SI_KERNEL" "The kernel, without further reason."
    QUEUE -1 any "SI_QUEUE" "sigqueue(3)."
    TIMER -2 any "SI_TIMER" "A timer of timer_create(2)."
    MESSAGE -3 any "SI_MESGQ" "A message queue."
    ASYNC_IO -4 any "SI_ASYNCIO" "Asynchronous I/O."
    SIGIO -5 any "SI_SIGIO" "A queued SIGIO."
    THREAD -6 any "SI_TKILL" "tgkill(2)."
    ILLEGAL_OPCODE 1 ILL "ILL_ILLOPC" "Illegal opcode."
    ILLEGAL_OPERAND 2 ILL "ILL_ILLOPN" "Illegal operand."
    PRIVILEGED 5 ILL "ILL_PRVOPC" "Privileged opcode."
    INTEGER_DIVISION 1 FPE "FPE_INTDIV" "Integer division by zero."
    INTEGER_OVERFLOW 2 FPE "FPE_INTOVF" "Integer overflow."
    FLOAT_DIVISION 3 FPE "FPE_FLTDIV" "Division of floating point numbers by zero."
    FLOAT_OVERFLOW 4 FPE "FPE_FLTOVF" "Overflow of a floating point number."
    FLOAT_UNDERFLOW 5 FPE "FPE_FLTUND" "Underflow of a floating point number."
    FLOAT_INEXACT 6 FPE "FPE_FLTRES" "Inexact floating point result."
    FLOAT_INVALID 7 FPE "FPE_FLTINV" "Invalid floating point operation."
    NOT_MAPPED 1 SEGV "SEGV_MAPERR" "Nothing is mapped at the address."
    NOT_ALLOWED 2 SEGV "SEGV_ACCERR" "The mapping doesn't allow the access."
    PROTECTION_KEY 4 SEGV "SEGV_PKUERR" "A protection key denied the access."
    NOT_ALIGNED 1 BUS "BUS_ADRALN" "The address isn't aligned."
    NO_MEMORY_THERE 2 BUS "BUS_ADRERR" "No memory is there, such as after a file's end."
    DEVICE_ERROR 3 BUS "BUS_OBJERR" "An error of the device."
    BREAKPOINT 1 TRAP "TRAP_BRKPT" "A breakpoint."
    SINGLE_STEP 2 TRAP "TRAP_TRACE" "A single step."
    HARDWARE_BREAKPOINT 4 TRAP "TRAP_HWBKPT" "A breakpoint of a debug register."
    CHILD_EXITED 1 CHLD "CLD_EXITED" "The child ended by itself."
    CHILD_KILLED 2 CHLD "CLD_KILLED" "A signal ended the child."
    CHILD_DUMPED 3 CHLD "CLD_DUMPED" "A signal ended the child, with a core dump."
    CHILD_TRAPPED 4 CHLD "CLD_TRAPPED" "The child, which is traced, stopped."
    CHILD_STOPPED 5 CHLD "CLD_STOPPED" "The child stopped."
    CHILD_CONTINUED 6 CHLD "CLD_CONTINUED" "The child continued."
    POLL_IN 1 IO "POLL_IN" "Data can be read."
    POLL_OUT 2 IO "POLL_OUT" "Data can be written."
    POLL_HUP 6 IO "POLL_HUP" "The other side hung up."
    FILTERED 1 SYS "SYS_SECCOMP" "A filter refused the system call."
}

impl Code {
    /// Returns whether the kernel sent the signal because of a fault or another event, not a
    /// process.
    pub const fn is_of_kernel(self) -> bool {
        self.0 > 0
    }

    /// Returns whether a process may send this code to another by rt_sigqueueinfo: not if
    /// the kernel, kill or tgkill uses it.
    pub const fn may_be_queued(self) -> bool {
        self.0 < 0 && self.0 != Self::THREAD.0
    }
}
