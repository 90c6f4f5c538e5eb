//! Who a thread acts for.

use capabilities::{Capability, ThreadCapabilities, UserIds};

use crate::fs::credentials::Credentials;

/// Who a thread acts for, and what it may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The real user.
    pub uid: u32,
    /// The effective user, which decides on all but files.
    pub effective_uid: u32,
    /// The saved user.
    pub saved_uid: u32,
    /// The real group.
    pub gid: u32,
    /// The effective group.
    pub effective_gid: u32,
    /// The saved group.
    pub saved_gid: u32,
    /// What decides on access to files: the effective user and groups, unless setfsuid(2) or
    /// setfsgid(2) has set others; and the effective capabilities.
    pub credentials: Credentials,
    /// Its capabilities.
    pub capabilities: ThreadCapabilities,
}

impl Identity {
    /// Root's.
    pub const ROOT: Self = Self {
        uid: 0,
        effective_uid: 0,
        saved_uid: 0,
        gid: 0,
        effective_gid: 0,
        saved_gid: 0,
        credentials: Credentials::ROOT,
        capabilities: ThreadCapabilities::ROOT,
    };

    /// Returns whether it has a capability.
    #[inline]
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.effective.has(capability)
    }

    /// Sets its capabilities.
    pub fn set_capabilities(&mut self, capabilities: ThreadCapabilities) {
        self.capabilities = capabilities;
        self.credentials.capabilities = capabilities.effective;
    }

    /// Returns the users that decide on its capabilities.
    pub fn users(&self) -> UserIds {
        UserIds { real: self.uid, effective: self.effective_uid, saved: self.saved_uid }
    }
}
