//! The programs of e2fsprogs, which make and check volumes.

use std::format;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::string::String;
use std::sync::atomic::{AtomicU32, Ordering};
use std::vec::Vec;

/// A file or a directory that is removed in the end.
pub(super) struct Temporary(PathBuf);

impl Temporary {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("ext2-test-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(super) fn with(bytes: &[u8]) -> Self {
        let this = Self::new();
        fs::write(&this.0, bytes).expect("the temporary directory can be written");
        this
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn name(&self) -> &str {
        self.0.to_str().expect("the name of the temporary directory is UTF-8")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.0.is_dir() {
            let _ = fs::remove_dir_all(&self.0);
        } else {
            let _ = fs::remove_file(&self.0);
        }
    }
}

/// Runs a program. Ordinary users don't have its directory in PATH.
pub(super) fn run(program: &str, arguments: &[&str]) -> Output {
    let path = format!("{}:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default());
    Command::new(program).args(arguments).env("PATH", path).output().unwrap_or_else(|error| {
        panic!("{program} can't be run ({error}); install e2fsprogs, as tools/setup does")
    })
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Makes a volume of `kib` KiB by mke2fs.
pub(super) fn make(kib: u32, options: &[&str]) -> Vec<u8> {
    let file = Temporary::new();
    let size = format!("{kib}k");
    let mut arguments = Vec::from(["-q", "-F"]);
    arguments.extend_from_slice(options);
    arguments.extend_from_slice(&[file.name(), &size]);
    let output = run("mke2fs", &arguments);
    assert!(output.status.success(), "mke2fs {arguments:?}: {}", text(&output));
    let mut bytes = fs::read(file.path()).expect("mke2fs made the file");
    bytes.resize(kib as usize * 1024, 0);
    bytes
}

/// Runs commands of debugfs, and returns what it printed.
pub(super) fn debugfs(bytes: &mut Vec<u8>, commands: &[&str]) -> String {
    let file = Temporary::with(bytes);
    let script = Temporary::with(commands.join("\n").as_bytes());
    let output = run("debugfs", &["-w", "-f", script.name(), file.name()]);
    assert!(output.status.success(), "debugfs: {}", text(&output));
    *bytes = fs::read(file.path()).expect("the file is there");
    text(&output)
}

/// Returns a file's contents as debugfs reads them.
pub(super) fn dump(bytes: &[u8], path: &str) -> Vec<u8> {
    let (file, to) = (Temporary::with(bytes), Temporary::new());
    let command = format!("dump {path} {}", to.name());
    let output = run("debugfs", &["-R", &command, file.name()]);
    fs::read(to.path()).unwrap_or_else(|_| panic!("debugfs {command}: {}", text(&output)))
}

/// Checks that e2fsck finds no fault in a volume.
pub(super) fn assert_clean(bytes: &[u8]) {
    let file = Temporary::with(bytes);
    let output = run("e2fsck", &["-f", "-n", file.name()]);
    assert!(output.status.code() == Some(0), "e2fsck -fn: {}", text(&output));
}

/// Mends a volume as at the start of a machine, without questions. It must be clean then.
pub(super) fn mend(bytes: &mut Vec<u8>) {
    let file = Temporary::with(bytes);
    let output = run("e2fsck", &["-p", file.name()]);
    assert!(matches!(output.status.code(), Some(0 | 1)), "e2fsck -p: {}", text(&output));
    *bytes = fs::read(file.path()).expect("the file is there");
    assert_clean(bytes);
}
