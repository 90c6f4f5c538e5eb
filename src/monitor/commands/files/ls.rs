//! `ls`: the files in a directory.

use alloc::vec::Vec;
use core::fmt::Write;

use path_walk::LastLink;

use super::{caller, report};
use crate::fs::attributes::{FileKind, Mode};
use crate::fs::error::FsError;
use crate::fs::file::open;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::namespace::lookup;
use crate::fs::namespace::path::Path;
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "ls",
    usage: "[PATH]",
    summary: "Lists the files in a directory.",
    example: "ls /dev",
    words: NO_WORDS,
    run: Run::Machine(|_, arguments, out| show(arguments, out)),
};

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let text = arguments.word().unwrap_or("/");
    arguments.end()?;
    let found = lookup::look_up_path(&caller(), text.as_bytes(), LastLink::Follow);
    let Some(path) = report(found, text, out)? else {
        return Ok(());
    };
    if !path.inode().is_directory() {
        return row(&path, text.as_bytes(), out);
    }
    let Some(names) = report(names(&path), text, out)? else {
        return Ok(());
    };
    let here = caller().at(&path);
    for name in names {
        // The file may have been removed since its name was read.
        if let Ok(file) = lookup::look_up_path(&here, &name, LastLink::Keep) {
            row(&file, &name, out)?;
        }
    }
    Ok(())
}

/// Returns the names in a directory, sorted.
fn names(directory: &Path) -> Result<Vec<Vec<u8>>, FsError> {
    let here = caller().at(directory);
    let file = open::open(&here, b".", OpenFlags::DIRECTORY, Mode::empty())?;
    let mut names = Vec::new();
    let mut result = Ok(());
    file.read_directory(|entry| {
        if entry.name != b"." && entry.name != b".." {
            result = copy(entry.name, &mut names);
        }
        result.is_ok()
    })?;
    result?;
    names.sort_unstable();
    Ok(names)
}

fn copy(name: &[u8], names: &mut Vec<Vec<u8>>) -> Result<(), FsError> {
    names.try_reserve(1)?;
    let mut copy = Vec::new();
    copy.try_reserve_exact(name.len())?;
    copy.extend_from_slice(name);
    names.push(copy);
    Ok(())
}

/// Writes a file's row.
fn row(file: &Path, name: &[u8], out: &mut dyn Write) -> Result<(), Error> {
    let metadata = file.inode().metadata();
    write!(out, "{}", metadata.kind.letter())?;
    rights(metadata.mode, out)?;
    write!(out, " {:4} {:5} {:5} ", metadata.links, metadata.uid, metadata.gid)?;
    match metadata.kind {
        FileKind::CharDevice | FileKind::BlockDevice => {
            let number = metadata.represents;
            write!(out, "{:5}, {:4}", number.major, number.minor)?;
        }
        _ => write!(out, "{:11}", metadata.size_bytes)?,
    }
    write!(out, " {}", name.escape_ascii())?;
    if metadata.kind == FileKind::Symlink {
        let text = lookup::read_link(file, crate::fs::root(), |text| {
            write!(out, " -> {}", text.escape_ascii())
        });
        if let Ok(result) = text {
            result?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// Writes permission bits as nine letters.
pub(super) fn rights(mode: Mode, out: &mut dyn Write) -> core::fmt::Result {
    const LETTERS: [char; 9] = ['r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'];
    /// The last letter of each group of three, with and without the right to execute.
    const SPECIAL: [(Mode, char, char); 3] =
        [(Mode::SET_UID, 's', 'S'), (Mode::SET_GID, 's', 'S'), (Mode::STICKY, 't', 'T')];
    for (index, letter) in LETTERS.into_iter().enumerate() {
        let is_set = mode.bits() & 0o400 >> index != 0;
        let special = SPECIAL[index / 3];
        out.write_char(match (index % 3, mode.contains(special.0), is_set) {
            (2, true, true) => special.1,
            (2, true, false) => special.2,
            (_, _, true) => letter,
            (_, _, false) => '-',
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn rights_are_written_as_by_ls() {
        for (bits, expected) in [
            (0o755, "rwxr-xr-x"),
            (0o4755, "rwsr-xr-x"),
            (0o6644, "rwSr-Sr--"),
            (0o1777, "rwxrwxrwt"),
            (0o1000, "--------T"),
        ] {
            let mut text = alloc::string::String::new();
            rights(Mode::from_bits_truncate(bits), &mut text).expect("memory");
            assert_eq!(text, expected);
        }
    }
}
