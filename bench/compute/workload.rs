//! The computations of `bench/compute/code.asm`, their operands and their measurement, for Farjump's
//! kernel and for the UEFI application. `bench/programs/compute.c` has the same for processes.

use core::arch::asm;
use core::fmt;

/// The number of rows and of columns of the matrix.
const ORDER: usize = 512;
/// The number of samples. It is odd, so that the median is one of them.
const SAMPLES: usize = 9;
const FIB_OF: u64 = 30;

unsafe extern "sysv64" {
    fn compute_fib(n: u64) -> u64;
    fn compute_gemv512(matrix: *const f32, vector: *const f32, product: *mut f32);
    fn compute_gemv512_avx2(matrix: *const f32, vector: *const f32, product: *mut f32);
}

/// A matrix, a vector, and their product.
#[repr(C, align(64))]
pub struct Operands {
    matrix: [[f32; ORDER]; ORDER],
    vector: [f32; ORDER],
    product: [f32; ORDER],
}

impl Operands {
    /// Returns operands of zeros.
    pub const fn new() -> Self {
        Self { matrix: [[0.0; ORDER]; ORDER], vector: [0.0; ORDER], product: [0.0; ORDER] }
    }

    /// Sets the matrix and the vector to small integers, so that each order of the additions has
    /// the same exact result.
    pub fn fill(&mut self) {
        // The compiler has no floating-point instructions for the kernel, and needs none for these.
        const OF_MATRIX: [f32; 7] = [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0];
        const OF_VECTOR: [f32; 5] = [-2.0, -1.0, 0.0, 1.0, 2.0];
        let values = self.matrix.as_flattened_mut().iter_mut();
        values.zip(OF_MATRIX.iter().cycle()).for_each(|(value, of)| *value = *of);
        self.vector.iter_mut().zip(OF_VECTOR.iter().cycle()).for_each(|(value, of)| *value = *of);
        self.product.fill(f32::NAN);
    }

    /// Returns a sum of the product's bits in which the places of the values count.
    fn check(&self) -> u64 {
        let weighted = self
            .product
            .iter()
            .zip(1..)
            .map(|(value, place)| u64::from(value.to_bits()).wrapping_mul(place));
        weighted.fold(0, u64::wrapping_add)
    }

    /// Measures the multiplication by scalar instructions.
    ///
    /// # Safety
    /// SSE may be used.
    pub unsafe fn measure_gemv(&mut self) -> Measured {
        let (matrix, vector) = (self.matrix.as_flattened().as_ptr(), self.vector.as_ptr());
        let product = self.product.as_mut_ptr();
        // SAFETY: the operands have the sizes that the code reads and writes; the caller's promise.
        let ticks = measure(|| unsafe { compute_gemv512(matrix, vector, product) });
        Measured { name: "gemv512_f32", ticks, check: self.check() }
    }

    /// Measures the multiplication by AVX2 and FMA.
    ///
    /// # Safety
    /// AVX2 and FMA may be used.
    pub unsafe fn measure_gemv_avx2(&mut self) -> Measured {
        let (matrix, vector) = (self.matrix.as_flattened().as_ptr(), self.vector.as_ptr());
        let product = self.product.as_mut_ptr();
        // SAFETY: as above; the operands are aligned to 64 bytes.
        let ticks = measure(|| unsafe { compute_gemv512_avx2(matrix, vector, product) });
        Measured { name: GEMV_AVX2, ticks, check: self.check() }
    }
}

/// The name of the multiplication by AVX2 and FMA.
pub const GEMV_AVX2: &str = "gemv512_f32_avx2";
/// The error number of a setting in which AVX2 or FMA may not be used, for the line `skip`.
pub const EOPNOTSUPP: u32 = 95;

/// Measures Fibonacci of 30.
pub fn measure_fib() -> Measured {
    let mut result = 0;
    // SAFETY: the code computes in general registers and on the stack.
    let ticks = measure(|| result = unsafe { compute_fib(FIB_OF) });
    Measured { name: "fib30", ticks, check: result }
}

/// The samples of an operation and its check value. It is shown as the lines of `bench/programs`.
pub struct Measured {
    name: &'static str,
    /// In ascending order.
    ticks: [u64; SAMPLES],
    check: u64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, ticks) = (self.name, &self.ticks);
        let (min, median, max) = (ticks[0], ticks[SAMPLES / 2], ticks[SAMPLES - 1]);
        writeln!(f, "op {name} {min} {median} {max} {SAMPLES}")?;
        write!(f, "check {name} {}", self.check)
    }
}

/// Runs `work` once, and then once for each sample; returns the ticks in ascending order.
fn measure(mut work: impl FnMut()) -> [u64; SAMPLES] {
    work();
    let mut ticks = [0; SAMPLES];
    for sample in &mut ticks {
        let begin = now();
        work();
        *sample = now() - begin;
    }
    ticks.sort_unstable();
    ticks
}

/// Reads the time stamp counter. LFENCE keeps the order on real CPUs.
fn now() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: it only reads the counter. Memory is an operand, so nothing moves over it.
    unsafe { asm!("lfence", "rdtsc", "lfence", out("eax") low, out("edx") high, options(nostack)) };
    u64::from(high) << 32 | u64::from(low)
}
