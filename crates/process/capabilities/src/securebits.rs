//! The flags of a thread that restrict the special role of root.

use bitflags::bitflags;

/// The thread may not make this change: EPERM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAllowed;

bitflags! {
    /// The flags of PR_SET_SECUREBITS. The bit above each flag locks it.
    ///
    /// Source: Linux, include/uapi/linux/securebits.h.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct SecureBits: u8 {
        /// A program gets no capabilities merely because its user is root.
        const NO_ROOT = 1;
        #[expect(missing_docs, reason = "it locks the flag below it")]
        const NO_ROOT_LOCKED = 1 << 1;
        /// Changes of users change no capabilities.
        const NO_SETUID_FIXUP = 1 << 2;
        #[expect(missing_docs, reason = "it locks the flag below it")]
        const NO_SETUID_FIXUP_LOCKED = 1 << 3;
        /// The thread keeps its permitted set when it changes from root to other users.
        const KEEP_CAPABILITIES = 1 << 4;
        #[expect(missing_docs, reason = "it locks the flag below it")]
        const KEEP_CAPABILITIES_LOCKED = 1 << 5;
        /// No capabilities can be added to the ambient set.
        const NO_AMBIENT_RAISE = 1 << 6;
        #[expect(missing_docs, reason = "it locks the flag below it")]
        const NO_AMBIENT_RAISE_LOCKED = 1 << 7;
    }
}

impl SecureBits {
    /// The flags that lock others.
    const LOCKS: u8 = 0b1010_1010;

    /// Returns the flags that the thread has after it sets `number`.
    ///
    /// # Errors
    /// [`NotAllowed`] if a locked flag would change, a lock would be removed, or a bit is no flag.
    pub fn changed(self, number: u64) -> Result<Self, NotAllowed> {
        let wanted = u8::try_from(number).ok().and_then(Self::from_bits).ok_or(NotAllowed)?;
        let locks = self.bits() & Self::LOCKS;
        let changes_locked = locks >> 1 & (self.bits() ^ wanted.bits()) != 0;
        let unlocks = locks & !wanted.bits() != 0;
        if changes_locked || unlocks { Err(NotAllowed) } else { Ok(wanted) }
    }
}
