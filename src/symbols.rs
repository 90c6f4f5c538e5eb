//! Symbols: the functions, files and lines of the kernel's addresses.
//!
//! `tools/symbols` makes the table when an image is made; GRUB loads it as a module. Without it,
//! addresses are shown as numbers.

#![forbid(unsafe_code)]

use core::fmt;

use boot_information::BootInformation;
use spin::Once;
use symbol_table::{Function, SymbolTable};
use x86_64::VirtAddr;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::id::CpuId;
use crate::mm::Memory;
use crate::mm::kernel::loader_memory;

/// The arguments of the module in `grub.cfg`.
const MODULE: &str = "symbols";

static TABLE: Once<SymbolTable<'static>> = Once::new();

/// Uses the symbol table, if the loader has loaded one.
pub fn start(_memory: Memory, information: &BootInformation) {
    boot_stage::mark(Stage::Symbols);
    let Some(module) = information.modules.iter().find(|module| module.arguments == *MODULE) else {
        log::warn!("the loader has no module \"{MODULE}\": reports will have no names");
        return;
    };
    let place = loader_memory::place(&module);
    let kib = (place.end - place.start).div_ceil(1024);
    match loader_memory::lend(place).and_then(SymbolTable::try_new) {
        Some(table) => {
            log::info!("{} functions, {kib} KiB", table.functions());
            TABLE.call_once(|| table);
        }
        None => {
            log::error!("the module \"{MODULE}\" isn't a symbol table; reports will have no names")
        }
    }
}

/// Returns the function in which `address` lies, if it is known.
pub fn function_at(address: VirtAddr) -> Option<Function<'static>> {
    TABLE.get()?.function_at(address.as_u64())
}

/// Returns the functions whose names contain `part`.
pub fn find(part: &str) -> impl Iterator<Item = Function<'static>> {
    TABLE.get().into_iter().flat_map(move |table| table.find(part))
}

/// The text for an instruction's address: `src/main.rs:20 rust_main+0x12`.
#[derive(Clone, Copy, Debug)]
pub struct Instruction {
    address: VirtAddr,
    is_short: bool,
}

impl Instruction {
    /// Makes the text for an address, with the function's whole path.
    pub fn new(address: VirtAddr) -> Self {
        Self { address, is_short: false }
    }

    /// Makes the text for an address, with the function's path shortened to fit a row.
    pub fn short(address: VirtAddr) -> Self {
        Self { address, is_short: true }
    }
}

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.as_u64();
        if let Some(line) = TABLE.get().and_then(|table| table.line_at(address)) {
            write!(f, "{}:{} ", line.file, line.line)?;
        }
        match function_at(self.address) {
            Some(Function { name, start, .. }) if self.is_short => {
                write!(f, "{}+{:#x}", ShortPath(name), address - start)
            }
            Some(function) => write!(f, "{}+{:#x}", function.name, address - function.start),
            None => write!(f, "{address:#018x}"),
        }
    }
}

/// A function's path, in which each path is shortened to its last two parts, because the file's
/// name shows the rest.
struct ShortPath<'a>(&'a str);

impl fmt::Display for ShortPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_end = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
        for piece in self.0.split_inclusive(is_end) {
            // The text after a `>` begins with `::`, so it isn't the start of a path.
            let start = match piece.starts_with("::") {
                true => 0,
                false => piece.rmatch_indices("::").nth(1).map_or(0, |(index, _)| index + 2),
            };
            f.write_str(&piece[start..])?;
        }
        Ok(())
    }
}

/// Logs that a CPU hangs, and its current instruction. Called by the watchdog.
pub fn report_hang(cpu: CpuId, instruction: Option<VirtAddr>, why: &'static str) {
    match instruction {
        Some(instruction) => {
            log::error!(
                target: "watchdog",
                "CPU {cpu} {why}; it is at {}",
                Instruction::short(instruction)
            );
        }
        None => {
            log::error!(target: "watchdog", "CPU {cpu} {why}, and doesn't report where it is")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn paths_are_cut_to_what_says_most() {
        let cases = [
            ("rust_main", "rust_main"),
            ("a::b", "a::b"),
            ("farjump::monitor::commands::session::fault::provoke", "fault::provoke"),
            ("<farjump::a::B>::c", "<a::B>::c"),
            ("<farjump::a::B<core::c::D> as core::fmt::E>::f", "<a::B<c::D> as fmt::E>::f"),
        ];
        for (path, expected) in cases {
            assert_eq!(alloc::format!("{}", ShortPath(path)), expected);
        }
    }
}
