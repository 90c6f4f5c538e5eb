//! All system calls: number, name, kinds of the arguments, and handler.

use core::sync::atomic::{AtomicU64, Ordering};

use super::call::{Call, CallResult};
use super::{
    barrier, capability, clone, epoll, eventfd, extended_attributes, fcntl, file, file_times,
    foreign_memory, futex, group, identity, ioctl, limit, lock, memfd, memory, memory_lock, mount,
    name, nice, policy, poll, prctl, process, rseq, schedule, select, signal, signal_queue, sleep,
    splice, stat, statx, storage, syslog, system, terminal, time, timer, transfer, uname, usage,
    vectored, wait,
};

/// Handles a system call.
pub type Handler = fn(&mut Call<'_>) -> CallResult;

/// The kind of an argument, which determines how strace shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A number with a sign.
    Number,
    /// A number of 32 bits with a sign.
    Int,
    /// A number that is shown in hexadecimal: an address or flags.
    Hex,
    /// A file descriptor.
    Fd,
    /// A string.
    Path,
    /// Bytes that the call reads; the next argument is their number.
    Bytes,
    /// A signal.
    Signal,
    /// Permission bits, which are shown in octal.
    Mode,
    /// Permission bits of a new file, which are used only if the previous argument, flags, requests
    /// a new file.
    NewMode,
    /// An address; 0 is NULL.
    Pointer,
    /// Bytes that the call fills; the result is their number.
    Filled,
    /// A string that the call fills.
    FilledString,
    /// The arguments of a program.
    Strings,
    /// Flags of open(2).
    OpenFlags,
    /// Flags of a new descriptor.
    DescriptorFlags,
    /// Access rights of memory.
    Protection,
    /// Flags of mmap(2).
    MapFlags,
    /// The AT_ flags of calls that take a directory.
    AtFlags,
    /// Rights of access(2).
    Access,
    /// The position from which lseek(2) counts.
    Whence,
    /// The operation of rt_sigprocmask(2).
    MaskHow,
    /// A clock.
    Clock,
    /// A command of fcntl(2).
    FcntlCommand,
    /// A request of ioctl(2).
    IoctlCommand,
    /// Options of wait4(2).
    WaitOptions,
    /// A resource of setrlimit(2).
    Resource,
    /// A timer of setitimer(2).
    Timer,
    /// The environment of a program.
    Environment,
    /// Files to wait for; the next argument is their number. The events are shown after the result.
    PolledFiles,
    /// Pieces of memory that the call reads; the next argument is their number.
    Vectors,
    /// Pieces of memory that the call fills; the next argument is their number.
    FilledVectors,
    /// The argument of a request of ioctl(2); the request is the previous argument.
    IoctlArgument,
    /// A status that wait4(2) fills if its result is the number of a child.
    WaitStatus,
    /// A time that the call reads.
    Timespec,
    /// A time that the call fills.
    FilledTimespec,
    /// The remaining time, which an interrupted call fills.
    TimeLeft,
    /// A time in microseconds that the call reads.
    Timeval,
    /// A time in microseconds that the call fills.
    FilledTimeval,
    /// Two times of a file in nanoseconds.
    FileTimes,
    /// Two times of a file in microseconds.
    FileTimevals,
    /// The time of a timer, and its interval, in microseconds.
    Itimerval,
    /// The same, filled by the call.
    FilledItimerval,
    /// The time of a timer, and its interval, in nanoseconds.
    Itimerspec,
    /// The same, filled by the call.
    FilledItimerspec,
    /// A limit of a resource.
    Limit,
    /// The same, filled by the call.
    FilledLimit,
    /// A limit of prlimit64(2).
    Limit64,
    /// The same, filled by the call.
    FilledLimit64,
    /// The action of a signal.
    SignalAction,
    /// The same, filled by the call.
    FilledSignalAction,
    /// A set of signals.
    SignalSet,
    /// The same, filled by the call.
    FilledSignalSet,
    /// The information about a signal, filled by the call.
    FilledSignalInfo,
    /// The attributes of a file, filled by the call.
    FilledFileStatus,
    /// Two descriptors, filled by the call.
    FilledDescriptors,
    /// The names of the system, filled by the call.
    FilledSystemNames,
}

/// A system call.
#[derive(Clone, Copy, Debug)]
pub struct SystemCall {
    /// Its number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// Its arguments.
    pub arguments: &'static [Argument],
    handler: Handler,
}

/// The largest number of a call, plus one.
const NUMBERS: usize = 512;

