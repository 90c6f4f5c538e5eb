//! The text of a path that a program has passed.

use alloc::vec::Vec;
use core::ops::Deref;

use super::errno::Errno;
use super::user_string::read_string;
use crate::mm::user::pointer::{self, StringError};

/// The longest path, in bytes, with the zero byte that ends it: PATH_MAX.
pub const PATH_MAX: usize = 4096;

/// The longest text that is stored in place, in bytes, with the zero byte.
const SHORT_BYTES: usize = 39;

/// The text of a path. Most are short, and take no memory of the heap.
pub struct PathText(Text);

enum Text {
    Short(u8, [u8; SHORT_BYTES]),
    Long(Vec<u8>),
}

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
                Ok(Self(Text::Short(len, short)))
            }
            Err(StringError::BadAddress) => Err(Errno::EFAULT),
            Err(StringError::TooLong) => {
                Ok(Self(Text::Long(read_string(address, PATH_MAX, Errno::ENAMETOOLONG)?)))
            }
        }
    }
}

impl Deref for PathText {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Text::Short(len, bytes) => &bytes[..usize::from(*len)],
            Text::Long(bytes) => bytes,
        }
    }
}
