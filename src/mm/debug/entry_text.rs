//! Entries of page tables and what they allow, in words.

use core::fmt;

use paging::{GenericPTE, MappingFlags, Step, X64PTE};

/// A step of a walk, in a line.
pub struct Shown(pub Step<X64PTE>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { level, index, entry, .. } = self.0;
        write!(f, "P{level}[{index:3}] {:#018x}", entry.bits())?;
        if !entry.is_present() {
            return f.write_str(" not present");
        }
        if level > 1 && !entry.is_huge() {
            return write!(f, " table at {:#x}", entry.paddr());
        }
        let size = ["4 KiB", "2 MiB", "1 GiB"].get(level - 1).unwrap_or(&"no");
        write!(f, " {size} page at {:#x} {}", entry.paddr(), Rights(entry.flags()))
    }
}

/// What a mapping allows, in a word: `rw-ugd` has all of read, write, user,
/// global and device, but not execute.
pub struct Rights(pub MappingFlags);

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cache = if self.0.contains(MappingFlags::DEVICE) { "d" } else { "n" };
        let letters = [
            (MappingFlags::READ, "r"),
            (MappingFlags::WRITE, "w"),
            (MappingFlags::EXECUTE, "x"),
            (MappingFlags::USER, "u"),
            (MappingFlags::GLOBAL, "g"),
            (MappingFlags::DEVICE | MappingFlags::UNCACHED, cache),
        ];
        for (flag, letter) in letters {
            f.write_str(if self.0.intersects(flag) { letter } else { "-" })?;
        }
        Ok(())
    }
}
