//! Identifies the CPU and turns its features on.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use heapless::String;
use paging::Capabilities;
use raw_cpuid::{CpuId, CpuIdResult, FeatureInfo};
use x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags, Efer, EferFlags};
use x86_64::registers::model_specific::Msr;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::cpu::fpu::{self, SaveFormat};
use crate::arch::user::user_state;
use crate::per_cpu;

/// The page attribute table: the memory type for each combination of PWT and PCD.
///
/// Source: Intel SDM volume 3A, "Page Attribute Table (PAT)".
const IA32_PAT: u32 = 0x277;

/// As at reset, except that entry 1 (PWT alone) is write-combining: entries 0 to 3 are WB, WC, UC-
/// and UC. An entry below 4 doesn't need the PAT bit, whose position differs in entries of large
/// pages.
const PAGE_ATTRIBUTES: u64 = 0x0007_0406_0007_0106;

per_cpu! {
    /// Whether CR3 has a PCID.
    pub(in crate::arch) static HAS_PCID: AtomicBool = AtomicBool::new(false);
    /// Whether SMAP is on: the kernel can't access pages of programs unless RFLAGS.AC is set.
    pub(in crate::arch) static HAS_SMAP: AtomicBool = AtomicBool::new(false);
}

/// The CPU's features to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureChoice {
    /// All features that the kernel supports.
    All,
    /// Required features only (`safe` on the command line).
    Required,
}

/// The choice, for CPUs that start later.
static CHOICE: AtomicU8 = AtomicU8::new(FeatureChoice::Required as u8);

/// The boot CPU's identity and features, as CPUID reports them.
#[derive(Clone, Debug)]
pub struct CpuInfo {
    /// The vendor as CPUID reports it, for example `GenuineIntel`.
    pub vendor: String<12>,
    /// The name that CPUID reports; empty if it reports none.
    brand: String<48>,
    /// Family, model, stepping.
    pub signature: (u8, u8, u8),
    /// The features that page tables may use.
    pub paging: Capabilities,
}

/// Identifies the CPU and turns features on.
pub fn start(choice: FeatureChoice) -> CpuInfo {
    boot_stage::mark(Stage::Features);
    let cpuid = CpuId::new();
    let info = CpuInfo {
        vendor: cut(cpuid.get_vendor_info().as_ref().map_or("", |vendor| vendor.as_str())),
        brand: cut(cpuid
            .get_processor_brand_string()
            .as_ref()
            .map_or("", |brand| brand.as_str().trim())),
        signature: cpuid
            .get_feature_info()
            .map_or((0, 0, 0), |info| (info.family_id(), info.model_id(), info.stepping_id())),
        paging: Capabilities {
            has_1gib_pages: choice == FeatureChoice::All
                && cpuid
                    .get_extended_processor_and_feature_identifiers()
                    .is_some_and(|features| features.has_1gib_pages()),
            // The stub has turned this on if the CPU supports it.
            has_no_execute: Efer::read().contains(EferFlags::NO_EXECUTE_ENABLE),
            has_write_combining: choice == FeatureChoice::All
                && cpuid.get_feature_info().is_some_and(|features| features.has_pat()),
        },
    };
    let (family, model, stepping) = info.signature;
    log::info!("{}", info.brand());
    log::info!("{}, family {family}, model {model}, stepping {stepping}", info.vendor);
    CHOICE.store(choice as u8, Ordering::Relaxed);
    enable_features(&cpuid, choice);
    log::info!("features on: {}", Features);
    info
}

/// Turns on the features that are on on the boot CPU, if this CPU has them.
pub(in crate::arch) fn start_here() {
    let is_all = CHOICE.load(Ordering::Relaxed) == FeatureChoice::All as u8;
    let choice = if is_all { FeatureChoice::All } else { FeatureChoice::Required };
    enable_features(&CpuId::new(), choice);
}

