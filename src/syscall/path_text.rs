//! The text of a path that a program has passed.

use core::ops::Deref;

use super::errno::Errno;
use super::user_string::read_string;
use crate::fs::short_bytes::ShortBytes;
use crate::mm::user::pointer::{self, StringError};

/// The longest path, in bytes, with the zero byte that ends it: PATH_MAX.
pub const PATH_MAX: usize = 4096;

/// The longest text that is stored in place, in bytes, with the zero byte.
const SHORT_BYTES: usize = 39;

/// The text of a path. Most are short, and take no memory of the heap.
pub struct PathText(ShortBytes<SHORT_BYTES>);

impl PathText {
    /// Reads the path at `address`.
    ///
    /// # Errors
    /// EFAULT, ENAMETOOLONG, ENOMEM.
    #[inline]
    pub fn read(address: u64) -> Result<Self, Errno> {
        let mut short = [0; SHORT_BYTES];
        match pointer::read_string(address, &mut short) {
            Ok(read) => {
                let len = read.len() as u8;
                Ok(Self(ShortBytes::Short(len, short)))
            }
            Err(StringError::BadAddress) => Err(Errno::EFAULT),
            Err(StringError::TooLong) => {
                let path = read_string(address, PATH_MAX, Errno::ENAMETOOLONG)?;
                Ok(Self(ShortBytes::Long(path.into_boxed_slice())))
            }
        }
    }
}

impl Deref for PathText {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0
    }
}
