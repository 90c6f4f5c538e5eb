//! `limits`: the resource limits.

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::process::limits::{Resource, UNLIMITED};
use crate::procfs::target::Target;

/// The limits: their names and units.
///
/// Source: Linux, fs/proc/base.c, `lnames`.
const NAMES: [(Resource, &str, &str); 16] = [
    (Resource::Cpu, "Max cpu time", "seconds"),
    (Resource::FileSize, "Max file size", "bytes"),
    (Resource::Data, "Max data size", "bytes"),
    (Resource::Stack, "Max stack size", "bytes"),
    (Resource::Core, "Max core file size", "bytes"),
    (Resource::ResidentSet, "Max resident set", "bytes"),
    (Resource::Processes, "Max processes", "processes"),
    (Resource::Files, "Max open files", "files"),
    (Resource::LockedMemory, "Max locked memory", "bytes"),
    (Resource::AddressSpace, "Max address space", "bytes"),
    (Resource::Locks, "Max file locks", "locks"),
    (Resource::PendingSignals, "Max pending signals", "signals"),
    (Resource::MessageQueues, "Max msgqueue size", "bytes"),
    (Resource::Nice, "Max nice priority", ""),
    (Resource::RealTimePriority, "Max realtime priority", ""),
    (Resource::RealTimeTime, "Max realtime timeout", "us"),
];

pub(super) fn limits(target: &Target, text: &mut Text) -> Result<(), FsError> {
    let limits = target.process()?.limits();
    let heads = ("Limit", "Soft Limit", "Hard Limit", "Units");
    writeln!(text, "{:25} {:20} {:20} {:10}", heads.0, heads.1, heads.2, heads.3)?;
    for (resource, name, unit) in NAMES {
        let limit = limits.get(resource);
        write!(text, "{name:25} ")?;
        for value in [limit.soft, limit.hard] {
            match value {
                UNLIMITED => write!(text, "{:20} ", "unlimited")?,
                value => write!(text, "{value:<20} ")?,
            }
        }
        match unit {
            "" => writeln!(text)?,
            unit => writeln!(text, "{unit:10}")?,
        }
    }
    Ok(())
}
