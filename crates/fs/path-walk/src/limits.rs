//! Linux's limits.

/// The most bytes of a path with its NUL: Linux's PATH_MAX.
pub const PATH_MAX_BYTES: usize = 4096;

/// The most bytes of a component.
pub const NAME_MAX_BYTES: usize = 255;

/// The most symbolic links that a walk follows.
pub const LINKS_MAX: usize = 40;
