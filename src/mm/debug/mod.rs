//! Memory as a debugger sees it.
//!
//! | module | what |
//! | --- | --- |
//! | [`address_kind`], [`walk`], [`entry_text`] | kinds of addresses and their mappings, for reports and the monitor |
//! | [`peek`] | reads and writes of memory that may not be mapped |
//! | [`violation`] | forbidden accesses, to show their reports |
//! | [`audit`] | the check of all of the kernel's memory |

pub mod address_kind;
pub mod audit;
pub mod entry_text;
pub mod peek;
pub mod violation;
pub mod walk;
