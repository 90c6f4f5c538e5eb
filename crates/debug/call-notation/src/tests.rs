use std::string::{String, ToString};
use std::vec::Vec;

use crate::{
    ACCESS, AT_FLAGS, FCNTL_COMMANDS, MAP_FLAGS, OPEN_FLAGS, PROTECTION, PolledFile, Quoted,
    Structure, WAIT_OPTIONS, WHENCE,
};

#[test]
fn flags_are_names_and_the_rest() {
    assert_eq!(OPEN_FLAGS.show(0).to_string(), "O_RDONLY");
    assert_eq!(OPEN_FLAGS.show(0o1102).to_string(), "O_RDWR|O_CREAT|O_TRUNC");
    assert_eq!(OPEN_FLAGS.show(0o4_010_000).to_string(), "O_RDONLY|O_SYNC");
    assert_eq!(OPEN_FLAGS.show(0o10_001).to_string(), "O_WRONLY|O_DSYNC");
    assert_eq!(OPEN_FLAGS.show(1 << 40).to_string(), "O_RDONLY|0x10000000000");
    assert_eq!(PROTECTION.show(0).to_string(), "PROT_NONE");
    assert_eq!(PROTECTION.show(3).to_string(), "PROT_READ|PROT_WRITE");
    assert_eq!(MAP_FLAGS.show(0x22).to_string(), "MAP_PRIVATE|MAP_ANONYMOUS");
    assert_eq!(MAP_FLAGS.show(0x20).to_string(), "MAP_ANONYMOUS");
    assert_eq!(ACCESS.show(0).to_string(), "F_OK");
    assert_eq!(ACCESS.show(8).to_string(), "0x8");
    assert_eq!(AT_FLAGS.show(0).to_string(), "0");
    assert_eq!(WAIT_OPTIONS.show(3).to_string(), "WNOHANG|WSTOPPED");
}

#[test]
fn numbers_without_a_name_are_hexadecimal() {
    assert_eq!(WHENCE.show(2).to_string(), "SEEK_END");
    assert_eq!(FCNTL_COMMANDS.show(1030).to_string(), "F_DUPFD_CLOEXEC");
    assert_eq!(WHENCE.show(77).to_string(), "0x4d");
}

