//! Tests: images that xorriso has written are compared with their source directories, and images
//! with damage are walked completely.
//!
//! ISO9660_DAMAGED_IMAGES is the number of the damaged images. `--ignored` also tests a file of
//! 5 GiB, which needs that much room for a moment if the file system has no sparse files.

mod damage;
mod disk;
mod joliet;
mod large;
mod link_text;
mod operations;
mod plain;
mod rock_ridge;
mod single_damages;
mod source;
mod tree;
