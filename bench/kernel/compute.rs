//! Computations in the kernel: `tools/bench-compute` boots this, and reads the lines, which are
//! those of `bench/programs` after a line with the setting.

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

use farjump::arch::cpu::fpu_section::FpuSection;
use farjump::arch::irq::interrupt_flag::{self, InterruptsOff};
use farjump::{println, task};

#[expect(unsafe_code, reason = "calls assembly")]
#[path = "../compute/workload.rs"]
mod workload;

use workload::{Measured, Operands, measure_fib};

farjump::test_kernel!(test_main);

static OPERANDS: spin::Mutex<Operands> = spin::Mutex::new(Operands::new());

#[expect(unsafe_code, reason = "only here vector registers may be used")]
fn measure_gemv(fpu: &FpuSection, operands: &mut Operands) -> (Measured, Option<Measured>) {
    // SAFETY: the section permits SSE.
    let scalar = unsafe { operands.measure_gemv() };
    operands.fill();
    // SAFETY: the section permits AVX2 and FMA, which the CPU has.
    let vector = fpu.has_avx2_and_fma().then(|| unsafe { operands.measure_gemv_avx2() });
    (scalar, vector)
}

fn print(setting: &str, fib: &Measured, gemv: &(Measured, Option<Measured>)) {
    let (scalar, vector) = gemv;
    println!("setting {setting}\n{fib}\n{scalar}");
    match vector {
        Some(vector) => println!("{vector}"),
        None => println!("skip {} {}", workload::GEMV_AVX2, workload::EOPNOTSUPP),
    }
}

/// With interrupts off: nothing but the code runs.
fn bare(operands: &mut Operands) {
    operands.fill();
    let fib = {
        let _interrupts_off = InterruptsOff::new();
        measure_fib()
    };
    let gemv = task::with_fpu(|fpu| {
        let _interrupts_off = InterruptsOff::new();
        measure_gemv(fpu, operands)
    });
    print("bare", &fib, &gemv);
}

/// With interrupts on.
fn ring_0(operands: &mut Operands) {
    operands.fill();
    assert!(interrupt_flag::are_enabled());
    let fib = measure_fib();
    let gemv = task::with_fpu(|fpu| {
        assert!(interrupt_flag::are_enabled());
        measure_gemv(fpu, operands)
    });
    print("ring_0", &fib, &gemv);
}

#[test_case]
fn compute() {
    let mut operands = OPERANDS.lock();
    bare(&mut operands);
    ring_0(&mut operands);
    println!("end");
}
