//! The names of the CPU's features, as `cpuinfo` has them.

use crate::arch::cpu::features::cpuid_leaf;

/// The register of a leaf of CPUID.
#[derive(Clone, Copy)]
enum Register {
    Ebx,
    Ecx,
    Edx,
}

/// The features of a register: their bits and names.
struct Group {
    leaf: u32,
    register: Register,
    names: &'static [(u32, &'static str)],
}

/// Source: Linux, arch/x86/include/asm/cpufeatures.h; Intel SDM volume 2A, CPUID.
const GROUPS: &[Group] = &[
    Group {
        leaf: 1,
        register: Register::Edx,
        names: &[
            (0, "fpu"),
            (1, "vme"),
            (2, "de"),
            (3, "pse"),
            (4, "tsc"),
            (5, "msr"),
            (6, "pae"),
            (7, "mce"),
            (8, "cx8"),
            (9, "apic"),
            (11, "sep"),
            (12, "mtrr"),
            (13, "pge"),
            (14, "mca"),
            (15, "cmov"),
            (16, "pat"),
            (17, "pse36"),
            (19, "clflush"),
            (23, "mmx"),
            (24, "fxsr"),
            (25, "sse"),
            (26, "sse2"),
            (27, "ss"),
            (28, "ht"),
        ],
    },
    Group {
        leaf: 0x8000_0001,
        register: Register::Edx,
        names: &[
            (11, "syscall"),
            (20, "nx"),
            (22, "mmxext"),
            (25, "fxsr_opt"),
            (26, "pdpe1gb"),
            (27, "rdtscp"),
            (29, "lm"),
        ],
    },
    Group {
        leaf: 1,
        register: Register::Ecx,
        names: &[
            (0, "pni"),
            (1, "pclmulqdq"),
            (3, "monitor"),
            (5, "vmx"),
            (9, "ssse3"),
            (12, "fma"),
            (13, "cx16"),
            (17, "pcid"),
            (19, "sse4_1"),
            (20, "sse4_2"),
            (21, "x2apic"),
            (22, "movbe"),
            (23, "popcnt"),
            (24, "tsc_deadline_timer"),
            (25, "aes"),
            (26, "xsave"),
            (28, "avx"),
            (29, "f16c"),
            (30, "rdrand"),
            (31, "hypervisor"),
        ],
    },
    Group {
        leaf: 0x8000_0001,
        register: Register::Ecx,
        names: &[
            (0, "lahf_lm"),
            (1, "cmp_legacy"),
            (2, "svm"),
            (5, "abm"),
            (6, "sse4a"),
            (7, "misalignsse"),
            (8, "3dnowprefetch"),
        ],
    },
    Group {
        leaf: 7,
        register: Register::Ebx,
        names: &[
            (0, "fsgsbase"),
            (3, "bmi1"),
            (5, "avx2"),
            (7, "smep"),
            (8, "bmi2"),
            (9, "erms"),
            (10, "invpcid"),
            (16, "avx512f"),
            (18, "rdseed"),
            (19, "adx"),
            (20, "smap"),
            (23, "clflushopt"),
            (24, "clwb"),
            (29, "sha_ni"),
        ],
    },
    Group {
        leaf: 7,
        register: Register::Ecx,
        names: &[(2, "umip"), (3, "pku"), (8, "gfni"), (9, "vaes"), (16, "la57"), (22, "rdpid")],
    },
];

/// Calls `found` with the name of each feature of this CPU.
pub(super) fn for_each<E>(mut found: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    for group in GROUPS {
        if cpuid_leaf(group.leaf & 0x8000_0000, 0).eax < group.leaf {
            continue;
        }
        let leaf = cpuid_leaf(group.leaf, 0);
        let bits = match group.register {
            Register::Ebx => leaf.ebx,
            Register::Ecx => leaf.ecx,
            Register::Edx => leaf.edx,
        };
        for (_, name) in group.names.iter().filter(|(bit, _)| bits >> bit & 1 != 0) {
            found(name)?;
        }
    }
    Ok(())
}
