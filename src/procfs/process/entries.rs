//! The entries of the directory of a process or a thread.

use alloc::sync::Arc;

use super::{descriptors, limits, links, maps, memory_end, mounts, stat, status, strings};
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::generated::{Content, Node, Row, Subject, TableDirectory, What};
use crate::procfs::target::Target;

/// The entries that processes and threads have.
const ROWS: &[Row<Target>] = &[
    Row { name: "auxv", mode: 0o400, what: What::Guarded(strings::auxv, Target::check_access) },
    Row { name: "cmdline", mode: 0o444, what: What::Text(strings::cmdline) },
    Row { name: "comm", mode: 0o644, what: What::Settable(strings::comm, strings::set_comm) },
    Row { name: "cwd", mode: 0o777, what: What::Link(links::cwd) },
    Row {
        name: "environ",
        mode: 0o400,
        what: What::Guarded(strings::environ, Target::check_access),
    },
    Row { name: "exe", mode: 0o777, what: What::Link(links::exe) },
    Row { name: "fd", mode: 0o500, what: What::Directory(descriptors::links) },
    Row { name: "fdinfo", mode: 0o555, what: What::Directory(descriptors::infos) },
    Row { name: "limits", mode: 0o444, what: What::Text(limits::limits) },
    Row { name: "maps", mode: 0o444, what: What::Guarded(maps::maps, Target::check_access) },
    Row { name: "mountinfo", mode: 0o444, what: What::Text(mounts::mountinfo) },
    Row { name: "mounts", mode: 0o444, what: What::Text(mounts::mounts) },
    Row { name: "oom_score", mode: 0o444, what: What::Text(memory_end::score) },
    Row {
        name: "oom_score_adj",
        mode: 0o644,
        what: What::Settable(memory_end::bias, memory_end::set_bias),
    },
    Row {
        name: "personality",
        mode: 0o400,
        what: What::Guarded(stat::personality, Target::check_access),
    },
    Row { name: "root", mode: 0o777, what: What::Link(links::root) },
    Row { name: "smaps", mode: 0o444, what: What::Guarded(maps::smaps, Target::check_access) },
    Row { name: "stat", mode: 0o444, what: What::Text(stat::stat) },
    Row { name: "statm", mode: 0o444, what: What::Text(stat::statm) },
    Row { name: "status", mode: 0o444, what: What::Text(status::status) },
    Row { name: "wchan", mode: 0o444, what: What::Text(stat::wchan) },
];

/// Returns the directory of a process or a thread, with `more` entries.
pub(super) fn node(target: Target, more: &'static [Row<Target>]) -> Result<Node, FsError> {
    let owner = target.owner()?;
    let directory = Arc::try_new(TableDirectory { subject: target, rows: ROWS, more })?;
    let mode = Mode::from_bits_truncate(0o555);
    Ok(Node { mode, owner, content: Content::Directory(directory) })
}