#[test]
fn strings_are_quoted_and_cut() {
    assert_eq!(Quoted::new(b"", 4).to_string(), r#""""#);
    assert_eq!(Quoted::new(b"abcd", 4).to_string(), r#""abcd""#);
    assert_eq!(Quoted::new(b"abcde", 4).to_string(), r#""abcd"..."#);
    assert_eq!(Quoted::new(b"a\"\\\n\r\t", 32).to_string(), r#""a\"\\\n\r\t""#);
    assert_eq!(Quoted::new(b"\0a\x011\xFF", 32).to_string(), r#""\0a\0011\377""#);
}

/// Reads a quoted string back, as C does.
fn unquote(text: &str) -> Vec<u8> {
    let inner = text.strip_prefix('"').and_then(|it| it.strip_suffix('"')).expect("it has quotes");
    let mut bytes = inner.bytes().peekable();
    let mut result = Vec::new();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            result.push(byte);
            continue;
        }
        let next = bytes.next().expect("a backslash is followed by something");
        result.push(match next {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0B,
            b'f' => 0x0C,
            b'0'..=b'7' => {
                let mut number = u32::from(next - b'0');
                for _ in 0..2 {
                    if let Some(digit) = bytes.next_if(|it| (b'0'..=b'7').contains(it)) {
                        number = number * 8 + u32::from(digit - b'0');
                    }
                }
                number as u8
            }
            other => other,
        });
    }
    result
}

#[test]
fn quoted_strings_can_be_read_back() {
    for first in 0..=255_u8 {
        for second in 0..=255_u8 {
            let bytes = [first, second, b'7'];
            assert_eq!(unquote(&Quoted::new(&bytes, 32).to_string()), bytes);
        }
    }
}

/// Shows a structure of these words, each with its length in bytes.
fn shown(structure: Structure, words: &[(usize, u64)]) -> String {
    let mut bytes = Vec::new();
    for (len, word) in words {
        bytes.extend_from_slice(&word.to_le_bytes()[..*len]);
    }
    assert!(bytes.len() <= structure.len_bytes());
    structure.show(&bytes).to_string()
}

#[test]
fn structures_are_written_as_strace_does() {
    use Structure as S;
    let stat = |mode, device, size| {
        shown(
            S::FileStatus,
            &[(8, 1), (8, 2), (8, 1), (4, mode), (4, 0), (8, 0), (8, device), (8, size)],
        )
    };
    assert_eq!(stat(0o100_644, 0, 71), "{st_mode=S_IFREG|0644, st_size=71, ...}");
    assert_eq!(stat(0o41_777, 0, 60), "{st_mode=S_IFDIR|S_ISVTX|0777, st_size=60, ...}");
    assert_eq!(
        stat(0o20_620, 0x8801, 0),
        "{st_mode=S_IFCHR|0620, st_rdev=makedev(0x88, 0x1), ...}"
    );
    let times = [(8, 1), (8, 2), (8, u64::MAX), (8, 3)];
    assert_eq!(shown(S::Timespec, &times[..2]), "{tv_sec=1, tv_nsec=2}");
    assert_eq!(shown(S::Timeval, &times[2..]), "{tv_sec=-1, tv_usec=3}");
    assert_eq!(
        shown(S::Itimerval, &times),
        "{it_interval={tv_sec=1, tv_usec=2}, it_value={tv_sec=-1, tv_usec=3}}"
    );
    let now = [(8, 0), (8, 0x3FFF_FFFF), (8, 0), (8, 0x3FFF_FFFE)];
    assert_eq!(shown(S::FileTimes, &now), "[UTIME_NOW, UTIME_OMIT]");
    let limits = [(8, 8 << 20), (8, u64::MAX)];
    assert_eq!(shown(S::Limit, &limits), "{rlim_cur=8192*1024, rlim_max=RLIM_INFINITY}");
    assert_eq!(
        shown(S::Limit64, &[(8, 1024), (8, u64::MAX)]),
        "{rlim_cur=1024, rlim_max=RLIM64_INFINITY}"
    );
    assert_eq!(shown(S::SignalAction, &[]), "{sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}");
    assert_eq!(
        shown(S::SignalAction, &[(8, 0x401000), (8, 0x1400_0004), (8, 0x402000), (8, 1 << 16)]),
        "{sa_sigaction=0x401000, sa_mask=[CHLD], sa_flags=SA_RESTORER|SA_RESTART|SA_SIGINFO, \
         sa_restorer=0x402000}"
    );
    assert_eq!(shown(S::SignalSet, &[(8, 2 | 1 << 16)]), "[INT CHLD]");
    assert_eq!(shown(S::SignalSet, &[(8, !(1 << 8))]), "~[KILL]");
    assert_eq!(shown(S::DescriptorPair, &[(4, 3), (4, 4)]), "[3, 4]");
    assert_eq!(shown(S::Int, &[(4, u64::MAX)]), "[-1]");
    assert_eq!(
        shown(S::WindowSize, &[(2, 25), (2, 80)]),
        "{ws_row=25, ws_col=80, ws_xpixel=0, ws_ypixel=0}"
    );
    assert_eq!(
        shown(S::TerminalMode, &[(4, 0x500), (4, 5), (4, 0xBF), (4, 0x8A3B)]),
        "{B38400 opost isig icanon echo ...}"
    );
    assert_eq!(
        shown(S::TerminalMode, &[(4, 0), (4, 0), (4, 0xBD), (4, 0)]),
        "{B9600 -opost -isig -icanon -echo ...}"
    );
    let mut names = [0; 390];
    names[..5].copy_from_slice(b"Linux");
    names[65..69].copy_from_slice(b"host");
    let text = S::SystemNames.show(&names).to_string();
    assert_eq!(text, r#"{sysname="Linux", nodename="host", ...}"#);
    assert_eq!(
        shown(S::SignalInfo, &[(4, 17), (4, 0), (4, 1), (4, 0), (4, 5), (4, 0), (4, 7)]),
        "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=5, si_uid=0, si_status=7, si_utime=0, \
         si_stime=0}"
    );
    assert_eq!(shown(S::SignalInfo, &[]), "{}");
}

#[test]
fn wait_statuses_are_conditions() {
    for (status, text) in [
        (0, "WIFEXITED(s) && WEXITSTATUS(s) == 0"),
        (0x700, "WIFEXITED(s) && WEXITSTATUS(s) == 7"),
        (9, "WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL"),
        (0x8B, "WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)"),
        (0x147F, "WIFSTOPPED(s) && WSTOPSIG(s) == SIGTSTP"),
        (0xFFFF, "WIFCONTINUED(s)"),
    ] {
        assert_eq!(shown(Structure::WaitStatus, &[(4, status)]), std::format!("[{{{text}}}]"));
    }
}

#[test]
fn polled_files_show_what_is_waited_for_and_what_happened() {
    let file = PolledFile::from_bytes(&[5, 0, 0, 0, 5, 0, 0x11, 0]);
    assert_eq!(file.to_string(), "{fd=5, events=POLLIN|POLLOUT}");
    assert_eq!(file.show_happened().to_string(), "{fd=5, revents=POLLIN|POLLHUP}");
    assert!(file.has_happened());
    let none = PolledFile::from_bytes(&[0xFF; 8]);
    assert_eq!(none.to_string(), "{fd=-1}");
}

#[test]
fn structures_of_any_bytes_are_shown() {
    use Structure as S;
    let mut seed = 1_u64;
    for _ in 0..2000 {
        let bytes: Vec<u8> = (0..Structure::MAX_BYTES)
            .map(|_| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (seed >> 56) as u8
            })
            .collect();
        for structure in [
            S::FileStatus,
            S::Timespec,
            S::Timeval,
            S::FileTimes,
            S::FileTimevals,
            S::Itimerval,
            S::Itimerspec,
            S::Limit,
            S::Limit64,
            S::SignalAction,
            S::SignalSet,
            S::SignalInfo,
            S::WaitStatus,
            S::DescriptorPair,
            S::Int,
            S::WindowSize,
            S::TerminalMode,
            S::SystemNames,
        ] {
            let text = structure.show(&bytes[..structure.len_bytes()]).to_string();
            assert!(text.starts_with(['{', '[', '~']), "{text}");
            assert!(structure.len_bytes() <= Structure::MAX_BYTES);
        }
    }
}
