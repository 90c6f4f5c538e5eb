//! Tests of files; each uses a tree of its own.

mod contents;
mod devices;
mod initramfs;
mod model;
mod mounts;
mod names;
mod permissions;
mod pipes;
mod sets;
mod threads;
mod tree;
