//! Page table entries and their rights as text.

use core::fmt;

use paging::{GenericPTE, MappingFlags, Step, X64PTE};

/// A step of a walk, as a line of text.
pub struct Shown(pub Step<X64PTE>);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Step { level, index, entry, .. } = self.0;
        write!(f, "P{level}[{index:3}] {:#018x}", entry.bits())?;
        if let Some(payload) = entry.software() {
            return write!(f, " not present, software's {:#x}", payload.get());
        }
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

/// The rights of a mapping as text: `rw-ugd` is read, write, user, global and device, but not
/// execute. In place of `d`: `n` not cached, `c` write-combining.
pub struct Rights(pub MappingFlags);

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rights = MappingFlags::READ | MappingFlags::WRITE | MappingFlags::EXECUTE;
        let mut shown = self.0;
        if shown.contains(MappingFlags::NO_ACCESS) {
            shown -= rights;
        }
        let letters = [
            (MappingFlags::READ, "r"),
            (MappingFlags::WRITE, "w"),
            (MappingFlags::EXECUTE, "x"),
            (MappingFlags::USER, "u"),
            (MappingFlags::GLOBAL, "g"),
        ];
        for (flag, letter) in letters {
            f.write_str(if shown.contains(flag) { letter } else { "-" })?;
        }
        f.write_str(match shown {
            flags if flags.contains(MappingFlags::DEVICE) => "d",
            flags if flags.contains(MappingFlags::UNCACHED) => "n",
            flags if flags.contains(MappingFlags::WRITE_COMBINING) => "c",
            _ => "-",
        })
    }
}
