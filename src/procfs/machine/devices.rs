//! `devices`, `filesystems`, `partitions`, `diskstats`, `swaps`, `interrupts`.

use crate::arch::cpu::percpu;
use crate::arch::irq;
use crate::arch::irq::vectors::{FIRST_LINE_VECTOR, LINES};
use crate::block::devices::{self as block_devices, MAJOR};
use crate::fs::attributes::FileKind;
use crate::fs::devices as registry;
use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::fs::kinds::{self, Source};
use crate::task;

/// The devices by their major numbers.
///
/// Source: proc(5), /proc/devices.
pub(in crate::procfs) fn devices(_: &(), text: &mut Text) -> Result<(), FsError> {
    let all = || (0..).map_while(registry::nth);
    for (title, kind) in
        [("Character devices:", FileKind::CharDevice), ("\nBlock devices:", FileKind::BlockDevice)]
    {
        writeln!(text, "{title}")?;
        let mut last = None;
        loop {
            // The next larger number. All devices with this number share one name.
            let of_kind = all().filter(|device| device.kind == kind);
            let larger =
                of_kind.filter(|device| last.is_none_or(|last| device.number.major > last));
            let Some(device) = larger.min_by_key(|device| device.number) else {
                break;
            };
            let name = match (device.number.major, device.node) {
                (1, _) => "mem",
                (136, _) => "pts",
                (MAJOR, _) => "blkext",
                (_, Some(node)) => node.name,
                (_, None) => "unnamed",
            };
            writeln!(text, "{:3} {name}", device.number.major)?;
            last = Some(device.number.major);
        }
    }
    Ok(())
}

/// The kinds of file systems, and which of them need no device.
///
/// Source: proc(5), /proc/filesystems.
pub(in crate::procfs) fn filesystems(_: &(), text: &mut Text) -> Result<(), FsError> {
    for kind in (0..).map_while(kinds::nth) {
        let mark = if kind.source == Source::Any { "nodev" } else { "" };
        writeln!(text, "{mark}\t{}", kind.name)?;
    }
    Ok(())
}

/// The disks and their partitions.
///
/// Source: proc(5), /proc/partitions.
pub(in crate::procfs) fn partitions(_: &(), text: &mut Text) -> Result<(), FsError> {
    text.push(b"major minor  #blocks  name\n\n")?;
    for device in block_devices::all() {
        let (minor, kib) = (device.minor(), device.len_bytes() / 1024);
        writeln!(text, "{MAJOR:4}  {minor:7} {kib:10} {}", device.name())?;
    }
    Ok(())
}

/// The transfers of disks are not counted: no line.
pub(in crate::procfs) fn diskstats(_: &(), _: &mut Text) -> Result<(), FsError> {
    Ok(())
}

/// Nothing is swapped to.
pub(in crate::procfs) fn swaps(_: &(), text: &mut Text) -> Result<(), FsError> {
    text.push(b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n")
}

/// Source: proc(5), /proc/interrupts.
pub(in crate::procfs) fn interrupts(_: &(), text: &mut Text) -> Result<(), FsError> {
    let areas = || task::cpus().filter_map(|cpu| percpu::get(cpu.id()));
    write!(text, "{:11}", "")?;
    for cpu in task::cpus() {
        write!(text, "CPU{:<8}", cpu.id())?;
    }
    text.push(b"\n")?;
    let chip = match irq::active_controller() {
        irq::ActiveController::Pic => "XT-PIC",
        irq::ActiveController::Apic => "IO-APIC",
    };
    for line in 0..LINES {
        let vector = FIRST_LINE_VECTOR + line;
        if !irq::has_handler(line) && areas().all(|area| irq::count_on(area, vector) == 0) {
            continue;
        }
        write!(text, "{line:3}: ")?;
        for area in areas() {
            write!(text, "{:10} ", irq::count_on(area, vector))?;
        }
        writeln!(text, "  {chip} {line:3} {}", irq::LINE_NAMES[usize::from(line)])?;
    }
    for vector in FIRST_LINE_VECTOR + LINES..=u8::MAX {
        if areas().all(|area| irq::count_on(area, vector) == 0) {
            continue;
        }
        write!(text, "{vector:3x}: ")?;
        for area in areas() {
            write!(text, "{:10} ", irq::count_on(area, vector))?;
        }
        writeln!(text, "  vector {vector:#04x}")?;
    }
    Ok(())
}
