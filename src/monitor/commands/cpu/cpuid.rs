//! `cpuid`: the CPU's identity and features.

use core::fmt::{self, Write};

use raw_cpuid::{CacheType, CpuIdResult};

use crate::arch::cpu::features::{cpuid, cpuid_leaf};
use crate::monitor::arguments::Arguments;
use crate::monitor::command::{Command, Error, NO_WORDS, Run};
use crate::monitor::commands::cpu::cpuid_features::write_features;

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "cpuid",
    usage: "[LEAF [SUBLEAF]]",
    summary: "Shows the CPU's identity and features, or a leaf of CPUID.",
    example: "cpuid 7 0",
    words: NO_WORDS,
    run: Run::Always(show),
};

/// The first leaf of each range: the basic leaves, those of hypervisors, and AMD's.
const LEAVES: [u32; 3] = [0, 0x4000_0000, 0x8000_0000];

fn show(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let leaf = arguments.number()?;
    let subleaf = arguments.number()?.unwrap_or(0);
    arguments.end()?;
    let Some(leaf) = leaf else {
        show_identity(out)?;
        show_widths(out)?;
        show_caches(out)?;
        show_topology(out)?;
        return Ok(write_features(out, &cpuid())?);
    };
    let (Ok(leaf), Ok(subleaf)) = (u32::try_from(leaf), u32::try_from(subleaf)) else {
        return Ok(writeln!(out, "leaf and subleaf have 32 bits")?);
    };
    Ok(show_leaf(out, leaf, subleaf)?)
}

fn show_leaf(out: &mut dyn Write, leaf: u32, subleaf: u32) -> fmt::Result {
    let CpuIdResult { eax, ebx, ecx, edx } = cpuid_leaf(leaf, subleaf);
    writeln!(out, "leaf {leaf:#010x}, subleaf {subleaf:#x}")?;
    writeln!(out, "  EAX {eax:08x}  EBX {ebx:08x}  ECX {ecx:08x}  EDX {edx:08x}")?;
    let first = LEAVES.into_iter().rfind(|first| *first <= leaf).unwrap_or(0);
    let highest = cpuid_leaf(first, 0).eax;
    if leaf > highest {
        writeln!(out, "  there is no such leaf: the highest is {highest:#x}")?;
    }
    Ok(())
}

fn show_identity(out: &mut dyn Write) -> fmt::Result {
    let cpuid = cpuid();
    let vendor = cpuid.get_vendor_info();
    writeln!(out, "vendor      {}", vendor.as_ref().map_or("none", |vendor| vendor.as_str()))?;
    let brand = cpuid.get_processor_brand_string();
    writeln!(out, "brand       {}", brand.as_ref().map_or("none", |brand| brand.as_str().trim()))?;
    if let Some(info) = cpuid.get_feature_info() {
        let (family, model, stepping) = (info.family_id(), info.model_id(), info.stepping_id());
        let signature = cpuid_leaf(1, 0).eax;
        writeln!(
            out,
            "signature   {signature:08x}: family {family}, model {model}, stepping {stepping}"
        )?;
    }
    if let Some(hypervisor) = cpuid.get_hypervisor_info() {
        writeln!(out, "hypervisor  {:?}", hypervisor.identify())?;
    }
    let [basic, _, extended] = LEAVES.map(|first| cpuid_leaf(first, 0).eax);
    writeln!(out, "leaves      up to {basic:#x} and {extended:#x}")
}

fn show_widths(out: &mut dyn Write) -> fmt::Result {
    let Some(info) = cpuid().get_processor_capacity_feature_info() else {
        return Ok(());
    };
    let (physical, linear) = (info.physical_address_bits(), info.linear_address_bits());
    writeln!(out, "addresses   {physical} bits physical, {linear} bits virtual")
}

/// Shows the caches by leaf 4 or AMD's version of it; without either, by AMD's older leaves, which
/// only have sizes.
fn show_caches(out: &mut dyn Write) -> fmt::Result {
    let cpuid = cpuid();
    let mut has_parameters = false;
    for cache in cpuid.get_cache_parameters().into_iter().flatten() {
        if !has_parameters {
            writeln!(out, "caches      level kind         KiB  line  ways    sets  shared by")?;
        }
        has_parameters = true;
        let kind = match cache.cache_type() {
            CacheType::Data => "data",
            CacheType::Instruction => "code",
            CacheType::Unified => "both",
            CacheType::Null | CacheType::Reserved => "unknown",
        };
        let (line, ways, sets) = (cache.coherency_line_size(), cache.associativity(), cache.sets());
        let kib = line * ways * sets * cache.physical_line_partitions() / 1024;
        writeln!(
            out,
            "            {:5} {kind:8} {kib:>7} {line:>5} {ways:>5} {sets:>7} {:>10}",
            cache.level(),
            cache.max_cores_for_cache()
        )?;
    }
    if has_parameters {
        return Ok(());
    }
    if let Some(level_1) = cpuid.get_l1_cache_and_tlb_info() {
        let (data, code) = (level_1.dcache_size(), level_1.icache_size());
        writeln!(out, "caches      level 1: {data} KiB data, {code} KiB code")?;
    }
    if let Some(higher) = cpuid.get_l2_l3_cache_and_tlb_info() {
        // Level 3 is in units of 512 KiB.
        let (level_2, level_3) = (higher.l2cache_size(), u32::from(higher.l3cache_size()) * 512);
        writeln!(out, "            level 2: {level_2} KiB, level 3: {level_3} KiB")?;
    }
    Ok(())
}

fn show_topology(out: &mut dyn Write) -> fmt::Result {
    let cpuid = cpuid();
    if let Some(info) = cpuid.get_feature_info() {
        let (id, most) = (info.initial_local_apic_id(), info.max_logical_processor_ids());
        writeln!(out, "topology    APIC ID {id}, {most} of them in the package")?;
    }
    for level in cpuid.get_extended_topology_info().into_iter().flatten() {
        let (kind, processors) = (level.level_type(), level.processors());
        let shift = level.shift_right_for_next_apic_id();
        writeln!(out, "            {kind}: {processors} CPUs, {shift} bits of the ID")?;
    }
    Ok(())
}
