//! Control registers, EFER, RFLAGS and XCR0.
//!
//! Source: Intel SDM volume 3A, "Control Registers", "Extended Control Registers
//! (Including XCR0)", "IA32_EFER MSR"; volume 1, "EFLAGS Register"; AMD APM volume 2,
//! "Extended Feature Enable Register (EFER)", for EFER's bits from 12 on.

use crate::field::{Field, Layout};

/// CR0: protection, paging, floating point.
pub const CR0: Layout = Layout {
    name: "CR0",
    purpose: "protection, paging, floating point",
    fields: &[
        Field::flag(0, "PE", "protected mode"),
        Field::flag(1, "MP", "WAIT heeds TS"),
        Field::flag(2, "EM", "floating point is emulated: it raises #UD"),
        Field::flag(3, "TS", "task switched: floating point raises #NM"),
        Field::flag(4, "ET", "the coprocessor is a 387, always set"),
        Field::flag(5, "NE", "x87 errors raise #MF").or("x87 errors raise IRQ 13"),
        Field::flag(16, "WP", "the kernel can't write read-only pages")
            .or("the kernel may write read-only pages"),
        Field::flag(18, "AM", "programs may have alignment checked (#AC)")
            .or("alignment is never checked"),
        Field::flag(29, "NW", "no write-through"),
        Field::flag(30, "CD", "caches are off"),
        Field::flag(31, "PG", "paging"),
    ],
};

/// CR2: the address of the last page fault.
pub const CR2: Layout =
    Layout { name: "CR2", purpose: "the address of the last page fault", fields: &[] };

/// CR3: the root of the page tables. Bits 0 to 11 are the PCID while CR4.PCIDE is set.
pub const CR3: Layout = Layout {
    name: "CR3",
    purpose: "the root of the page tables",
    fields: &[
        Field::flag(3, "PWT", "the root table is cached write-through"),
        Field::flag(4, "PCD", "the root table isn't cached"),
        Field::wide(12, 40, "BASE", "the root table's frame number"),
        Field::flag(61, "LAM_U57", "programs' pointers may carry 6 bits of their own"),
        Field::flag(62, "LAM_U48", "programs' pointers may carry 15 bits of their own"),
    ],
};

/// CR4: features that the kernel has turned on.
pub const CR4: Layout = Layout {
    name: "CR4",
    purpose: "features that the kernel has turned on",
    fields: &[
        Field::flag(0, "VME", "virtual 8086 mode extensions"),
        Field::flag(1, "PVI", "protected-mode virtual interrupts"),
        Field::flag(2, "TSD", "programs may not read the time stamp counter")
            .or("programs may read the time stamp counter"),
        Field::flag(3, "DE", "debugging extensions: I/O breakpoints"),
        Field::flag(4, "PSE", "4 MiB pages in 32-bit paging"),
        Field::flag(5, "PAE", "page table entries of 64 bits"),
        Field::flag(6, "MCE", "machine checks raise #MC").or("a machine check resets"),
        Field::flag(7, "PGE", "global pages").or("no global pages"),
        Field::flag(8, "PCE", "programs may read performance counters"),
        Field::flag(9, "OSFXSR", "FXSAVE and SSE").or("SSE raises #UD"),
        Field::flag(10, "OSXMMEXCPT", "SSE errors raise #XM"),
        Field::flag(11, "UMIP", "programs can't read the tables' addresses")
            .or("programs may read the tables' addresses"),
        Field::flag(12, "LA57", "page tables of 5 levels").or("page tables of 4 levels"),
        Field::flag(13, "VMXE", "Intel's virtual machines"),
        Field::flag(14, "SMXE", "safer mode extensions"),
        Field::flag(16, "FSGSBASE", "RDFSBASE, WRFSBASE and similar")
            .or("only the kernel sets FS and GS bases"),
        Field::flag(17, "PCIDE", "process-context identifiers").or("no PCIDs"),
        Field::flag(18, "OSXSAVE", "XSAVE and XCR0").or("no XSAVE, so no AVX"),
        Field::flag(19, "KL", "key locker"),
        Field::flag(20, "SMEP", "the kernel can't execute programs' pages")
            .or("the kernel may execute programs' pages"),
        Field::flag(21, "SMAP", "the kernel can't reach programs' pages")
            .or("the kernel may reach programs' pages"),
        Field::flag(22, "PKE", "protection keys of programs' pages"),
        Field::flag(23, "CET", "control-flow enforcement").or("no control-flow enforcement"),
        Field::flag(24, "PKS", "protection keys of the kernel's pages"),
        Field::flag(25, "UINTR", "user interrupts"),
        Field::flag(28, "LAM_SUP", "the kernel's pointers may carry bits of their own"),
    ],
};

