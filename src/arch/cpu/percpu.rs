//! Per-CPU variables: each CPU has its own copy.
//!
//! They are declared beside the code that owns them, by [`per_cpu!`](crate::per_cpu). The
//! linker gathers them in the section `.percpu`: the template, which holds their initial
//! values and is never written. Each CPU has an area, a copy of the template. The GS base
//! is the distance from the template to the area, so `gs:[address]` with a variable's
//! address in the template accesses this CPU's copy of it.
//!
//! Only its own CPU writes such a variable, unless the variable's documentation says otherwise.
//! Atomics with relaxed order are then enough: they are needed only because an interrupt handler
//! may run between any two instructions.

mod place;
use core::arch::asm;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use spin::Once;
use x86_64::VirtAddr;
use x86_64::registers::model_specific::GsBase;

use super::id::{ApicId, CpuId};

pub use place::Place;

/// Declares per-CPU variables.
///
/// ```ignore
/// per_cpu! {
///     /// How often this CPU was interrupted.
///     static INTERRUPTS: AtomicU32 = AtomicU32::new(0);
/// }
/// INTERRUPTS.increment();
/// ```
#[macro_export]
#[allow_internal_unsafe]
macro_rules! per_cpu {
    ($( $(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $value:expr; )+) => { $(
        $(#[$attribute])*
        #[unsafe(link_section = ".percpu")]
        $visibility static $name: $crate::arch::cpu::percpu::PerCpu<$type, $name> = {
            const fn value() -> $type {
                $value
            }
            // SAFETY: the variable is in `.percpu`.
            unsafe { $crate::arch::cpu::percpu::PerCpu::new(value()) }
        };

        #[doc(hidden)]
        #[allow(
            non_camel_case_types,
            clippy::upper_case_acronyms,
            reason = "it has the name of the variable"
        )]
        $visibility enum $name {}

        $crate::implement_place!($name, $type);
    )+ };
}

/// A per-CPU variable of type `T`. `P` is a type that only this variable has.
#[repr(transparent)]
pub struct PerCpu<T: 'static, P>(T, PhantomData<fn() -> P>);

impl<T: Sync, P> PerCpu<T, P> {
    /// Makes the template of a variable.
    ///
    /// # Safety
    /// It is a static in the section `.percpu`, as [`per_cpu!`](crate::per_cpu) makes it.
    #[doc(hidden)]
    pub const unsafe fn new(value: T) -> Self {
        const { assert!(align_of::<T>() <= align_of::<AreaLine>(), "areas aren't aligned so") };
        Self(value, PhantomData)
    }

    #[inline]
    fn address(&'static self) -> u64 {
        core::ptr::from_ref(self).addr() as u64
    }

