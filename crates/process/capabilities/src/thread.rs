//! The capability sets of a thread, and their changes.

use super::securebits::{NotAllowed, SecureBits};
use super::set::{Capability, CapabilitySet};

/// The three sets that capset(2) sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// The capabilities that the kernel checks.
    pub effective: CapabilitySet,
    /// The capabilities that the thread may add to the effective set.
    pub permitted: CapabilitySet,
    /// The capabilities that programs inherit if their files have capabilities.
    pub inheritable: CapabilitySet,
}

/// The users of a thread that decide on its capabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are the names of credentials(7)")]
pub struct UserIds {
    pub real: u32,
    pub effective: u32,
    pub saved: u32,
}

impl UserIds {
    fn is_any_root(self) -> bool {
        self.real == 0 || self.effective == 0 || self.saved == 0
    }
}

/// The properties of a program that execve(2) starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Executed {
    /// The real user.
    pub real_uid: u32,
    /// The effective user: the file's owner if its set-user-ID bit takes effect.
    pub effective_uid: u32,
    /// Whether the effective user or group isn't the real one of the thread.
    pub is_setid: bool,
    /// Whether the program gets no capabilities beyond the thread's: PR_SET_NO_NEW_PRIVS.
    pub has_no_new_privileges: bool,
}

/// The capabilities of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThreadCapabilities {
    /// The capabilities that the kernel checks.
    pub effective: CapabilitySet,
    /// The capabilities that the thread may add to the effective set.
    pub permitted: CapabilitySet,
    /// The capabilities that programs inherit if their files have capabilities.
    pub inheritable: CapabilitySet,
    /// The limit of the capabilities of programs.
    pub bounding: CapabilitySet,
    /// The capabilities of programs that are neither root's nor have file capabilities.
    pub ambient: CapabilitySet,
    /// The flags that restrict the special role of root.
    pub secure_bits: SecureBits,
}

impl ThreadCapabilities {
    /// The capabilities of the first process.
    pub const ROOT: Self = Self {
        effective: CapabilitySet::ALL,
        permitted: CapabilitySet::ALL,
        inheritable: CapabilitySet::EMPTY,
        bounding: CapabilitySet::ALL,
        ambient: CapabilitySet::EMPTY,
        secure_bits: SecureBits::empty(),
    };

    fn has(&self, capability: Capability) -> bool {
        self.effective.has(capability)
    }

    /// Sets the three sets, as capset(2) does.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn set(&mut self, sets: Sets) -> Result<(), NotAllowed> {
        let Sets { effective, permitted, inheritable } = sets;
        let is_capped = !self.has(Capability::SetCapabilities);
        let is_allowed = (!is_capped
            || self.inheritable.union(self.permitted).contains(inheritable))
            && self.inheritable.union(self.bounding).contains(inheritable)
            && self.permitted.contains(permitted)
            && permitted.contains(effective);
        if !is_allowed {
            return Err(NotAllowed);
        }
        self.effective = effective;
        self.permitted = permitted;
        self.inheritable = inheritable;
        self.ambient = self.ambient.intersection(permitted).intersection(inheritable);
        Ok(())
    }

    /// Removes capabilities from the bounding set: PR_CAPBSET_DROP.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn drop_bounding(&mut self, dropped: CapabilitySet) -> Result<(), NotAllowed> {
        if !self.has(Capability::SetCapabilities) {
            return Err(NotAllowed);
        }
        self.bounding = self.bounding.without(dropped);
        Ok(())
    }

    /// Sets the flags to `number`: PR_SET_SECUREBITS.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn set_secure_bits(&mut self, number: u64) -> Result<(), NotAllowed> {
        let changed = self.secure_bits.changed(number)?;
        if !self.has(Capability::SetCapabilities) {
            return Err(NotAllowed);
        }
        self.secure_bits = changed;
        Ok(())
    }

    /// Sets whether the thread keeps its permitted set when it changes from root to other users:
    /// PR_SET_KEEPCAPS.
    ///
    /// # Errors
    /// [`NotAllowed`] if the flag is locked.
    pub fn set_keeps(&mut self, keeps: bool) -> Result<(), NotAllowed> {
        if self.secure_bits.contains(SecureBits::KEEP_CAPABILITIES_LOCKED) {
            return Err(NotAllowed);
        }
        self.secure_bits.set(SecureBits::KEEP_CAPABILITIES, keeps);
        Ok(())
    }

    /// Adds a capability to the ambient set: PR_CAP_AMBIENT_RAISE.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn raise_ambient(&mut self, raised: CapabilitySet) -> Result<(), NotAllowed> {
        let is_allowed = self.permitted.contains(raised)
            && self.inheritable.contains(raised)
            && !self.secure_bits.contains(SecureBits::NO_AMBIENT_RAISE);
        if !is_allowed {
            return Err(NotAllowed);
        }
        self.ambient = self.ambient.union(raised);
        Ok(())
    }

    /// Adapts the sets to a change of users: setuid(2) and similar calls.
    pub fn change_users(&mut self, before: UserIds, now: UserIds) {
        if self.secure_bits.contains(SecureBits::NO_SETUID_FIXUP) {
            return;
        }
        if before.is_any_root() && !now.is_any_root() {
            if !self.secure_bits.contains(SecureBits::KEEP_CAPABILITIES) {
                self.permitted = CapabilitySet::EMPTY;
                self.effective = CapabilitySet::EMPTY;
            }
            self.ambient = CapabilitySet::EMPTY;
        }
        match (before.effective, now.effective) {
            (0, 0) => {}
            (0, _) => self.effective = CapabilitySet::EMPTY,
            (_, 0) => self.effective = self.permitted,
            _ => {}
        }
    }

    /// Adapts the sets to a change of the user for files: setfsuid(2).
    pub fn change_user_for_files(&mut self, before: u32, now: u32) {
        if self.secure_bits.contains(SecureBits::NO_SETUID_FIXUP) {
            return;
        }
        match (before, now) {
            (0, 0) => {}
            (0, _) => self.effective = self.effective.without(CapabilitySet::OF_FILES),
            (_, 0) => {
                let raised = self.permitted.intersection(CapabilitySet::OF_FILES);
                self.effective = self.effective.union(raised);
            }
            _ => {}
        }
    }

    /// Returns the capabilities of a program that execve(2) starts, and whether the program keeps
    /// the effective user and group of its file.
    pub fn execute(&self, program: Executed) -> (Self, bool) {
        let Executed { real_uid, effective_uid, is_setid, has_no_new_privileges } = program;
        let is_root_special = !self.secure_bits.contains(SecureBits::NO_ROOT);
        let mut new = *self;
        new.permitted = CapabilitySet::EMPTY;
        if is_root_special && (effective_uid == 0 || real_uid == 0) {
            new.permitted = self.bounding.union(self.inheritable);
        }
        let is_effective = is_root_special && effective_uid == 0;
        let gains = !self.permitted.contains(new.permitted);
        let mut keeps_ids = true;
        if has_no_new_privileges && (is_setid || gains) {
            keeps_ids = false;
            new.permitted = new.permitted.intersection(self.permitted);
        }
        if is_setid {
            new.ambient = CapabilitySet::EMPTY;
        }
        new.permitted = new.permitted.union(new.ambient);
        new.effective = if is_effective { new.permitted } else { new.ambient };
        new.secure_bits.remove(SecureBits::KEEP_CAPABILITIES);
        (new, keeps_ids)
    }
}