/// CR8: the task priority.
pub const CR8: Layout = Layout {
    name: "CR8",
    purpose: "the priority below which interrupts wait",
    fields: &[Field::wide(0, 4, "TPR", "the task priority class").or("none waits")],
};

/// EFER: features of long mode.
pub const EFER: Layout = Layout {
    name: "EFER",
    purpose: "features of long mode",
    fields: &[
        Field::flag(0, "SCE", "SYSCALL and SYSRET").or("SYSCALL raises #UD"),
        Field::flag(8, "LME", "long mode enabled"),
        Field::flag(10, "LMA", "long mode active"),
        Field::flag(11, "NXE", "pages can be not executable").or("all pages can be executed"),
        Field::flag(12, "SVME", "AMD's virtual machines"),
        Field::flag(13, "LMSLE", "segment limits in long mode"),
        Field::flag(14, "FFXSR", "fast FXSAVE in the kernel"),
        Field::flag(15, "TCE", "INVLPG keeps cached entries of other pages"),
        Field::flag(17, "MCOMMIT", "MCOMMIT instruction"),
        Field::flag(18, "INTWB", "WBINVD can be interrupted"),
        Field::flag(20, "UAIE", "upper address bits are ignored"),
        Field::flag(21, "AIBRSE", "automatic IBRS"),
    ],
};

/// RFLAGS: the flags.
pub const RFLAGS: Layout = Layout {
    name: "RFLAGS",
    purpose: "the flags",
    fields: &[
        Field::flag(0, "CF", "carry"),
        Field::flag(1, "1", "always set"),
        Field::flag(2, "PF", "even parity"),
        Field::flag(4, "AF", "carry out of bit 3"),
        Field::flag(6, "ZF", "zero"),
        Field::flag(7, "SF", "sign"),
        Field::flag(8, "TF", "single step"),
        Field::flag(9, "IF", "interrupts are on").or("interrupts are off"),
        Field::flag(10, "DF", "strings run downwards"),
        Field::flag(11, "OF", "overflow"),
        Field::wide(12, 2, "IOPL", "rings up to this may use I/O ports")
            .or("only ring 0 may use I/O ports"),
        Field::flag(14, "NT", "nested task"),
        Field::flag(16, "RF", "resume: the next breakpoint is skipped"),
        Field::flag(17, "VM", "virtual 8086 mode"),
        Field::flag(18, "AC", "alignment check; suspends SMAP"),
        Field::flag(19, "VIF", "virtual interrupt flag"),
        Field::flag(20, "VIP", "virtual interrupt pending"),
        Field::flag(21, "ID", "CPUID is supported"),
    ],
};

/// XCR0: the state that XSAVE saves.
pub const XCR0: Layout = Layout {
    name: "XCR0",
    purpose: "the state that XSAVE saves",
    fields: &[
        Field::flag(0, "X87", "x87 registers, always set"),
        Field::flag(1, "SSE", "XMM registers"),
        Field::flag(2, "AVX", "upper halves of YMM registers").or("AVX raises #UD"),
        Field::flag(3, "BNDREG", "MPX bounds"),
        Field::flag(4, "BNDCSR", "MPX configuration"),
        Field::flag(5, "OPMASK", "AVX-512 masks"),
        Field::flag(6, "ZMM_HI256", "upper halves of ZMM0 to ZMM15"),
        Field::flag(7, "HI16_ZMM", "ZMM16 to ZMM31"),
        Field::flag(9, "PKRU", "protection key rights"),
        Field::flag(11, "CET_U", "programs' control-flow enforcement"),
        Field::flag(12, "CET_S", "the kernel's control-flow enforcement"),
        Field::flag(17, "TILECFG", "AMX configuration"),
        Field::flag(18, "TILEDATA", "AMX tiles"),
    ],
};
