//! The directory `sys`: the parameters of the kernel. Here only names can be set.

use core::fmt::Display;

use address_space::REGIONS_MAX;
use capabilities::Capability;
use spin::Once;

use crate::fs::error::FsError;
use crate::fs::generated::{Row, Text, What};
use crate::mm::kernel::layout::NULL_END;
use crate::process::current::current;
use crate::process::pid::PID_MAX;
use crate::process::uts::{self, DOMAIN, HOST, Name, Settable};
use crate::random;

/// The entries.
pub(in crate::procfs) const ROWS: &[Row<()>] = &[
    Row { name: "fs", mode: 0o555, what: What::Table(FS) },
    Row { name: "kernel", mode: 0o555, what: What::Table(KERNEL) },
    Row { name: "vm", mode: 0o555, what: What::Table(VM) },
];

/// Source: proc_sys_fs(5).
const FS: &[Row<()>] = &[
    Row { name: "file-max", mode: 0o444, what: What::Text(|_, text| line(text, FILES_MAX)) },
    Row { name: "nr_open", mode: 0o444, what: What::Text(|_, text| line(text, 1 << 20)) },
    Row { name: "pipe-max-size", mode: 0o444, what: What::Text(|_, text| line(text, 1 << 20)) },
];

/// Source: proc_sys_kernel(5).
const KERNEL: &[Row<()>] = &[
    Row { name: "cap_last_cap", mode: 0o444, what: What::Text(|_, text| line(text, 40)) },
    Row {
        name: "domainname",
        mode: 0o644,
        what: What::Settable(|_, text| name(text, &DOMAIN), |_, bytes| set_name(bytes, &DOMAIN)),
    },
    Row {
        name: "hostname",
        mode: 0o644,
        what: What::Settable(|_, text| name(text, &HOST), |_, bytes| set_name(bytes, &HOST)),
    },
    Row { name: "ngroups_max", mode: 0o444, what: What::Text(|_, text| line(text, 65_536)) },
    Row { name: "osrelease", mode: 0o444, what: What::Text(|_, text| line(text, uts::RELEASE)) },
    Row { name: "ostype", mode: 0o444, what: What::Text(|_, text| line(text, uts::SYSTEM)) },
    Row { name: "pid_max", mode: 0o444, what: What::Text(|_, text| line(text, PID_MAX)) },
    Row { name: "random", mode: 0o555, what: What::Table(RANDOM) },
    Row { name: "threads-max", mode: 0o444, what: What::Text(|_, text| line(text, 16_384)) },
    Row { name: "version", mode: 0o444, what: What::Text(|_, text| line(text, uts::VERSION)) },
];

/// Source: random(4).
const RANDOM: &[Row<()>] = &[
    Row { name: "boot_id", mode: 0o444, what: What::Text(boot_id) },
    Row { name: "entropy_avail", mode: 0o444, what: What::Text(|_, text| line(text, 256)) },
    Row { name: "poolsize", mode: 0o444, what: What::Text(|_, text| line(text, 256)) },
    Row { name: "uuid", mode: 0o444, what: What::Text(|_, text| push_uuid(text, new_uuid())) },
];

/// Source: proc_sys_vm(5).
const VM: &[Row<()>] = &[
    Row { name: "max_map_count", mode: 0o444, what: What::Text(|_, text| line(text, REGIONS_MAX)) },
    Row {
        name: "mmap_min_addr",
        mode: 0o444,
        what: What::Text(|_, text| line(text, NULL_END.as_u64())),
    },
    Row { name: "overcommit_memory", mode: 0o444, what: What::Text(|_, text| line(text, 0)) },
    Row { name: "swappiness", mode: 0o444, what: What::Text(|_, text| line(text, 0)) },
];

/// As on Linux, where memory doesn't limit it further.
const FILES_MAX: u64 = i64::MAX as u64;

fn line(text: &mut Text, value: impl Display) -> Result<(), FsError> {
    writeln!(text, "{value}")
}

fn name(text: &mut Text, name: &Settable) -> Result<(), FsError> {
    text.push(&name.get())?;
    text.push(b"\n")
}

/// Sets a name up to the end of the line.
fn set_name(bytes: &[u8], name: &Settable) -> Result<(), FsError> {
    let may_set = current().is_none_or(|own| own.thread.identity().has(Capability::SysAdmin));
    if !may_set {
        return Err(FsError::NotPermitted);
    }
    let line = bytes.split(|byte| *byte == b'\n' || *byte == 0).next().unwrap_or_default();
    name.set(Name::from_slice(line).map_err(|_| FsError::InvalidArgument)?);
    Ok(())
}

/// Returns a random number as a UUID of version 4.
///
/// Source: RFC 9562, section 5.4.
fn new_uuid() -> [u8; 16] {
    let mut bytes = [0; 16];
    random::fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    bytes
}

fn boot_id(_: &(), text: &mut Text) -> Result<(), FsError> {
    static BOOT_ID: Once<[u8; 16]> = Once::new();
    push_uuid(text, *BOOT_ID.call_once(new_uuid))
}

fn push_uuid(text: &mut Text, uuid: [u8; 16]) -> Result<(), FsError> {
    for (index, byte) in uuid.into_iter().enumerate() {
        let separator = if matches!(index, 4 | 6 | 8 | 10) { "-" } else { "" };
        write!(text, "{separator}{byte:02x}")?;
    }
    text.push(b"\n")
}
