//! The names of the features that CPUID reports.

use core::fmt::{self, Write};

use raw_cpuid::{CpuId, CpuIdReaderNative};

/// The column of the first word of a row, and the limit for the end of its last word.
const INDENT: usize = 12;
const COLUMNS: usize = 79;

/// Calls a function with the name of each supported feature, made from the names of
/// raw-cpuid's methods.
macro_rules! words {
    ($give:ident, $info:expr, $($question:ident)*) => {
        if let Some(info) = $info {
            $(if info.$question() {
                $give(stringify!($question).trim_start_matches("has_"))?;
            })*
        }
    };
}

/// Writes the names of all supported features, in rows.
pub(in crate::monitor) fn write_features(
    out: &mut dyn Write,
    cpuid: &CpuId<CpuIdReaderNative>,
) -> fmt::Result {
    write!(out, "{:1$}", "features", INDENT - 1)?;
    let mut column = INDENT - 1;
    for_each_feature(cpuid, &mut |word| {
        if column + 1 + word.len() > COLUMNS {
            write!(out, "\n{:1$}", "", INDENT - 1)?;
            column = INDENT - 1;
        }
        column += 1 + word.len();
        write!(out, " {word}")
    })?;
    writeln!(out)
}

fn for_each_feature(
    cpuid: &CpuId<CpuIdReaderNative>,
    give: &mut dyn FnMut(&str) -> fmt::Result,
) -> fmt::Result {
    words!(give, cpuid.get_feature_info(),
        has_fpu has_vme has_de has_pse has_tsc has_msr has_pae has_mce has_cmpxchg8b has_apic
        has_sysenter_sysexit has_mtrr has_pge has_mca has_cmov has_pat has_pse36 has_psn
        has_clflush has_ds has_acpi has_mmx has_fxsave_fxstor has_sse has_sse2 has_ss has_htt
        has_tm has_pbe has_sse3 has_pclmulqdq has_ds_area has_monitor_mwait has_cpl has_vmx
        has_smx has_eist has_tm2 has_ssse3 has_cnxtid has_fma has_cmpxchg16b has_pdcm has_pcid
        has_dca has_sse41 has_sse42 has_x2apic has_movbe has_popcnt has_tsc_deadline has_aesni
        has_xsave has_oxsave has_avx has_f16c has_rdrand has_hypervisor);
    words!(give, cpuid.get_extended_feature_info(),
        has_fsgsbase has_tsc_adjust_msr has_bmi1 has_hle has_avx2 has_smep has_bmi2
        has_rep_movsb_stosb has_invpcid has_rtm has_mpx has_rdseed has_adx has_smap
        has_clflushopt has_processor_trace has_sha has_sgx has_avx512f has_avx512dq
        has_avx512_ifma has_avx512cd has_avx512bw has_avx512vl has_clwb has_avx512vbmi has_umip
        has_pku has_ospke has_waitpkg has_cet_ss has_gfni has_vaes has_vpclmulqdq has_la57
        has_rdpid has_amx_tile has_amx_int8 has_amx_bf16 has_avx_vnni has_lam);
    words!(give, cpuid.get_extended_processor_and_feature_identifiers(),
        has_lahf_sahf has_cmp_legacy has_svm has_alt_mov_cr8 has_lzcnt has_sse4a
        has_misaligned_sse_mode has_prefetchw has_osvw has_ibs has_xop has_wdt has_fma4 has_tbm
        has_topology_extensions has_syscall_sysret has_execute_disable has_mmx_extensions
        has_fast_fxsave_fxstor has_1gib_pages has_rdtscp has_64bit_mode
        has_amd_3dnow_extensions has_3dnow);
    words!(give, cpuid.get_advanced_power_mgmt_info(), has_invariant_tsc);
    Ok(())
}
