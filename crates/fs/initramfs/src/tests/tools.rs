//! Archives made by cpio and gzip of the host, if these are installed.

use std::format;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::vec::Vec;
use std::{eprintln, println};

use super::archive::*;
use crate::{Entries, EntryKind, gunzip};

/// Runs a program of the host. Returns its output, or `None` if it isn't installed.
fn run(program: &str, arguments: &[&str], directory: &Path, input: &[u8]) -> Option<Vec<u8>> {
    let child = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: {program} isn't installed");
        return None;
    };
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    Some(output.stdout)
}

/// A temporary directory, removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("initramfs-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

#[test]
fn archives_of_cpio_are_read() {
    let scratch = Scratch::new("cpio");
    let root = &scratch.0;
    fs::create_dir(root.join("dir")).unwrap();
    fs::write(root.join("dir/file"), "contents").unwrap();
    fs::write(root.join("large"), [b'x'; 100_001]).unwrap();
    fs::hard_link(root.join("large"), root.join("linked")).unwrap();
    std::os::unix::fs::symlink("dir/file", root.join("symbolic")).unwrap();
    let list = b".\ndir\ndir/file\nlarge\nlinked\nsymbolic\n";
    for format in ["newc", "crc"] {
        let Some(bytes) = run("cpio", &["-o", "-H", format], root, list) else { return };
        let (entries, error) = read(&bytes);
        assert_eq!(error, None);
        assert_eq!(entries.len(), 6);
        let find = |name: &str| *entries.iter().find(|it| it.name == name.as_bytes()).unwrap();
        assert_eq!(find("dir").kind(), Some(EntryKind::Directory));
        assert_eq!(find("dir/file").contents, b"contents");
        assert_eq!(find("symbolic").contents, b"dir/file");
        let names = [find("large"), find("linked")];
        assert_eq!(names[0].link_key(), names[1].link_key());
        assert!(names[0].link_key().is_some());
        assert_eq!(names.map(|it| it.contents.len()).iter().sum::<usize>(), 100_001);
    }
}

#[test]
fn data_of_gzip_is_unpacked() {
    let scratch = Scratch::new("gzip");
    let archive = [root(), root()].concat();
    fs::write(scratch.0.join("root.cpio"), &archive).unwrap();
    for arguments in [["-1c", "root.cpio"], ["-9c", "root.cpio"], ["-nc", "root.cpio"]] {
        let Some(bytes) = run("gzip", &arguments, &scratch.0, b"") else { return };
        let unpacked = gunzip(&bytes, 1 << 20).unwrap();
        assert_eq!(unpacked.bytes, archive);
        assert_eq!(unpacked.input_bytes, bytes.len());
        assert_eq!(Entries::new(&unpacked.bytes).count(), 12);
    }
}
