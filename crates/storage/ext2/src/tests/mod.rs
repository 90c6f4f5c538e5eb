//! Volumes that e2fsprogs made, and that it checks after each change.

mod checksums;
mod damage;
mod damaged;
mod disk;
mod ext4_damage;
mod ext4_images;
mod ext4_journal;
mod flushes;
mod full;
mod host;
mod images;
mod large;
mod model;
mod names;
mod pure;
mod session;
mod stopped;
mod times;