/// Sets up floating point as programs will need it, machine check exceptions (without them a
/// machine check resets the machine), global pages, SMEP and SMAP (the kernel can't execute or
/// access the pages of programs), UMIP (programs can't read the addresses of the kernel's tables),
/// and FSGSBASE (programs can set the bases of FS and GS).
fn enable_features(cpuid: &CpuId<raw_cpuid::CpuIdReaderNative>, choice: FeatureChoice) {
    let mut cr0 = Cr0::read();
    cr0.remove(Cr0Flags::EMULATE_COPROCESSOR | Cr0Flags::TASK_SWITCHED);
    cr0.insert(Cr0Flags::NUMERIC_ERROR | Cr0Flags::MONITOR_COPROCESSOR);
    // SAFETY: the kernel uses no floating point, and paging and protection stay on.
    unsafe { Cr0::write(cr0) };

    // Every CPU with long mode has FXSAVE and SSE, and every program uses them.
    // SAFETY: as above, and paging stays on.
    unsafe {
        Cr4::update(|cr4| cr4.insert(Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE));
    }
    let has_xsave = cpuid.get_feature_info().is_some_and(|features| features.has_xsave());
    let is_all = choice == FeatureChoice::All;
    fpu::start(if has_xsave && is_all { SaveFormat::Xsave } else { SaveFormat::Fxsave });
    if choice == FeatureChoice::Required {
        return;
    }
    let mut cr4 = Cr4::read();
    if cpuid.get_feature_info().is_some_and(|features| features.has_mce()) {
        cr4.insert(Cr4Flags::MACHINE_CHECK_EXCEPTION);
    }
    if cpuid.get_feature_info().is_some_and(|features| features.has_pat()) {
        // SAFETY: no page uses an entry that changes, because the stub's pages are all
        // cached.
        unsafe { Msr::new(IA32_PAT).write(PAGE_ATTRIBUTES) };
    }
    if cpuid.get_feature_info().is_some_and(|features| features.has_pge()) {
        cr4.insert(Cr4Flags::PAGE_GLOBAL);
    }
    if let Some(features) = cpuid.get_extended_feature_info() {
        cr4.set(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION, features.has_smep());
        cr4.set(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION, features.has_smap());
        cr4.set(Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION, features.has_umip());
        cr4.set(Cr4Flags::FSGSBASE, features.has_fsgsbase());
    }
    // PCID is 0 in CR3 now, as the manual requires.
    let has_pcid = cpuid
        .get_feature_info()
        .is_some_and(|features| features.has_pcid() && !misses_global_pages(cpuid, &features));
    cr4.set(Cr4Flags::PCID, has_pcid && cr4.contains(Cr4Flags::PAGE_GLOBAL));
    // SAFETY: this turns on only what CPUID reports; paging stays on, and no program has
    // pages yet.
    unsafe { Cr4::write(cr4) };
    user_state::start(cr4.contains(Cr4Flags::FSGSBASE));
    HAS_PCID.set(cr4.contains(Cr4Flags::PCID));
    HAS_SMAP.set(cr4.contains(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION));
}

/// Returns whether INVLPG may leave global pages in the TLB while PCIDs are on: Alder Lake, Raptor
/// Lake and Gracemont do, unless newer microcode fixes it.
///
/// Source: Linux, arch/x86/mm/init.c, `invlpg_miss_ids`.
fn misses_global_pages(
    cpuid: &CpuId<raw_cpuid::CpuIdReaderNative>,
    features: &FeatureInfo,
) -> bool {
    const MODELS: [u8; 6] = [0x97, 0x9A, 0xB7, 0xBA, 0xBE, 0xBF];
    let is_intel = cpuid.get_vendor_info().is_some_and(|it| it.as_str() == "GenuineIntel");
    is_intel && features.family_id() == 6 && MODELS.contains(&features.model_id())
}

/// Returns the reader of CPUID's leaves.
pub fn cpuid() -> CpuId<raw_cpuid::CpuIdReaderNative> {
    CpuId::new()
}

/// Returns a leaf of CPUID, undecoded.
pub fn cpuid_leaf(leaf: u32, subleaf: u32) -> CpuIdResult {
    raw_cpuid::native_cpuid::cpuid_count(leaf, subleaf)
}

fn cut<const N: usize>(text: &str) -> String<N> {
    text.chars().take(N).filter(char::is_ascii).collect()
}

impl CpuInfo {
    /// Returns the brand string.
    pub fn brand(&self) -> &str {
        if self.brand.is_empty() { "unnamed" } else { &self.brand }
    }
}

/// The features that are on now, in CR0, CR4 and EFER.
pub struct Features;

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cr0, cr4, efer) = (Cr0::read(), Cr4::read(), Efer::read());
        let features = [
            (efer.contains(EferFlags::LONG_MODE_ACTIVE), "LMA"),
            (efer.contains(EferFlags::NO_EXECUTE_ENABLE), "NXE"),
            (cr0.contains(Cr0Flags::PAGING), "PG"),
            (cr0.contains(Cr0Flags::WRITE_PROTECT), "WP"),
            (cr0.contains(Cr0Flags::NUMERIC_ERROR), "NE"),
            (cr4.contains(Cr4Flags::OSFXSR), "OSFXSR"),
            (cr4.contains(Cr4Flags::OSXMMEXCPT_ENABLE), "OSXMMEXCPT"),
            (cr4.contains(Cr4Flags::MACHINE_CHECK_EXCEPTION), "MCE"),
            (cr4.contains(Cr4Flags::PAGE_GLOBAL), "PGE"),
            (cr4.contains(Cr4Flags::PCID), "PCIDE"),
            (cr4.contains(Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION), "SMEP"),
            (cr4.contains(Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION), "SMAP"),
            (cr4.contains(Cr4Flags::USER_MODE_INSTRUCTION_PREVENTION), "UMIP"),
            (cr4.contains(Cr4Flags::FSGSBASE), "FSGSBASE"),
        ];
        let mut separator = "";
        for (_, name) in features.iter().filter(|(is_on, _)| *is_on) {
            write!(f, "{separator}{name}")?;
            separator = " ";
        }
        Ok(())
    }
}
