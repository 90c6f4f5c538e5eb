//! The root directory.

use alloc::boxed::Box;

use super::machine;
use super::numbers::{list_number, pid_of};
use super::process;
use super::target::Target;
use crate::fs::error::FsError;
use crate::fs::generated::{Directory, Found, Node, Row, TableDirectory, Text, What};
use crate::fs::inode::LinkTarget;
use crate::process::current::current;
use crate::process::table;

/// The root directory: files of the machine, and a directory for each process.
pub(super) struct Root;

/// Where the processes begin among the entries, as on Linux.
const FIRST_PROCESS: u64 = 257;

/// The files of the machine.
const ENTRIES: TableDirectory<()> = TableDirectory { subject: (), rows: ROWS, more: &[] };

const ROWS: &[Row<()>] = &[
    Row { name: "cmdline", mode: 0o444, what: What::Text(machine::command_line) },
    Row { name: "cpuinfo", mode: 0o444, what: What::Text(machine::cpuinfo) },
    Row { name: "devices", mode: 0o444, what: What::Text(machine::devices) },
    Row { name: "diskstats", mode: 0o444, what: What::Text(machine::diskstats) },
    Row { name: "farjump", mode: 0o555, what: What::Table(machine::FARJUMP) },
    Row { name: "filesystems", mode: 0o444, what: What::Text(machine::filesystems) },
    Row { name: "interrupts", mode: 0o444, what: What::Text(machine::interrupts) },
    Row { name: "loadavg", mode: 0o444, what: What::Text(machine::loadavg) },
    Row { name: "meminfo", mode: 0o444, what: What::Text(machine::meminfo) },
    Row { name: "mounts", mode: 0o777, what: What::Link(|()| text_link(b"self/mounts")) },
    Row { name: "partitions", mode: 0o444, what: What::Text(machine::partitions) },
    Row { name: "self", mode: 0o777, what: What::Link(self_link) },
    Row { name: "stat", mode: 0o444, what: What::Text(machine::stat) },
    Row { name: "swaps", mode: 0o444, what: What::Text(machine::swaps) },
    Row { name: "sys", mode: 0o555, what: What::Table(machine::SYS) },
    Row { name: "thread-self", mode: 0o777, what: What::Link(thread_self_link) },
    Row { name: "uptime", mode: 0o444, what: What::Text(machine::uptime) },
    Row { name: "version", mode: 0o444, what: What::Text(machine::version) },
    Row { name: "vmstat", mode: 0o444, what: What::Text(machine::vmstat) },
];

fn text_link(text: &[u8]) -> Result<LinkTarget, FsError> {
    let mut target = Text::new();
    target.push(text)?;
    Ok(LinkTarget::Text(target.into_bytes().into_boxed_slice()))
}

fn self_link(_: &()) -> Result<LinkTarget, FsError> {
    let own = current().ok_or(FsError::NotFound)?;
    let mut text = Text::new();
    write!(text, "{}", own.process.pid())?;
    Ok(LinkTarget::Text(into_boxed(text)))
}

fn thread_self_link(_: &()) -> Result<LinkTarget, FsError> {
    let own = current().ok_or(FsError::NotFound)?;
    let mut text = Text::new();
    write!(text, "{}/task/{}", own.process.pid(), own.thread.tid())?;
    Ok(LinkTarget::Text(into_boxed(text)))
}

fn into_boxed(text: Text) -> Box<[u8]> {
    text.into_bytes().into_boxed_slice()
}

impl Directory for Root {
    fn find(&self, name: &[u8]) -> Result<Node, FsError> {
        match pid_of(name) {
            Some(pid) => {
                let target = Target::find(pid)?;
                process::node(target)
            }
            None => ENTRIES.find(name),
        }
    }

    fn list(&self, cursor: u64, found: Found<'_>) -> Result<(), FsError> {
        let mut wants_more = true;
        if cursor < ENTRIES.end() {
            ENTRIES.list(cursor, &mut |name, kind, next| {
                wants_more = found(name, kind, next);
                wants_more
            })?;
        }
        let first = cursor.saturating_sub(FIRST_PROCESS);
        for process in table::all() {
            let number = u64::from(process.pid().number());
            if !wants_more {
                break;
            }
            if number >= first {
                wants_more = list_number(number, FIRST_PROCESS, found)?;
            }
        }
        Ok(())
    }
}
