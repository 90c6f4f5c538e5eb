//! The directory `farjump`, with what Linux doesn't have.

use super::profile::{PROFILE, PROFILE_ADDRESSES};
use crate::fs::generated::{Row, What};
use crate::seal::{measure, report};

/// The entries.
pub(in crate::procfs) const ROWS: &[Row<()>] = &[
    PROFILE,
    PROFILE_ADDRESSES,
    Row {
        name: "seal",
        mode: 0o444,
        what: What::Text(|_, text| write!(text, "{}", report::Report)),
    },
    Row {
        name: "tpm",
        mode: 0o444,
        what: What::Text(|_, text| write!(text, "{}", measure::Report)),
    },
    Row { name: "tpm-events", mode: 0o400, what: What::Text(|_, text| text.push(measure::log())) },
];