macro_rules! system_calls {
    ($($number:literal $name:ident($($argument:ident)*) = $handler:path;)*) => {
        const CALLS: &[SystemCall] = &[$(
            SystemCall {
                number: $number,
                name: stringify!($name),
                arguments: &[$(Argument::$argument),*],
                handler: $handler,
            },
        )*];
    };
}

#[rustfmt::skip]
mod rows {
    use super::*;

    system_calls! {
        0 read(Fd Filled Number) = file::read;
        1 write(Fd Bytes Number) = file::write;
        2 open(Path OpenFlags NewMode) = file::open;
        3 close(Fd) = file::close;
        4 stat(Path FilledFileStatus) = stat::stat;
        5 fstat(Fd FilledFileStatus) = stat::fstat;
        6 lstat(Path FilledFileStatus) = stat::lstat;
        7 poll(PolledFiles Number Int) = poll::poll;
        8 lseek(Fd Number Whence) = file::lseek;
        9 mmap(Pointer Number Protection MapFlags Fd Hex) = memory::mmap;
        10 mprotect(Pointer Number Protection) = memory::mprotect;
        11 munmap(Pointer Number) = memory::munmap;
        12 brk(Pointer) = memory::brk;
        13 rt_sigaction(Signal SignalAction FilledSignalAction Number) = signal::rt_sigaction;
        14 rt_sigprocmask(MaskHow SignalSet FilledSignalSet Number) = signal::rt_sigprocmask;
        15 rt_sigreturn() = signal::rt_sigreturn;
        16 ioctl(Fd IoctlCommand IoctlArgument) = ioctl::ioctl;
        17 pread64(Fd Filled Number Number) = vectored::pread64;
        18 pwrite64(Fd Bytes Number Number) = vectored::pwrite64;
        19 readv(Fd FilledVectors Number) = vectored::readv;
        20 writev(Fd Vectors Number) = vectored::writev;
        21 access(Path Access) = stat::access;
        22 pipe(FilledDescriptors) = file::pipe;
        23 select(Int Hex Hex Hex Timeval) = select::select;
        24 sched_yield() = schedule::sched_yield;
        25 mremap(Hex Number Number Hex Hex) = memory::mremap;
        26 msync(Hex Number Hex) = memory::msync;
        27 mincore(Hex Number Hex) = memory::mincore;
        28 madvise(Hex Number Number) = memory::madvise;
        32 dup(Fd) = file::dup;
        33 dup2(Fd Fd) = file::dup2;
        34 pause() = signal::pause;
        35 nanosleep(Timespec TimeLeft) = sleep::nanosleep;
        36 getitimer(Timer FilledItimerval) = timer::getitimer;
        37 alarm(Number) = timer::alarm;
        38 setitimer(Timer Itimerval FilledItimerval) = timer::setitimer;
        39 getpid() = process::getpid;
        40 sendfile(Fd Fd Hex Number) = transfer::sendfile;
        56 clone(Hex Hex Hex Hex Hex) = clone::clone;
        57 fork() = clone::fork;
        58 vfork() = clone::vfork;
        59 execve(Path Strings Environment) = process::execve;
        60 exit(Number) = process::exit;
        61 wait4(Int WaitStatus WaitOptions Pointer) = wait::wait4;
        62 kill(Int Signal) = signal::kill;
        63 uname(FilledSystemNames) = uname::uname;
        72 fcntl(Fd FcntlCommand Hex) = fcntl::fcntl;
        73 flock(Fd Number) = lock::flock;
        74 fsync(Fd) = storage::fsync;
        75 fdatasync(Fd) = storage::fsync;
        76 truncate(Path Number) = stat::truncate;
        77 ftruncate(Fd Number) = stat::ftruncate;
        78 getdents(Fd Hex Number) = name::getdents;
        79 getcwd(FilledString Number) = name::getcwd;
        80 chdir(Path) = name::chdir;
        81 fchdir(Fd) = name::fchdir;
        82 rename(Path Path) = name::rename;
        83 mkdir(Path Mode) = name::mkdir;
        84 rmdir(Path) = name::rmdir;
        85 creat(Path Mode) = file::creat;
        86 link(Path Path) = name::link;
        87 unlink(Path) = name::unlink;
        88 symlink(Path Path) = name::symlink;
        89 readlink(Path Filled Number) = name::readlink;
        90 chmod(Path Mode) = stat::chmod;
        91 fchmod(Fd Mode) = stat::fchmod;
        92 chown(Path Number Number) = stat::chown;
        93 fchown(Fd Number Number) = stat::fchown;
        94 lchown(Path Number Number) = stat::lchown;
        95 umask(Mode) = name::umask;
        96 gettimeofday(FilledTimeval Pointer) = time::gettimeofday;
        97 getrlimit(Resource FilledLimit) = limit::getrlimit;
        98 getrusage(Number Pointer) = usage::getrusage;
        99 sysinfo(Pointer) = limit::sysinfo;
        100 times(Pointer) = usage::times;
        102 getuid() = identity::getuid;
        103 syslog(Number Hex Number) = syslog::syslog;
        104 getgid() = identity::getgid;
        105 setuid(Number) = identity::setuid;
        106 setgid(Number) = identity::setgid;
        107 geteuid() = identity::geteuid;
        108 getegid() = identity::getegid;
        109 setpgid(Int Int) = group::setpgid;
        110 getppid() = process::getppid;
        111 getpgrp() = group::getpgrp;
        112 setsid() = group::setsid;
        113 setreuid(Number Number) = identity::setreuid;
        114 setregid(Number Number) = identity::setregid;
        115 getgroups(Number Hex) = identity::getgroups;
        116 setgroups(Number Hex) = identity::setgroups;
        117 setresuid(Number Number Number) = identity::setresuid;
        118 getresuid(Hex Hex Hex) = identity::getresuid;
        119 setresgid(Number Number Number) = identity::setresgid;
        120 getresgid(Hex Hex Hex) = identity::getresgid;
        121 getpgid(Int) = group::getpgid;
        122 setfsuid(Number) = identity::setfsuid;
        123 setfsgid(Number) = identity::setfsgid;
        124 getsid(Int) = group::getsid;
        125 capget(Hex Hex) = capability::capget;
        126 capset(Hex Hex) = capability::capset;
        127 rt_sigpending(FilledSignalSet Number) = signal::rt_sigpending;
        128 rt_sigtimedwait(SignalSet FilledSignalInfo Timespec Number) = signal_queue::rt_sigtimedwait;
        129 rt_sigqueueinfo(Number Signal Hex) = signal_queue::rt_sigqueueinfo;
        130 rt_sigsuspend(SignalSet Number) = signal::rt_sigsuspend;
        131 sigaltstack(Pointer Pointer) = signal::sigaltstack;
        132 utime(Path Hex) = file_times::utime;
        133 mknod(Path Mode Hex) = name::mknod;
        135 personality(Hex) = system::personality;
        137 statfs(Path Pointer) = stat::statfs;
        138 fstatfs(Fd Pointer) = stat::fstatfs;
        140 getpriority(Number Number) = nice::getpriority;
        141 setpriority(Number Number Number) = nice::setpriority;
        142 sched_setparam(Number Hex) = policy::sched_setparam;
        143 sched_getparam(Number Hex) = policy::sched_getparam;
        144 sched_setscheduler(Number Number Hex) = policy::sched_setscheduler;
        145 sched_getscheduler(Number) = policy::sched_getscheduler;
        146 sched_get_priority_max(Number) = policy::sched_get_priority_max;
        147 sched_get_priority_min(Number) = policy::sched_get_priority_min;
        148 sched_rr_get_interval(Int FilledTimespec) = policy::sched_rr_get_interval;
        149 mlock(Hex Number) = memory_lock::mlock;
        150 munlock(Hex Number) = memory_lock::munlock;
        151 mlockall(Hex) = memory_lock::mlockall;
        152 munlockall() = memory_lock::munlockall;
        153 vhangup() = terminal::vhangup;
        155 pivot_root(Path Path) = mount::pivot_root;
        157 prctl(Number Hex Hex Hex Hex) = prctl::prctl;
        158 arch_prctl(Hex Hex) = system::arch_prctl;
        160 setrlimit(Resource Limit) = limit::setrlimit;
        161 chroot(Path) = name::chroot;
        162 sync() = storage::sync;
        164 settimeofday(Timeval Hex) = time::settimeofday;
        165 mount(Path Path Path Hex Hex) = mount::mount;
        166 umount2(Path Hex) = mount::umount2;
        169 reboot(Hex Hex Hex Hex) = system::reboot;
        170 sethostname(Bytes Number) = uname::sethostname;
        171 setdomainname(Bytes Number) = uname::setdomainname;
        186 gettid() = process::gettid;
        187 readahead(Fd Number Number) = storage::readahead;
        188 setxattr(Path Path Bytes Number Hex) = extended_attributes::setxattr;
        189 lsetxattr(Path Path Bytes Number Hex) = extended_attributes::lsetxattr;
        190 fsetxattr(Fd Path Bytes Number Hex) = extended_attributes::fsetxattr;
        191 getxattr(Path Path Filled Number) = extended_attributes::getxattr;
        192 lgetxattr(Path Path Filled Number) = extended_attributes::lgetxattr;
        193 fgetxattr(Fd Path Filled Number) = extended_attributes::fgetxattr;
        194 listxattr(Path Filled Number) = extended_attributes::listxattr;
        195 llistxattr(Path Filled Number) = extended_attributes::llistxattr;
        196 flistxattr(Fd Filled Number) = extended_attributes::flistxattr;
        197 removexattr(Path Path) = extended_attributes::removexattr;
        198 lremovexattr(Path Path) = extended_attributes::lremovexattr;
        199 fremovexattr(Fd Path) = extended_attributes::fremovexattr;
        200 tkill(Int Signal) = signal::tkill;
        201 time(Pointer) = time::time;
        202 futex(Hex Number Number Hex Hex Number) = futex::futex;
        203 sched_setaffinity(Number Number Hex) = schedule::sched_setaffinity;
        204 sched_getaffinity(Number Number Hex) = schedule::sched_getaffinity;
        213 epoll_create(Number) = epoll::epoll_create;
        217 getdents64(Fd Pointer Number) = name::getdents64;
        218 set_tid_address(Pointer) = process::set_tid_address;
        219 restart_syscall() = sleep::restart_syscall;
        221 fadvise64(Fd Number Number Number) = storage::fadvise64;
        222 timer_create(Number Hex Hex) = timer::timer_create;
        223 timer_settime(Number Hex Itimerspec FilledItimerspec) = timer::timer_settime;
        224 timer_gettime(Number FilledItimerspec) = timer::timer_gettime;
        225 timer_getoverrun(Number) = timer::timer_getoverrun;
        226 timer_delete(Number) = timer::timer_delete;
        227 clock_settime(Clock Timespec) = time::clock_settime;
        228 clock_gettime(Clock FilledTimespec) = time::clock_gettime;
        229 clock_getres(Clock FilledTimespec) = time::clock_getres;
        230 clock_nanosleep(Clock Number Timespec TimeLeft) = sleep::clock_nanosleep;
        231 exit_group(Number) = process::exit_group;
        232 epoll_wait(Fd Pointer Int Int) = epoll::epoll_wait;
        233 epoll_ctl(Fd Number Fd Pointer) = epoll::epoll_ctl;
        234 tgkill(Int Int Signal) = signal::tgkill;
        235 utimes(Path FileTimevals) = file_times::utimes;
        247 waitid(Int Int FilledSignalInfo WaitOptions Pointer) = wait::waitid;
        257 openat(Fd Path OpenFlags NewMode) = file::openat;
        258 mkdirat(Fd Path Mode) = name::mkdirat;
        259 mknodat(Fd Path Mode Hex) = name::mknodat;
        260 fchownat(Fd Path Number Number AtFlags) = stat::fchownat;
        261 futimesat(Fd Path FileTimevals) = file_times::futimesat;
        262 newfstatat(Fd Path FilledFileStatus AtFlags) = stat::newfstatat;
        263 unlinkat(Fd Path AtFlags) = name::unlinkat;
        264 renameat(Fd Path Fd Path) = name::renameat;
        265 linkat(Fd Path Fd Path AtFlags) = name::linkat;
        266 symlinkat(Path Fd Path) = name::symlinkat;
        267 readlinkat(Fd Path Filled Number) = name::readlinkat;
        268 fchmodat(Fd Path Mode) = stat::fchmodat;
        269 faccessat(Fd Path Access) = stat::faccessat;
        270 pselect6(Int Hex Hex Hex Timespec Hex) = select::pselect6;
        271 ppoll(PolledFiles Number Timespec SignalSet Number) = poll::ppoll;
        273 set_robust_list(Hex Number) = futex::set_robust_list;
        274 get_robust_list(Number Hex Hex) = futex::get_robust_list;
        275 splice(Fd Hex Fd Hex Number Hex) = splice::splice;
        276 tee(Fd Fd Number Hex) = splice::tee;
        277 sync_file_range(Fd Number Number Hex) = storage::sync_file_range;
        280 utimensat(Fd Path FileTimes AtFlags) = file_times::utimensat;
        281 epoll_pwait(Fd Hex Int Int SignalSet Number) = epoll::epoll_pwait;
        282 signalfd(Fd SignalSet Number) = signal_queue::signalfd;
        283 timerfd_create(Number Hex) = timer::timerfd_create;
        284 eventfd(Number) = eventfd::eventfd;
        285 fallocate(Fd Hex Number Number) = storage::fallocate;
        286 timerfd_settime(Fd Hex Itimerspec FilledItimerspec) = timer::timerfd_settime;
        287 timerfd_gettime(Fd FilledItimerspec) = timer::timerfd_gettime;
        289 signalfd4(Fd SignalSet Number Hex) = signal_queue::signalfd4;
        290 eventfd2(Number Hex) = eventfd::eventfd2;
        291 epoll_create1(Hex) = epoll::epoll_create1;
        292 dup3(Fd Fd DescriptorFlags) = fcntl::dup3;
        293 pipe2(FilledDescriptors DescriptorFlags) = file::pipe2;
        295 preadv(Fd FilledVectors Number Number) = vectored::preadv;
        296 pwritev(Fd Vectors Number Number) = vectored::pwritev;
        297 rt_tgsigqueueinfo(Number Number Signal Hex) = signal_queue::rt_tgsigqueueinfo;
        302 prlimit64(Int Resource Limit64 FilledLimit64) = limit::prlimit64;
        306 syncfs(Fd) = storage::syncfs;
        309 getcpu(Hex Hex Hex) = schedule::getcpu;
        310 process_vm_readv(Number Hex Number Hex Number Hex) = foreign_memory::process_vm_readv;
        311 process_vm_writev(Number Hex Number Hex Number Hex) = foreign_memory::process_vm_writev;
        314 sched_setattr(Number Hex Hex) = policy::sched_setattr;
        315 sched_getattr(Number Hex Number Hex) = policy::sched_getattr;
        316 renameat2(Fd Path Fd Path Hex) = name::renameat2;
        318 getrandom(Filled Number Hex) = system::getrandom;
        319 memfd_create(Path Hex) = memfd::memfd_create;
        322 execveat(Fd Path Strings Environment AtFlags) = process::execveat;
        324 membarrier(Number Hex) = barrier::membarrier;
        325 mlock2(Hex Number Hex) = memory_lock::mlock2;
        326 copy_file_range(Fd Hex Fd Hex Number Hex) = transfer::copy_file_range;
        327 preadv2(Fd FilledVectors Number Number Number Hex) = vectored::preadv2;
        328 pwritev2(Fd Vectors Number Number Number Hex) = vectored::pwritev2;
        332 statx(Fd Path Hex Hex Hex) = statx::statx;
        334 rseq(Hex Number Hex Hex) = rseq::rseq;
        424 pidfd_send_signal(Fd Signal Hex Hex) = signal_queue::pidfd_send_signal;
        434 pidfd_open(Number Hex) = process::pidfd_open;
        435 clone3(Hex Number) = clone::clone3;
        436 close_range(Fd Fd Hex) = fcntl::close_range;
        437 openat2(Fd Path Hex Number) = file::openat2;
        439 faccessat2(Fd Path Access AtFlags) = stat::faccessat2;
        441 epoll_pwait2(Fd Hex Int Timespec SignalSet Number) = epoll::epoll_pwait2;
    }

