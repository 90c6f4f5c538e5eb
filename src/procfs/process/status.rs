//! `status`: the contents of `stat`, readable for people.

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::mm::user::page_table::PAGE_BYTES;
use crate::process::identity::Identity;
use crate::process::limits::Resource;
use crate::process::pid::Pid;
use crate::process::process::Process;
use crate::procfs::process::stat::Signals;
use crate::procfs::target::{self, Target};
use crate::task::{self, Thread};

/// Source: proc(5), /proc/pid/status; Linux, fs/proc/array.c, `proc_pid_status`.
pub(super) fn status(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let process = target.process()?;
    let relations = target.relations()?;
    let thread = target.thread(&process);
    let identity = thread.as_ref().map_or_else(|| process.identity(), |thread| thread.identity());
    let task = target::task_of(thread.as_ref());
    let (letter, state) = target::state(target, &process, relations.life, task);
    let (pid, tid) = (target.pid(), target.tid());
    text.push(b"Name:\t")?;
    text.push_escaped(process.name().as_bytes(), b"\n\\")?;
    writeln!(text, "\nUmask:\t{:04o}", process.surroundings().mask)?;
    writeln!(text, "State:\t{letter} ({state})\nTgid:\t{pid}\nNgid:\t0\nPid:\t{tid}")?;
    writeln!(text, "PPid:\t{}\nTracerPid:\t0", relations.parent.map_or(0, Pid::number))?;
    push_identity(&process, &identity, text)?;
    let (group, session) = (relations.group, relations.session);
    writeln!(text, "NStgid:\t{pid}\nNSpid:\t{tid}\nNSpgid:\t{group}\nNSsid:\t{session}")?;
    push_memory(&process, text)?;
    writeln!(text, "Threads:\t{}", process.thread_count().max(1))?;
    let signals = Signals::of(&process, thread.as_ref());
    let limit = process.limit(Resource::PendingSignals).soft;
    writeln!(text, "SigQ:\t{}/{limit}", signals.queued)?;
    for (name, set) in [
        ("SigPnd", signals.pending),
        ("ShdPnd", signals.shared),
        ("SigBlk", signals.blocked),
        ("SigIgn", signals.ignored),
        ("SigCgt", signals.caught),
    ] {
        writeln!(text, "{name}:\t{:016x}", set.bits())?;
    }
    push_capabilities(&process, &identity, text)?;
    push_scheduling(task, text)
}

fn push_identity(process: &Process, id: &Identity, text: &mut Text) -> Result<(), FsError> {
    let credentials = &id.credentials;
    let (uid, gid) = (credentials.uid, credentials.gid);
    writeln!(text, "Uid:\t{}\t{}\t{}\t{uid}", id.uid, id.effective_uid, id.saved_uid)?;
    writeln!(text, "Gid:\t{}\t{}\t{}\t{gid}", id.gid, id.effective_gid, id.saved_gid)?;
    writeln!(text, "FDSize:\t{}", process.descriptors().table_len())?;
    text.push(b"Groups:\t")?;
    credentials.groups.iter().try_for_each(|group| write!(text, "{group} "))?;
    text.push(b"\n")
}

fn push_memory(process: &Process, text: &mut Text) -> Result<(), FsError> {
    const PAGE_KIB: u64 = PAGE_BYTES / 1024;
    let Some(memory) = process.memory() else {
        return Ok(());
    };
    let (usage, resident) = (memory.usage(), memory.resident());
    // The largest size isn't kept, and nothing is swapped.
    let rows = [
        ("VmPeak", usage.total_pages),
        ("VmSize", usage.total_pages),
        ("VmLck", 0),
        ("VmPin", 0),
        ("VmHWM", memory.memory_use().pages_max.max(resident.total())),
        ("VmRSS", resident.total()),
        ("RssAnon", resident.anonymous),
        ("RssFile", resident.file),
        ("RssShmem", resident.shared),
        ("VmData", usage.data_pages),
        ("VmStk", usage.stack_pages),
        ("VmExe", usage.code_pages),
        ("VmLib", 0),
        ("VmPTE", memory.table_pages()),
        ("VmSwap", 0),
        ("HugetlbPages", 0),
    ];
    for (name, pages) in rows {
        writeln!(text, "{name}:\t{:8} kB", pages * PAGE_KIB)?;
    }
    writeln!(text, "CoreDumping:\t0\nTHP_enabled:\t0")
}

fn push_capabilities(
    process: &Process,
    identity: &Identity,
    text: &mut Text,
) -> Result<(), FsError> {
    let own = &identity.capabilities;
    for (name, set) in [
        ("CapInh", own.inheritable),
        ("CapPrm", own.permitted),
        ("CapEff", own.effective),
        ("CapBnd", own.bounding),
        ("CapAmb", own.ambient),
    ] {
        writeln!(text, "{name}:\t{:016x}", set.bits())?;
    }
    let has_no_more = u8::from(process.attributes().has_no_new_privileges());
    writeln!(text, "NoNewPrivs:\t{has_no_more}\nSeccomp:\t0\nSeccomp_filters:\t0")
}

fn push_scheduling(task: Option<&'static Thread>, text: &mut Text) -> Result<(), FsError> {
    let allowed = |cpu: u32| task.is_none_or(|task| task.allowed().contains(cpu as usize));
    let cpus = task::cpus().count() as u32;
    let mask = (0..cpus.min(u64::BITS))
        .filter(|cpu| allowed(*cpu))
        .fold(0_u64, |mask, cpu| mask | 1 << cpu);
    writeln!(text, "Cpus_allowed:\t{mask:x}")?;
    text.push(b"Cpus_allowed_list:\t")?;
    let mut separator = "";
    let mut cpu = 0;
    while cpu < cpus {
        let start = cpu;
        while cpu < cpus && allowed(cpu) {
            cpu += 1;
        }
        match cpu - start {
            0 => {}
            1 => write!(text, "{separator}{start}")?,
            _ => write!(text, "{separator}{start}-{}", cpu - 1)?,
        }
        if cpu > start {
            separator = ",";
        }
        cpu += 1;
    }
    writeln!(text, "\nMems_allowed:\t1\nMems_allowed_list:\t0")?;
    writeln!(text, "voluntary_ctxt_switches:\t{}", task.map_or(0, Thread::switches))?;
    writeln!(text, "nonvoluntary_ctxt_switches:\t0")
}