    /// Returns the variable of `cpu`.
    #[inline]
    pub fn of(&'static self, cpu: &Cpu) -> &'static T {
        let address = self.address().wrapping_add(cpu.distance.load(Ordering::Relaxed));
        // SAFETY: the area of a CPU is a copy of the template and lives for ever; the variable has
        // the same offset in it as in the template.
        unsafe { &*core::ptr::with_exposed_provenance(address as usize) }
    }

    /// Returns the variable of the current CPU. Unless interrupts or preemption are off, the thread
    /// may have moved to another CPU before it uses the reference.
    #[inline]
    pub fn here(&'static self) -> &'static T {
        self.of(current())
    }
}

/// Implements access to a variable of an atomic type by one instruction. The thread may move to
/// another CPU before or after that instruction, but not during it.
macro_rules! define_access {
    ($atomic:ty, $value:ty, $of_bits:expr) => {
        impl<P: Place> PerCpu<$atomic, P> {
            /// Reads the variable of this CPU, by one instruction.
            #[inline(always)]
            pub fn get(&'static self) -> $value {
                $of_bits(P::read())
            }

            /// Writes the variable of this CPU, by one instruction.
            #[inline(always)]
            pub fn set(&'static self, value: $value) {
                // SAFETY: it is a value of the variable's type, which has 1, 4 or 8 bytes.
                unsafe { P::write(value.into()) }
            }
        }
    };
}

define_access!(AtomicBool, bool, |bits| bits != 0);
define_access!(AtomicU32, u32, |bits| bits as u32);
define_access!(AtomicU64, u64, |bits| bits);

impl<P: Place> PerCpu<AtomicU32, P> {
    /// Adds 1, wrapping, to the variable of this CPU, by one instruction, so no interrupt can come
    /// in between. Other CPUs may read the variable, but not write it: the addition isn't atomic
    /// for them.
    #[inline(always)]
    pub fn increment(&'static self) {
        P::increment();
    }

    /// Subtracts 1 in the same way; returns whether the variable is 0 then.
    #[inline(always)]
    pub fn decrement(&'static self) -> bool {
        P::decrement()
    }
}

/// A `&'static T`, or none, as a per-CPU variable.
#[repr(transparent)]
pub struct StaticRef<T: 'static>(AtomicPtr<T>);

impl<T> StaticRef<T> {
    /// Returns the empty value.
    pub const fn none() -> Self {
        Self(AtomicPtr::new(core::ptr::null_mut()))
    }
}

impl<T: Sync, P: Place> PerCpu<StaticRef<T>, P> {
    /// Reads the variable of this CPU, by one instruction.
    #[inline(always)]
    pub fn get(&'static self) -> Option<&'static T> {
        let value: *const T = core::ptr::with_exposed_provenance(P::read() as usize);
        // SAFETY: it is null, or a `&'static T` that `set` has stored.
        unsafe { value.as_ref() }
    }

    /// Writes the variable of this CPU, by one instruction.
    #[inline(always)]
    pub fn set(&'static self, value: &'static T) {
        let address = core::ptr::from_ref(value).expose_provenance() as u64;
        // SAFETY: the variable is a pointer.
        unsafe { P::write(address) }
    }
}

/// A CPU. Each CPU's area contains its own.
#[repr(C)]
pub struct Cpu {
    /// Its own address, so that one instruction can load it.
    this: AtomicPtr<Cpu>,
    /// The distance from the template to the area, in bytes.
    distance: AtomicU64,
    id: AtomicU32,
    apic_id: AtomicU32,
}

const _: () = assert!(core::mem::offset_of!(Cpu, this) == 0, "`current` reads it there");

impl Cpu {
    /// Returns its number in the kernel.
    #[inline]
    pub fn id(&self) -> CpuId {
        CpuId::new(self.id.load(Ordering::Relaxed))
    }

    /// Returns the ID of its local APIC; 0 if that isn't used.
    #[inline]
    pub fn apic_id(&self) -> ApicId {
        ApicId::new(self.apic_id.load(Ordering::Relaxed))
    }

    /// Sets the ID of its local APIC.
    pub fn set_apic_id(&self, apic_id: ApicId) {
        self.apic_id.store(apic_id.number(), Ordering::Relaxed);
    }

    /// Returns whether this is the CPU that the call runs on.
    #[inline]
    pub fn is_current(&self) -> bool {
        core::ptr::eq(self, current())
    }
}

per_cpu! {
    static CPU: Cpu = Cpu {
        this: AtomicPtr::new(core::ptr::null_mut()),
        distance: AtomicU64::new(0),
        id: AtomicU32::new(0),
        apic_id: AtomicU32::new(0),
    };
}

/// The unit of an area: 64 bytes, aligned to a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct AreaLine([u64; 8]);

impl AreaLine {
    /// A line of zeros.
    pub const ZERO: Self = Self([0; 8]);
}

unsafe extern "C" {
    static __percpu_start: [AreaLine; 0];
    static __percpu_end: [AreaLine; 0];
    static __percpu_boot: [AreaLine; 0];
}

/// Returns the number of lines of an area.
pub fn area_lines() -> usize {
    ((&raw const __percpu_end).addr() - (&raw const __percpu_start).addr()) / size_of::<AreaLine>()
}

/// The largest number of CPUs that the kernel uses.
pub const CPUS_MAX: usize = 256;

/// All running CPUs, by their numbers.
static ALL: [Once<&'static Cpu>; CPUS_MAX] = [const { Once::new() }; CPUS_MAX];

/// Makes [`current`] and all variables work on the boot CPU. It is the first step of the boot,
/// because locks and interrupts need it.
pub fn start() -> &'static Cpu {
    let area = (&raw const __percpu_boot).cast::<AreaLine>().cast_mut();
    // SAFETY: the linker script reserves as much memory there as the template has, only
    // for this, and this function is called once.
    let cpu = unsafe { prepare_at(area, CpuId::BOOT) };
    use_here(cpu);
    add(cpu);
    cpu
}

/// Makes `area` the area of the CPU with number `id`, which hasn't started.
///
/// # Panics
/// If it has fewer than [`area_lines`].
pub fn prepare(area: &'static mut [AreaLine], id: CpuId) -> &'static Cpu {
    assert!(area.len() >= area_lines(), "an area holds the whole template");
    // SAFETY: it is as long as the template, and nothing else refers to it from here on.
    unsafe { prepare_at(area.as_mut_ptr(), id) }
}

/// Copies the template to `area` and returns the CPU that begins there.
///
/// # Safety
/// There are [`area_lines`] lines of memory that live for ever and belong to this area.
unsafe fn prepare_at(area: *mut AreaLine, id: CpuId) -> &'static Cpu {
    let template = (&raw const __percpu_start).cast::<AreaLine>();
    // SAFETY: the caller's promise; the template has this length, and nothing writes it.
    unsafe { area.copy_from_nonoverlapping(template, area_lines()) };
    let distance = (area.expose_provenance() as u64).wrapping_sub(template.addr() as u64);
    let cpu = CPU.address().wrapping_add(distance) as usize;
    let cpu: *const Cpu = core::ptr::with_exposed_provenance(cpu);
    // SAFETY: the copy of `CPU` is there for ever.
    let cpu = unsafe { &*cpu };
    cpu.this.store(core::ptr::from_ref(cpu).cast_mut(), Ordering::Relaxed);
    cpu.distance.store(distance, Ordering::Relaxed);
    cpu.id.store(id.number(), Ordering::Relaxed);
    cpu
}

/// Makes [`current`] return `cpu` on this CPU. No other CPU uses it.
pub(in crate::arch) fn use_here(cpu: &'static Cpu) {
    // Areas and the template are in the kernel's half, so the distance is canonical.
    GsBase::write(VirtAddr::new(cpu.distance.load(Ordering::Relaxed)));
}

/// The index after the last one in [`ALL`] that is in use.
static ALL_END: AtomicUsize = AtomicUsize::new(0);

/// Adds `cpu` to the running CPUs.
pub(in crate::arch) fn add(cpu: &'static Cpu) {
    ALL[cpu.id().index()].call_once(|| cpu);
    ALL_END.fetch_max(cpu.id().index() + 1, Ordering::Release);
}

/// Returns the CPU with this number, if it runs.
#[inline]
pub fn get(id: CpuId) -> Option<&'static Cpu> {
    ALL.get(id.index())?.get().copied()
}

/// Returns the CPUs that run.
pub fn all() -> impl Iterator<Item = &'static Cpu> {
    ALL[..ALL_END.load(Ordering::Acquire)].iter().filter_map(Once::get).copied()
}

/// Returns the current CPU. Unless interrupts or preemption are off, the thread may have moved to
/// another CPU before it uses the reference.
#[inline]
pub fn current() -> &'static Cpu {
    let this: *const Cpu;
    // SAFETY: The GS base points to this CPU's area (invariant 1 of `arch`); the first
    // field of its `CPU` is its own address.
    unsafe {
        asm!("mov {}, gs:[{}]", out(reg) this, sym CPU,
            options(nostack, preserves_flags, readonly, pure));
    }
    // SAFETY: `prepare_at` has stored a `&'static Cpu` there.
    unsafe { &*this }
}

#[cfg(test)]
mod tests;
