//! The identity of a thread: users, groups and capabilities.

use capabilities::{Capability, ThreadCapabilities, UserIds};

use crate::fs::credentials::Credentials;

/// The users, groups and capabilities of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The real user.
    pub uid: u32,
    /// The effective user, which is used for all checks except those of files.
    pub effective_uid: u32,
    /// The saved user.
    pub saved_uid: u32,
    /// The real group.
    pub gid: u32,
    /// The effective group.
    pub effective_gid: u32,
    /// The saved group.
    pub saved_gid: u32,
    /// The users, groups and capabilities for access to files: the effective ones, unless
    /// setfsuid(2) or setfsgid(2) has set others.
    pub credentials: Credentials,
    /// Its capabilities.
    pub capabilities: ThreadCapabilities,
}

impl Identity {
    /// The identity of root.
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

    /// Returns the users that determine its capabilities.
    pub fn users(&self) -> UserIds {
        UserIds { real: self.uid, effective: self.effective_uid, saved: self.saved_uid }
    }
}
