//! Tests: tables that sfdisk has written, tables with each damage, and random bytes.

mod fuzz;
mod gpt;
mod image;
mod mbr;
