//! The layout of siginfo_t, and its notation in strace.

use std::string::ToString;

use super::signal;
use crate::{ChildStatus, Code, Content, SIGINFO_BYTES, SigInfo, Signal};

/// Returns the bytes of 32-bit words at offsets.
fn bytes(words: &[(usize, u32)]) -> [u8; SIGINFO_BYTES] {
    let mut bytes = [0; SIGINFO_BYTES];
    for (offset, word) in words {
        bytes[*offset..offset + 4].copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[test]
fn information_has_the_layout_of_linux() {
    let child = ChildStatus::Killed { signal: Signal::SEGV, core: true };
    let timer = Content::Timer { id: 3, overruns: 4, value: 1 << 32 | 5 };
    let file = Content::File { events: 0x41, descriptor: 8 };
    let cases = [
        (
            SigInfo::from_user(Signal::TERM, 7, 1000),
            bytes(&[(0, 15), (16, 7), (20, 1000)]),
            "{si_signo=SIGTERM, si_code=SI_USER, si_pid=7, si_uid=1000}",
        ),
        (
            SigInfo::to_thread(Signal::ABRT, 7, 0),
            bytes(&[(0, 6), (8, -6_i32 as u32), (16, 7)]),
            "{si_signo=SIGABRT, si_code=SI_TKILL, si_pid=7, si_uid=0}",
        ),
        (
            SigInfo::queued(signal(34), 7, 1, 0xffff_ffff),
            bytes(&[(0, 34), (8, u32::MAX), (16, 7), (20, 1), (24, u32::MAX)]),
            "{si_signo=SIGRT_2, si_code=SI_QUEUE, si_pid=7, si_uid=1, \
             si_value={sival_int=-1, sival_ptr=0xffffffff}}",
        ),
        (
            SigInfo::fault(Signal::SEGV, Code::NOT_MAPPED, 0x7fff_0000_1234),
            bytes(&[(0, 11), (8, 1), (16, 0x1234), (20, 0x7fff)]),
            "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x7fff00001234}",
        ),
        (
            SigInfo::fault(Signal::BUS, Code::NO_MEMORY_THERE, 0),
            bytes(&[(0, 7), (8, 2)]),
            "{si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=NULL}",
        ),
        (
            SigInfo::child(9, 1000, ChildStatus::Exited(3), (1, 2)),
            bytes(&[(0, 17), (8, 1), (16, 9), (20, 1000), (24, 3), (32, 1), (40, 2)]),
            "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9, si_uid=1000, si_status=3, \
             si_utime=1, si_stime=2}",
        ),
        (
            SigInfo::child(9, 0, child, (0, 0)),
            bytes(&[(0, 17), (8, 3), (16, 9), (24, 11)]),
            "{si_signo=SIGCHLD, si_code=CLD_DUMPED, si_pid=9, si_uid=0, si_status=SIGSEGV, \
             si_utime=0, si_stime=0}",
        ),
        (
            SigInfo::from_kernel(Signal::INT),
            bytes(&[(0, 2), (8, 0x80)]),
            "{si_signo=SIGINT, si_code=SI_KERNEL}",
        ),
        (
            SigInfo { signal: Signal::ALRM, code: Code::TIMER, errno: 0, content: timer },
            bytes(&[(0, 14), (8, -2_i32 as u32), (16, 3), (20, 4), (24, 5), (28, 1)]),
            "{si_signo=SIGALRM, si_code=SI_TIMER, si_timerid=0x3, si_overrun=4, \
             si_value={sival_int=5, sival_ptr=0x100000005}}",
        ),
        (
            SigInfo { signal: Signal::IO, code: Code::POLL_IN, errno: 0, content: file },
            bytes(&[(0, 29), (8, 1), (16, 0x41), (24, 8)]),
            "{si_signo=SIGIO, si_code=POLL_IN, si_fd=8, si_band=65}",
        ),
    ];
    for (info, layout, text) in cases {
        assert_eq!(info.to_bytes(), layout, "{info}");
        assert_eq!(info.to_string(), text);
    }
}

#[test]
fn passed_information_stays_as_it_is() {
    let mut passed = [0xaa; SIGINFO_BYTES];
    passed[8..12].copy_from_slice(&(-60_i32).to_le_bytes());
    let info = SigInfo::from_bytes(Signal::USR1, &passed);
    assert_eq!(info.signal, Signal::USR1);
    assert_eq!(info.code, Code(-60));
    let bytes = info.to_bytes();
    // The signal is the system call's argument; bytes that Linux doesn't use are cleared.
    assert_eq!(bytes[..4], 10_u32.to_le_bytes());
    assert_eq!(bytes[4..12], passed[4..12]);
    assert_eq!(bytes[12..16], [0; 4]);
    assert_eq!(bytes[16..48], passed[16..48]);
    assert_eq!(bytes[48..], [0; 80]);
}

#[test]
fn only_codes_of_programs_may_be_queued() {
    for (code, may) in [(0, false), (1, false), (0x80, false), (-6, false), (-1, true), (-60, true)]
    {
        assert_eq!(Code(code).may_be_queued(), may, "{code}");
    }
}

#[test]
fn status_of_children_as_wait_reports_it() {
    let killed = |signal, core| ChildStatus::Killed { signal, core };
    for (status, word) in [
        (ChildStatus::Exited(0), 0),
        (ChildStatus::Exited(0xff), 0xff00),
        (killed(Signal::KILL, false), 9),
        (killed(Signal::SEGV, true), 0x8b),
        (ChildStatus::Stopped(Signal::TSTP), 0x147f),
        (ChildStatus::Continued, 0xffff),
    ] {
        assert_eq!(status.wait_status(), word, "{status:?}");
    }
}

#[test]
fn signalfd_has_the_fields_of_each_kind() {
    let word = |bytes: &[u8], offset: usize| {
        u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
    };
    let queued = SigInfo::queued(Signal::USR1, 7, 1000, 0x1_0000_0005).to_signalfd_bytes();
    assert_eq!((word(&queued, 0), word(&queued, 8) as i32), (10, -1));
    assert_eq!((word(&queued, 12), word(&queued, 16)), (7, 1000));
    assert_eq!((word(&queued, 44), word(&queued, 48), word(&queued, 52)), (5, 5, 1));
    // The bytes that rt_sigqueueinfo(2) passes have their fields in the same places.
    let passed = SigInfo::queued(Signal::USR1, 7, 1000, 0x1_0000_0005).to_bytes();
    assert_eq!(SigInfo::from_bytes(Signal::USR1, &passed).to_signalfd_bytes(), queued);
    let child = SigInfo::child(7, 0, crate::ChildStatus::Exited(3), (4, 5)).to_signalfd_bytes();
    assert_eq!((word(&child, 40), word(&child, 56), word(&child, 64)), (3, 4, 5));
}