    /// Returns all calls.
    pub(super) const fn all() -> &'static [SystemCall] {
        CALLS
    }
}

/// The handlers, by number.
static HANDLERS: [Option<Handler>; NUMBERS] = {
    let mut handlers = [None; NUMBERS];
    let calls = rows::all();
    let mut index = 0;
    while index < calls.len() {
        handlers[calls[index].number as usize] = Some(calls[index].handler);
        index += 1;
    }
    handlers
};

/// The end of the numbers whose handlers are called directly: [`NUMBERS`], or 0 while calls are
/// traced. The number is compared with an end in any case, so tracing that is off costs only one
/// load.
static DIRECT_END: AtomicU64 = AtomicU64::new(NUMBERS as u64);

/// Makes implemented calls use [`direct_handler`], or all calls [`handler`].
pub(super) fn set_direct(is_direct: bool) {
    DIRECT_END.store(if is_direct { NUMBERS as u64 } else { 0 }, Ordering::Relaxed);
}

/// Returns the handler of a call, if it is implemented and calls aren't traced. A program can't
/// make the CPU speculate with a number beyond the end.
#[inline]
pub(super) fn direct_handler(number: u64) -> Option<Handler> {
    // The number of handlers is a power of two, so a mask replaces a branch that could be
    // mispredicted.
    const { assert!(NUMBERS.is_power_of_two()) };
    let handler = HANDLERS[number as usize & (NUMBERS - 1)];
    handler.filter(|_| number < DIRECT_END.load(Ordering::Relaxed))
}

/// Returns the handler of a call, if it is implemented.
pub(super) fn handler(number: u64) -> Option<Handler> {
    HANDLERS.get(usize::try_from(number).ok()?).copied().flatten()
}

/// Returns an implemented call.
pub fn find(number: u64) -> Option<&'static SystemCall> {
    rows::all().iter().find(|call| u64::from(call.number) == number)
}
