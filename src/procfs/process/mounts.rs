//! `mounts`, `mountinfo`: the mounts that a process can reach.

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::fs::namespace::mount::{Mount, MountFlags};
use crate::fs::{self};
use crate::procfs::process::links;
use crate::procfs::target::Target;

/// The bytes that are written as numbers in these files.
///
/// Source: Linux, fs/proc_namespace.c, `mangle`.
const SPECIAL: &[u8] = b" \t\n\\#";

/// Calls `write` with each mount and its place, as the process sees it.
fn for_each(
    target: &Target,
    mut write: impl FnMut(&Mount, &[u8]) -> Result<(), FsError>,
) -> Result<(), FsError> {
    let root = links::of_mounts(target)?.surroundings().root;
    for path in fs::mounted()? {
        if let Some(place) = path.text(&root)? {
            write(path.mount(), &place)?;
        }
    }
    Ok(())
}

/// Writes the options that restrict a mount.
fn push_options(mount: &Mount, is_read_only: bool, text: &mut Text) -> Result<(), FsError> {
    let flags = mount.flags();
    text.push(if is_read_only { b"ro" } else { b"rw" })?;
    for (flag, name) in [
        (MountFlags::NO_SUID, ",nosuid"),
        (MountFlags::NO_DEV, ",nodev"),
        (MountFlags::NO_EXEC, ",noexec"),
    ] {
        if flags.contains(flag) {
            text.push(name.as_bytes())?;
        }
    }
    text.push(b",relatime")
}

pub(super) fn mounts(target: &Target, text: &mut Text) -> Result<(), FsError> {
    for_each(target, |mount, place| {
        text.push_escaped(mount.source(), SPECIAL)?;
        text.push(b" ")?;
        text.push_escaped(place, SPECIAL)?;
        write!(text, " {} ", mount.super_block().kind())?;
        push_options(mount, mount.is_read_only(), text)?;
        text.push(b" 0 0\n")
    })
}

/// Source: proc(5), /proc/pid/mountinfo.
pub(super) fn mountinfo(target: &Target, text: &mut Text) -> Result<(), FsError> {
    for_each(target, |mount, place| {
        let parent = mount.parent_id().unwrap_or(mount.id());
        let super_block = mount.super_block();
        let number = super_block.file_system().number();
        write!(text, "{} {parent} 0:{number} ", mount.id())?;
        text.push_escaped(&mount.root_text()?, SPECIAL)?;
        text.push(b" ")?;
        text.push_escaped(place, SPECIAL)?;
        text.push(b" ")?;
        push_options(mount, mount.flags().contains(MountFlags::READ_ONLY), text)?;
        write!(text, " - {} ", super_block.kind())?;
        text.push_escaped(mount.source(), SPECIAL)?;
        text.push(if super_block.is_read_only() { b" ro\n" } else { b" rw\n" })
    })
}
