//! Measures the computations of `bench/compute` as a UEFI application, with the firmware's services
//! and its timer's interrupts. Prints the lines of `bench/programs` on the firmware's console, and
//! switches the machine off.
//!
//! Invariant: [`efi_main`] runs once, on one CPU, and never returns.

#![no_std]

#[path = "../../compute/workload.rs"]
mod workload;

use core::arch::asm;
use core::arch::x86_64::__cpuid;
use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

use r_efi::efi;
use r_efi::protocols::simple_text_output::Protocol as Output;
use workload::{EOPNOTSUPP, GEMV_AVX2, Operands, measure_fib};

/// The operands, in memory that is aligned as they need.
struct Place(UnsafeCell<Operands>);

// SAFETY: only `efi_main` accesses it, once and on one CPU.
unsafe impl Sync for Place {}

static OPERANDS: Place = Place(UnsafeCell::new(Operands::new()));

/// The firmware's console.
struct Console(*mut Output);

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // The firmware's strings have 16-bit characters and end with a zero.
            let mut line = [u16::from(b'\r'), u16::from(b'\n'), 0];
            let mut single = [u16::from(byte), 0];
            let text = if byte == b'\n' { line.as_mut_ptr() } else { single.as_mut_ptr() };
            // SAFETY: the firmware's table lives as long as the application.
            let output_string = unsafe { (*self.0).output_string };
            output_string(self.0, text);
        }
        Ok(())
    }
}

/// The entry: prints all figures.
///
/// # Safety
/// The firmware calls it.
#[unsafe(no_mangle)]
unsafe extern "efiapi" fn efi_main(_: efi::Handle, table: *mut efi::SystemTable) -> efi::Status {
    // SAFETY: the firmware passes its table.
    let table = unsafe { &*table };
    // SAFETY: this function runs once, and nothing else accesses the operands.
    let operands = unsafe { &mut *OPERANDS.0.get() };
    let mut console = Console(table.con_out);
    // The first line may have control sequences of the console before it.
    let _ = writeln!(console, "\nsetting uefi");
    let _ = measure(operands, &mut console);
    let _ = writeln!(console, "end");
    // SAFETY: the firmware's table is valid.
    let reset_system = unsafe { (*table.runtime_services).reset_system };
    reset_system(efi::RESET_SHUTDOWN, efi::Status::SUCCESS, 0, core::ptr::null_mut());
    efi::Status::ABORTED
}

fn measure(operands: &mut Operands, console: &mut Console) -> fmt::Result {
    writeln!(console, "interrupts {}", u8::from(are_interrupts_on()))?;
    operands.fill();
    writeln!(console, "{}", measure_fib())?;
    // SAFETY: UEFI applications may use SSE.
    writeln!(console, "{}", unsafe { operands.measure_gemv() })?;
    operands.fill();
    if may_use_avx2_and_fma() {
        // SAFETY: the firmware has turned them on.
        return writeln!(console, "{}", unsafe { operands.measure_gemv_avx2() });
    }
    writeln!(console, "skip {GEMV_AVX2} {EOPNOTSUPP}")
}

fn are_interrupts_on() -> bool {
    let flags: u64;
    // SAFETY: it only reads the flags.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags & 1 << 9 != 0
}

/// Returns whether the CPU has AVX2 and FMA and the firmware has turned XSAVE on, without which
/// they can't be used.
///
/// Source: Intel SDM volume 1, "Detection of Intel AVX2".
fn may_use_avx2_and_fma() -> bool {
    const FMA: u32 = 1 << 12;
    const OSXSAVE: u32 = 1 << 27;
    const AVX2: u32 = 1 << 5;
    const AVX_STATE: u32 = 0b110;
    if __cpuid(1).ecx & (FMA | OSXSAVE) != FMA | OSXSAVE || __cpuid(0).eax < 7 {
        return false;
    }
    let parts: u32;
    // SAFETY: XSAVE is on; it only reads XCR0.
    unsafe {
        asm!("xgetbv", in("ecx") 0, out("eax") parts, out("edx") _, options(nomem, nostack));
    }
    core::arch::x86_64::__cpuid_count(7, 0).ebx & AVX2 != 0 && parts & AVX_STATE == AVX_STATE
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
