//! Volumes that e2fsprogs made, and that it checks after each change.

mod damage;
mod damaged;
mod disk;
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
