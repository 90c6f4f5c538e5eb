//! Memory as a debugger sees it.
//!
//! | module | what |
//! | --- | --- |
//! | [`address_kind`], [`walk`], [`entry_text`] | what lies at an address, for reports and the monitor |
//! | [`peek`] | memory that may not be there |
//! | [`violation`] | accesses that memory forbids, on purpose |
//! | [`audit`] | whether all of it is as it should be |

pub mod address_kind;
pub mod audit;
pub mod entry_text;
pub mod peek;
pub mod violation;
pub mod walk;
