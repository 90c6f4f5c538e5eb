//! Directories on the host, and images of them.

use std::format;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id};
use std::string::String;
use std::sync::atomic::{AtomicU32, Ordering};
use std::vec::Vec;

use super::disk::Disk;

/// A directory that is removed in the end.
pub(super) struct Source {
    /// The directory with all that the test writes.
    outer: PathBuf,
}

impl Source {
    /// Makes an empty directory.
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let outer = std::env::temp_dir().join(format!("iso9660-{}-{number}", id()));
        fs::create_dir_all(outer.join("tree")).expect("the directory can be made");
        Self { outer }
    }

    /// Returns the path of a file in the directory.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        let path = self.outer.join("tree").join(path);
        fs::create_dir_all(path.parent().expect("it has a parent")).expect("it can be made");
        path
    }

    /// Returns the path of the directory.
    pub(super) fn top(&self) -> PathBuf {
        self.outer.join("tree")
    }

    pub(super) fn file(&self, path: &str, contents: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(path), contents).expect("the file can be written");
        self
    }

    pub(super) fn directory(&self, path: &str) -> &Self {
        fs::create_dir_all(self.path(path)).expect("the directory can be made");
        self
    }

    pub(super) fn link(&self, path: &str, text: &str) -> &Self {
        symlink(text, self.path(path)).expect("the link can be made");
        self
    }

    pub(super) fn hard_link(&self, path: &str, target: &str) -> &Self {
        fs::hard_link(self.path(target), self.path(path)).expect("the link can be made");
        self
    }

    pub(super) fn mode(&self, path: &str, mode: u32) -> &Self {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(self.path(path), mode).expect("the mode can be set");
        self
    }

    /// Runs a program on the host; returns whether it has succeeded.
    pub(super) fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.top()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Returns the command that writes an image of the directory to its output.
    pub(super) fn xorriso(&self, options: &[&str]) -> Command {
        let mut command = Command::new("xorriso");
        command.args(["-as", "mkisofs", "-quiet", "-no-pad"]).args(options);
        command.args(["-o", "-"]).arg(self.top());
        command
    }

    /// Returns an image.
    pub(super) fn image(&self, options: &[&str]) -> Disk {
        let output = self.xorriso(options).output().expect("xorriso is installed");
        let messages = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "xorriso has failed: {messages}");
        Disk::new(output.stdout)
    }

    /// Returns the paths of all files, relative to the directory.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut open = Vec::from([PathBuf::new()]);
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(self.top().join(&directory)).expect("it can be read") {
                let path = directory.join(entry.expect("it can be read").file_name());
                if self.metadata(&path).is_dir() {
                    open.push(path.clone());
                }
                found.push(path);
            }
        }
        found
    }

    pub(super) fn metadata(&self, path: &Path) -> fs::Metadata {
        fs::symlink_metadata(self.top().join(path)).expect("the file exists")
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // It may contain directories that can't be changed; then the rest stays.
        let _ = fs::remove_dir_all(&self.outer);
    }
}

/// Returns the numbers of a device, major and minor.
pub(super) fn device(metadata: &fs::Metadata) -> (u32, u32) {
    let device = metadata.rdev();
    (((device >> 8) & 0xFFF) as u32, ((device & 0xFF) | ((device >> 12) & 0xF_FF00)) as u32)
}
