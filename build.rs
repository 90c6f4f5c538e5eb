//! Assembles the boot stub and the trampoline and hands them, with the linker script, to the linker
//! of every kernel: the binary and each test kernel.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let script = root.join("linker.ld");
    let objects = ["boot", "trampoline"].map(|name| {
        let source = root.join("asm").join(name).with_extension("asm");
        let object = out.join(name).with_extension("o");
        let nasm = Command::new("nasm")
            .args(["-f", "elf64", "-g", "-F", "dwarf", "-Werror"])
            .arg("-o")
            .arg(&object)
            .arg(&source)
            .status()
            .unwrap_or_else(|error| panic!("nasm can't be started ({error}); run `make setup`"));
        assert!(nasm.success(), "nasm rejects {}", source.display());
        println!("cargo:rerun-if-changed={}", source.display());
        object.display().to_string()
    });

    for argument in objects.into_iter().chain([
        format!("-T{}", script.display()),
        // No page alignment in the file: the Multiboot2 header has to stand in
        // its first 32 KiB.
        "-n".into(),
        "--gc-sections".into(),
        "--no-warn-rwx-segments".into(),
    ]) {
        println!("cargo:rustc-link-arg={argument}");
    }
    println!("cargo:rerun-if-changed={}", script.display());
}
