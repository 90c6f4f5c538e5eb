//! The flags of a thread that say how much root is root.

use bitflags::bitflags;

/// Something that the thread may not do: EPERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAllowed;

bitflags! {
    /// The flags of PR_SET_SECUREBITS. The bit after each locks it.
    ///
    /// Source: Linux, include/uapi/linux/securebits.h.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SecureBits: u8 {
        /// Programs get nothing because they are root's.
        const NO_ROOT = 1;
        #[expect(missing_docs, reason = "it locks the one before")]
        const NO_ROOT_LOCKED = 1 << 1;
        /// Changes of users change no capabilities.
        const NO_SETUID_FIXUP = 1 << 2;
        #[expect(missing_docs, reason = "it locks the one before")]
        const NO_SETUID_FIXUP_LOCKED = 1 << 3;
        /// The permitted set outlives a change from root to other users.
        const KEEP_CAPABILITIES = 1 << 4;
        #[expect(missing_docs, reason = "it locks the one before")]
        const KEEP_CAPABILITIES_LOCKED = 1 << 5;
        /// The ambient set gets no more.
        const NO_AMBIENT_RAISE = 1 << 6;
        #[expect(missing_docs, reason = "it locks the one before")]
        const NO_AMBIENT_RAISE_LOCKED = 1 << 7;
    }
}

impl SecureBits {
    /// Those that lock others.
    const LOCKS: u8 = 0b1010_1010;

    /// Returns the flags of a number that a thread sets.
    ///
    /// # Errors
    /// [`NotAllowed`] if a locked flag would change, a lock would be taken off, or there is no such
    /// flag.
    pub fn changed(self, number: u64) -> Result<Self, NotAllowed> {
        let wanted = u8::try_from(number).ok().and_then(Self::from_bits).ok_or(NotAllowed)?;
        let locks = self.bits() & Self::LOCKS;
        let changes_locked = locks >> 1 & (self.bits() ^ wanted.bits()) != 0;
        let unlocks = locks & !wanted.bits() != 0;
        if changes_locked || unlocks { Err(NotAllowed) } else { Ok(wanted) }
    }
}
