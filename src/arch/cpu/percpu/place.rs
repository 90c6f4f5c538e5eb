//! Access to the per-CPU variable of the current CPU, by one instruction that contains the address
//! of the variable in the template.
//!
//! `asm!` takes such an address only as the name of a static. So each variable has a type of its
//! own, which implements [`Place`] by that name.

/// The place of a per-CPU variable of 1, 4 or 8 bytes. Values are zero-extended.
///
/// # Safety
/// [`per_cpu!`](crate::per_cpu) implements it, for a variable in the section `.percpu`.
pub unsafe trait Place {
    /// Reads the variable.
    fn read() -> u64;

    /// Writes the variable.
    ///
    /// # Safety
    /// It has one of these sizes, and `value` is one of its values.
    unsafe fn write(value: u64);

    /// Adds 1 to the variable, wrapping. It doesn't assemble for other than 4 bytes.
    fn increment();

    /// Subtracts 1 from the variable, wrapping; returns whether it is 0 then. As
    /// [`increment`](Self::increment).
    fn decrement() -> bool;
}

/// Implements [`Place`] for the type of the variable with the same name, which is a `$type`.
#[doc(hidden)]
#[macro_export]
#[allow_internal_unsafe]
macro_rules! implement_place {
    ($name:ident, $type:ty) => {
        // SAFETY: the instructions access the variable.
        unsafe impl $crate::arch::cpu::percpu::Place for $name {
            #[inline(always)]
            fn read() -> u64 {
                let value: u64;
                // SAFETY: The GS base points to this CPU's area (invariant 1 of `arch`), which
                // contains the variable.
                unsafe {
                    core::arch::asm!(
                        ".if {size} == 8",
                        "mov {value}, gs:[{name}]",
                        ".elseif {size} == 4",
                        "mov {value:e}, gs:[{name}]",
                        ".else",
                        "movzx {value:e}, byte ptr gs:[{name}]",
                        ".endif",
                        size = const size_of::<$type>(), value = out(reg) value, name = sym $name,
                        options(nostack, preserves_flags, readonly)
                    );
                }
                value
            }

            #[inline(always)]
            unsafe fn write(value: u64) {
                // SAFETY: as for reading; other CPUs see an atomic write.
                unsafe {
                    core::arch::asm!(
                        ".if {size} == 8",
                        "mov gs:[{name}], {value}",
                        ".elseif {size} == 4",
                        "mov gs:[{name}], {value:e}",
                        ".else",
                        "mov gs:[{name}], {value:l}",
                        ".endif",
                        size = const size_of::<$type>(), value = in(reg) value, name = sym $name,
                        options(nostack, preserves_flags)
                    );
                }
            }

            #[inline(always)]
            fn increment() {
                // SAFETY: as for writing: every value of 4 bytes is one of an atomic integer.
                unsafe {
                    core::arch::asm!(
                        ".if {size} != 4",
                        ".error",
                        ".endif",
                        "inc dword ptr gs:[{name}]",
                        size = const size_of::<$type>(), name = sym $name, options(nostack)
                    );
                }
            }

            #[inline(always)]
            fn decrement() -> bool {
                let is_zero: u8;
                // SAFETY: as for the addition.
                unsafe {
                    core::arch::asm!(
                        ".if {size} != 4",
                        ".error",
                        ".endif",
                        "dec dword ptr gs:[{name}]",
                        "setz {is_zero}",
                        size = const size_of::<$type>(), name = sym $name,
                        is_zero = out(reg_byte) is_zero, options(nostack)
                    );
                }
                is_zero != 0
            }
        }
    };
}
