//! The names of the system, as uname(2) reports them.

use heapless::Vec;

use crate::sync::{Rank, SpinMutex};

/// The longest name, in bytes: that of a `struct utsname` without the zero byte.
pub const NAME_BYTES: usize = 64;

/// The system that programs see.
pub const SYSTEM: &str = "Linux";

/// The release that programs see. C libraries refuse kernels older than their minimum.
pub const RELEASE: &str = "6.1.0-farjump";

/// The version of the kernel.
pub const VERSION: &str = concat!("Farjump ", env!("CARGO_PKG_VERSION"));

/// The machine.
pub const MACHINE: &str = "x86_64";

/// A name that can be set.
pub type Name = Vec<u8, NAME_BYTES>;

/// A name of the system that can be set.
pub struct Settable {
    /// Protects the name; `None` until it is set.
    name: SpinMutex<Option<Name>>,
    default: &'static [u8],
}

/// The name of the host.
pub static HOST: Settable = Settable::new(b"farjump");

/// The name of the NIS domain.
pub static DOMAIN: Settable = Settable::new(b"(none)");

impl Settable {
    const fn new(default: &'static [u8]) -> Self {
        Self { name: SpinMutex::new(Rank::Process, None), default }
    }

    /// Returns the name.
    pub fn get(&self) -> Name {
        let name = self.name.lock().clone();
        name.unwrap_or_else(|| Name::from_slice(self.default).unwrap_or_default())
    }

    /// Sets the name.
    pub fn set(&self, name: Name) {
        *self.name.lock() = Some(name);
    }
}
