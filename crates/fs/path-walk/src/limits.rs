//! Linux's limits.

/// A path has fewer bytes than this: Linux's PATH_MAX, which counts the byte at its end.
pub const PATH_MAX_BYTES: usize = 4096;

/// A component has at most so many bytes.
pub const NAME_MAX_BYTES: usize = 255;

/// A walk follows at most so many symbolic links.
pub const LINKS_MAX: usize = 40;
