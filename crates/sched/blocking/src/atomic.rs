//! Atomic words and cells: those of `core`, or in this crate's own tests those of the model
//! checker loom, which tries every order of the threads' operations.

pub(crate) use core::sync::atomic::Ordering;

#[cfg(not(test))]
pub(crate) use core::sync::atomic::{AtomicU32, fence};

#[cfg(not(test))]
pub(crate) use cell::{ConstPtr, MutPtr, UnsafeCell};

#[cfg(test)]
pub(crate) use crate::tests::AtomicU32;
#[cfg(test)]
pub(crate) use loom::cell::{ConstPtr, MutPtr, UnsafeCell};
#[cfg(test)]
pub(crate) use loom::sync::atomic::fence;

/// A constructor that is `const` except in tests: loom's words can't be made in a constant.
macro_rules! const_fn {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        #[cfg(not(test))]
        $(#[$attribute])*
        $visibility const fn $($rest)*

        #[cfg(test)]
        $(#[$attribute])*
        $visibility fn $($rest)*
    };
}
pub(crate) use const_fn;

/// A cell with loom's interface.
#[cfg(not(test))]
mod cell {
    /// A value that is changed through a shared reference.
    pub(crate) struct UnsafeCell<T>(core::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(core::cell::UnsafeCell::new(value))
        }

        /// Returns a pointer to the value. For loom, the value is being read until the
        /// pointer is dropped.
        #[inline]
        pub(crate) fn get(&self) -> ConstPtr<T> {
            ConstPtr(self.0.get())
        }

        /// Returns a pointer to the value. For loom, the value is being changed until the
        /// pointer is dropped.
        #[inline]
        pub(crate) fn get_mut(&self) -> MutPtr<T> {
            MutPtr(self.0.get())
        }
    }

    /// A pointer to a cell's value, for reading.
    pub(crate) struct ConstPtr<T>(*const T);

    impl<T> ConstPtr<T> {
        #[inline]
        pub(crate) fn with<R>(&self, access: impl FnOnce(*const T) -> R) -> R {
            access(self.0)
        }
    }

    /// A pointer to a cell's value.
    pub(crate) struct MutPtr<T>(*mut T);

    impl<T> MutPtr<T> {
        #[inline]
        pub(crate) fn with<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
            access(self.0)
        }
    }
}
