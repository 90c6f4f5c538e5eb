//! The host's programs for FAT: mkfs.fat, fsck.fat and mtools.

use std::format;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::string::{String, ToString};
use std::sync::atomic::{AtomicU32, Ordering};
use std::vec::Vec;

use super::disk::Disk;
use crate::boot_sector::{Geometry, Root};

/// Runs a program. Fails if it is missing.
pub fn run(program: &str, arguments: &[&str]) -> Output {
    // mkfs.fat and fsck.fat may not be in the PATH of an ordinary user.
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    Command::new("env")
        .args([&format!("PATH={path}"), "MTOOLS_SKIP_CHECK=1", "LC_ALL=C.UTF-8", "TZ=UTC"])
        .arg(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.code() != Some(127))
        .unwrap_or_else(|| {
            panic!("{program} is missing: run tools/setup, or install dosfstools and mtools")
        })
}

/// Runs a program that has to succeed, and returns what it printed.
pub fn run_well(program: &str, arguments: &[&str]) -> String {
    let output = run(program, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_string();
    let (printed, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{program} {arguments:?}: {printed}{errors}");
    printed
}

/// A file or directory of the host that ends with its value.
pub struct Scratch(pub PathBuf);

impl Scratch {
    pub fn new(name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fat-test-{}-{number}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub fn image(bytes: &[u8]) -> Self {
        let scratch = Self::new("image");
        fs::write(&scratch.0, bytes).unwrap();
        scratch
    }

    pub fn text(&self) -> &str {
        self.0.to_str().unwrap()
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn bytes(&self) -> Vec<u8> {
        fs::read(&self.0).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Makes a volume of `kib` KiB. `options` are those of mkfs.fat. Its free clusters are filled with
/// old entries.
pub fn mkfs(kib: u32, options: &str) -> Vec<u8> {
    let scratch = Scratch::new("mkfs");
    let kib = kib.to_string();
    let mut arguments: Vec<&str> = options.split_whitespace().collect();
    arguments.extend(["--invariant", "-C", scratch.text(), &kib]);
    run_well("mkfs.fat", &arguments);
    let mut bytes = scratch.bytes();
    let sector = bytes.first_chunk().unwrap();
    let geometry = Geometry::parse(sector, bytes.len() as u64).unwrap();
    let used = if let Root::Chain(_) = geometry.root { geometry.cluster_bytes as usize } else { 0 };
    let free = &mut bytes[geometry.data_at as usize + used..];
    for entry in free.chunks_exact_mut(32) {
        entry.copy_from_slice(b"OLD BYTEXXX\x20OLD BYTES OLD BYTES ");
    }
    bytes
}

/// Fails if fsck.fat finds an error.
pub fn fsck(bytes: &[u8]) {
    let image = Scratch::image(bytes);
    run_well("fsck.fat", &["-n", image.text()]);
}

/// Closes nothing; checks a volume that was closed.
pub fn fsck_disk(disk: &Disk) {
    fsck(&disk.bytes());
}

/// Mends a volume by fsck.fat. A directory with two entries needs several runs.
pub fn mend(bytes: &[u8]) -> Vec<u8> {
    let image = Scratch::image(bytes);
    for _ in 0..5 {
        let output = run("fsck.fat", &["-a", image.text()]);
        match output.status.code() {
            Some(0) => return image.bytes(),
            Some(1) => {}
            _ => panic!("fsck.fat -a: {output:?}"),
        }
    }
    panic!("fsck.fat -a has not mended the volume");
}

/// The kinds of volumes that most tests use: the size in KiB, and the options of mkfs.fat.
pub const VOLUMES: [(u32, &str); 8] = [
    (1440, "-F 12 -s 1"),
    (4096, "-F 12 -s 4 -n LABEL"),
    (3000, "-F 16 -s 1"),
    (20000, "-F 16 -s 4 -S 512 -f 1"),
    (40000, "-F 16 -s 1 -S 4096 -n LABEL"),
    (36000, "-F 32 -s 1 -n LABEL"),
    (4096, "-F 32 -s 8"),
    (20000, "-F 32 -s 2 -S 2048"),
];

/// Those that mtools takes for what they are. It has no FAT32 of less than 65525 clusters.
pub const VOLUMES_OF_MTOOLS: [(u32, &str); 7] =
    [VOLUMES[0], VOLUMES[1], VOLUMES[2], VOLUMES[3], VOLUMES[4], VOLUMES[5], (68000, "-F 32 -s 2")];
