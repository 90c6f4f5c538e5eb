//! `cpuinfo`.

use super::features;
use crate::arch::cpu::features::{cpuid, cpuid_leaf};
use crate::arch::cpu::percpu;
use crate::arch::time::clock;
use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::task;

/// All CPUs are shown with the features of the one that this runs on.
///
/// Source: Linux, arch/x86/kernel/cpu/proc.c, `show_cpuinfo`.
pub(in crate::procfs) fn cpuinfo(_: &(), text: &mut Text) -> Result<(), FsError> {
    let cpus = task::cpus().count();
    for cpu in task::cpus() {
        let apic = percpu::get(cpu.id()).map_or(0, |area| area.apic_id().number());
        writeln!(text, "processor\t: {}", cpu.id())?;
        push_identity(text)?;
        let number = cpu.id();
        writeln!(text, "physical id\t: 0\nsiblings\t: {cpus}\ncore id\t\t: {number}")?;
        writeln!(text, "cpu cores\t: {cpus}\napicid\t\t: {apic}\ninitial apicid\t: {apic}")?;
        let last_leaf = cpuid_leaf(0, 0).eax;
        writeln!(text, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: {last_leaf}")?;
        text.push(b"wp\t\t: yes\nflags\t\t:")?;
        features::for_each(|name| write!(text, " {name}"))?;
        let hz = clock::rate().hz;
        // As on Linux where the rate is known: two loops for each tick.
        writeln!(text, "\nbugs\t\t:\nbogomips\t: {}.{:02}", hz / 500_000, hz / 5_000 % 100)?;
        let sizes = cpuid_leaf(0x8000_0008, 0).eax;
        let line_bytes = cpuid_leaf(1, 0).ebx >> 8 & 0xFF;
        writeln!(text, "clflush size\t: {0}\ncache_alignment\t: {0}", line_bytes * 8)?;
        let (physical, virtual_) = (sizes & 0xFF, sizes >> 8 & 0xFF);
        writeln!(text, "address sizes\t: {physical} bits physical, {virtual_} bits virtual")?;
        text.push(b"power management:\n\n")?;
    }
    Ok(())
}

fn push_identity(text: &mut Text) -> Result<(), FsError> {
    let cpuid = cpuid();
    let vendor = cpuid.get_vendor_info();
    let vendor = vendor.as_ref().map_or("unknown", |vendor| vendor.as_str());
    let brand = cpuid.get_processor_brand_string();
    let brand = brand.as_ref().map_or("unknown", |brand| brand.as_str().trim());
    let (family, model, stepping) = cpuid
        .get_feature_info()
        .map_or((0, 0, 0), |info| (info.family_id(), info.model_id(), info.stepping_id()));
    let hz = clock::rate().hz;
    let (mhz, khz) = (hz / 1_000_000, hz / 1_000 % 1_000);
    writeln!(text, "vendor_id\t: {vendor}\ncpu family\t: {family}\nmodel\t\t: {model}")?;
    writeln!(text, "model name\t: {brand}\nstepping\t: {stepping}\ncpu MHz\t\t: {mhz}.{khz:03}")?;
    let cache_kib = match cpuid_leaf(0x8000_0000, 0).eax {
        0x8000_0006.. => cpuid_leaf(0x8000_0006, 0).ecx >> 16,
        _ => 0,
    };
    writeln!(text, "cache size\t: {cache_kib} KB")
}
