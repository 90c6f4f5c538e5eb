//! The counts and marks of an open volume.

/// What is known of the volume as a whole.
#[derive(Default)]
pub(crate) struct State {
    /// The number of free clusters, if it is known.
    pub free: Option<u32>,
    /// Whether `free` is from the table, and not only from the information sector.
    pub is_counted: bool,
    /// Where the search for a free cluster begins.
    pub next_free: u32,
    /// Whether the information sector is older than these.
    pub info_is_stale: bool,
    /// Whether the volume was closed after its last change, when it was opened.
    pub was_clean: bool,
    /// Whether the volume is marked as in use.
    pub is_marked: bool,
}
