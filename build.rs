//! Checks the target's features, assembles the boot stub and the trampoline, and passes them, with
//! the linker script, to the linker of every kernel: the binary and each test kernel.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The CPU features that the compiler may use in all code. All others require a check of CPUID
/// first, and code that uses vector registers has to request them.
const FEATURES: [&str; 2] = ["fxsr", "x87"];

fn main() {
    refuse_features();
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let script = root.join("linker.ld");
    let objects = ["boot", "higher_half", "trampoline"]
        .map(|name| assemble(&root.join("asm").join(name).with_extension("asm"), &out));
    // The code that a benchmark calls.
    let code = assemble(&root.join("bench/compute/code.asm"), &out);
    println!("cargo:rustc-link-arg-benches={code}");

    for argument in objects.into_iter().chain([
        format!("-T{}", script.display()),
        // No page alignment in the file: the Multiboot2 header must be in its first 32 KiB.
        "-n".into(),
        "--gc-sections".into(),
        "--no-warn-rwx-segments".into(),
    ]) {
        println!("cargo:rustc-link-arg={argument}");
    }
    println!("cargo:rerun-if-changed={}", script.display());
}

/// Assembles `source`; returns the path of the object, which is in `out`.
fn assemble(source: &Path, out: &Path) -> String {
    let name = source.file_stem().expect("it is the path of a file");
    let object = out.join(name).with_extension("o");
    let nasm = Command::new("nasm")
        .args(["-f", "elf64", "-g", "-F", "dwarf", "-Werror"])
        .arg("-o")
        .arg(&object)
        .arg(source)
        .status()
        .unwrap_or_else(|error| panic!("nasm can't be started ({error}); run `make setup`"));
    assert!(nasm.success(), "nasm rejects {}", source.display());
    println!("cargo:rerun-if-changed={}", source.display());
    object.display().to_string()
}

/// Fails the build if RUSTFLAGS or a configuration file enable more features than
/// x86_64-kernel.json does: on a CPU without them such a kernel would stop without any output.
fn refuse_features() {
    let features = env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let refused: Vec<_> =
        features.split(',').filter(|name| !name.is_empty() && !FEATURES.contains(name)).collect();
    if !refused.is_empty() {
        println!(
            "cargo::error=the kernel has to run on every 64-bit CPU, but RUSTFLAGS or a \
             configuration file enable the CPU features {}; build without target-cpu \
             and target-feature",
            refused.join(", ")
        );
    }
}
