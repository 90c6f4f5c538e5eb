//! Copies from and to the memory of the running program.
//!
//! A [`UserPointer`] is a number that a program has passed. It says nothing about the memory at
//! that address; each copy checks that.

use core::marker::PhantomData;

use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::arch::user::copy;
use crate::mm::kernel::frames::FrameBytes;

pub use crate::arch::user::copy::{BadAddress, StringError};

/// An address of a value of type `T` in the memory of the running program.
pub struct UserPointer<T> {
    address: u64,
    _type: PhantomData<*const T>,
}

impl<T> Clone for UserPointer<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for UserPointer<T> {}

impl<T> core::fmt::Debug for UserPointer<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:#x}", self.address)
    }
}

impl<T> UserPointer<T> {
    /// Makes a pointer from an address that a program has passed.
    pub const fn new(address: u64) -> Self {
        Self { address, _type: PhantomData }
    }

    /// Returns the address.
    pub fn address(self) -> u64 {
        self.address
    }

    /// Returns whether it is the null pointer.
    pub fn is_null(self) -> bool {
        self.address == 0
    }

    /// Returns the pointer to the value that is `index` values after this one.
    ///
    /// # Errors
    /// [`BadAddress`] if there is no such address.
    pub fn at(self, index: u64) -> Result<Self, BadAddress> {
        let offset_bytes = index.checked_mul(size_of::<T>() as u64).ok_or(BadAddress)?;
        self.address.checked_add(offset_bytes).map(Self::new).ok_or(BadAddress)
    }
}

impl<T: FromBytes + IntoBytes> UserPointer<T> {
    /// Reads the value. May wait.
    ///
    /// # Errors
    /// [`BadAddress`].
    #[inline]
    pub fn read(self) -> Result<T, BadAddress> {
        let mut value = T::new_zeroed();
        copy::read(self.address, value.as_mut_bytes())?;
        Ok(value)
    }
}

impl<T: IntoBytes + Immutable> UserPointer<T> {
    /// Writes the value, all bytes of which are initialized. May wait.
    ///
    /// # Errors
    /// [`BadAddress`].
    #[inline]
    pub fn write(self, value: &T) -> Result<(), BadAddress> {
        copy::write(self.address, value.as_bytes())
    }
}

/// Copies `to.len()` bytes from `address`. May wait.
///
/// # Errors
/// [`BadAddress`].
#[inline]
pub fn read_bytes(address: u64, to: &mut [u8]) -> Result<(), BadAddress> {
    copy::read(address, to)
}

/// Copies up to `to.len()` bytes from `address`; returns how many could be copied. May wait.
#[inline]
pub fn read_some(address: u64, to: &mut [u8]) -> usize {
    copy::read_some(address, to)
}

/// Copies `from` to `address`; returns how many bytes could be copied. May wait.
#[inline]
pub fn write_some(address: u64, from: &[u8]) -> usize {
    copy::write_some(address, from)
}

/// Copies `from` to `address`. May wait.
///
/// # Errors
/// [`BadAddress`].
#[inline]
pub fn write_bytes(address: u64, from: &[u8]) -> Result<(), BadAddress> {
    copy::write(address, from)
}

/// Writes `len_bytes` zeros to `address`. May wait.
///
/// # Errors
/// [`BadAddress`].
#[inline]
pub fn clear_bytes(address: u64, len_bytes: usize) -> Result<(), BadAddress> {
    copy::clear(address, len_bytes)
}

/// Reads the string at `address`, without the zero byte that ends it. May wait.
///
/// # Errors
/// See [`StringError`].
pub fn read_string(address: u64, to: &mut [u8]) -> Result<&[u8], StringError> {
    copy::read_string(address, to)
}

/// Changes the word at `address`, a multiple of 4, atomically. Returns its
/// previous value. May wait.
///
/// # Errors
/// [`BadAddress`].
pub fn update(address: u64, change: impl Fn(u32) -> u32) -> Result<u32, BadAddress> {
    let mut word = UserPointer::<u32>::new(address).read()?;
    loop {
        match copy::compare_exchange(address, word, change(word))? {
            before if before == word => return Ok(word),
            before => word = before,
        }
    }
}

impl FrameBytes<'_> {
    /// Copies the bytes to `address` of the running program; returns how many could be copied. May
    /// wait.
    #[inline]
    pub fn write_to_program(self, address: u64) -> usize {
        // SAFETY: the frame has this many bytes from there on, as long as `self` lives.
        unsafe { copy::write_from(address, self.as_mut_ptr(), self.len()) }
    }

    /// Fills the bytes from `address` of the running program; returns how many could be copied. May
    /// wait.
    #[inline]
    pub fn read_from_program(self, address: u64) -> usize {
        // SAFETY: as above, and no slice is in a shared frame.
        unsafe { copy::read_into(address, self.as_mut_ptr(), self.len()) }
    }
}
