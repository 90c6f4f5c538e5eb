//! The alternate stack of a thread.

use crate::bytes::{Writer, u32_at, u64_at};

/// The size of a `stack_t`.
pub const STACK_BYTES: usize = 24;

/// The smallest alternate stack, in bytes, of a CPU without extended state. The kernel
/// requires more where a frame is larger (AT_MINSIGSTKSZ).
pub const MINSIGSTKSZ: u64 = 2048;

/// The thread runs on the alternate stack.
const SS_ONSTACK: u32 = 1;
/// There is no alternate stack.
const SS_DISABLE: u32 = 2;
/// The alternate stack is switched off while a handler runs on it.
const SS_AUTODISARM: u32 = 1 << 31;

/// Why an alternate stack was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AltStackError {
    /// The thread runs on the alternate stack (EPERM).
    InUse,
    /// A flag has no meaning (EINVAL).
    UnknownFlags,
    /// The stack is smaller than a frame needs (ENOMEM).
    TooSmall,
}

/// The alternate stack of a thread; with a size of 0 there is none.
///
/// Source: sigaltstack(2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AltStack {
    base: u64,
    size_bytes: u64,
    auto_disarm: bool,
}

impl AltStack {
    /// No alternate stack.
    pub const NONE: Self = Self { base: 0, size_bytes: 0, auto_disarm: false };

    /// Returns whether there is an alternate stack.
    pub fn is_set(self) -> bool {
        self.size_bytes != 0
    }

    /// Returns the address at which a handler's stack begins, its upper end.
    pub fn top(self) -> u64 {
        self.base.wrapping_add(self.size_bytes)
    }

    /// Returns whether the alternate stack is in use: the stack pointer is on it, and
    /// SS_AUTODISARM isn't set (with that flag, the stack is switched off while a handler
    /// runs on it).
    pub fn is_in_use(self, stack_pointer: u64) -> bool {
        !self.auto_disarm && self.contains(stack_pointer)
    }

    /// Returns whether `stack_pointer` is on the stack, whatever its flags are.
    pub fn contains(self, stack_pointer: u64) -> bool {
        stack_pointer > self.base && stack_pointer - self.base <= self.size_bytes
    }

    /// Sets the stack to the values of a `stack_t` (sigaltstack).
    ///
    /// `minimum_bytes` is the size of the largest frame, at least [`MINSIGSTKSZ`].
    ///
    /// # Errors
    ///
    /// See [`AltStackError`]. An error changes nothing.
    pub fn set(
        &mut self,
        wanted: &[u8; STACK_BYTES],
        stack_pointer: u64,
        minimum_bytes: u64,
    ) -> Result<(), AltStackError> {
        if self.is_in_use(stack_pointer) {
            return Err(AltStackError::InUse);
        }
        let flags = u32_at(wanted, 8);
        let new = Self {
            base: u64_at(wanted, 0),
            size_bytes: u64_at(wanted, 16),
            auto_disarm: flags & SS_AUTODISARM != 0,
        };
        *self = match flags & !SS_AUTODISARM {
            SS_DISABLE => Self { base: 0, size_bytes: 0, ..new },
            0 | SS_ONSTACK if new == *self => new,
            0 | SS_ONSTACK if new.size_bytes < minimum_bytes => {
                return Err(AltStackError::TooSmall);
            }
            0 | SS_ONSTACK => new,
            _ => return Err(AltStackError::UnknownFlags),
        };
        Ok(())
    }

    /// Returns the `stack_t` for a thread with this stack pointer.
    pub fn to_bytes(self, stack_pointer: u64) -> [u8; STACK_BYTES] {
        let mut flags = if !self.is_set() {
            SS_DISABLE
        } else if self.is_in_use(stack_pointer) {
            SS_ONSTACK
        } else {
            0
        };
        if self.auto_disarm {
            flags |= SS_AUTODISARM;
        }
        let mut bytes = [0; STACK_BYTES];
        let mut writer = Writer(&mut bytes);
        writer.u64(0, self.base);
        writer.u32(8, flags);
        writer.u64(16, self.size_bytes);
        bytes
    }

    /// Switches the stack off after a handler's frame was made, if SS_AUTODISARM is set. The
    /// frame has the stack's values, and the handler's return sets them again.
    pub fn disarm(&mut self) {
        if self.auto_disarm {
            *self = Self::NONE;
        }
    }
}
