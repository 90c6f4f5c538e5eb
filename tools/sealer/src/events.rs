//! Lists the event log of a TPM, and computes the PCRs from it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use event_log::{EventLog, NO_ACTION, replay};

/// Prints the events of a log, and the PCRs that they have extended.
pub fn list(path: &Path) -> Result<()> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let log = EventLog::open(&bytes)
        .with_context(|| format!("{} isn't an event log of a TPM 2.0", path.display()))?;
    let mut extended = BTreeSet::new();
    for event in log.events() {
        if event.kind != NO_ACTION {
            extended.insert(event.pcr as usize);
        }
        let digest = event.sha256.map_or_else(|| "-".into(), |digest| digest.to_string());
        println!("event {:<2}  {digest}  {:#x}  {}", event.pcr, event.kind, text(event.data));
    }
    let pcrs = replay(log.events());
    for pcr in extended {
        if let Some(value) = pcrs.get(pcr) {
            println!("PCR {pcr:<2}  {value}");
        }
    }
    Ok(())
}

/// Returns the data of an event if it is a text, else its length.
fn text(data: &[u8]) -> String {
    let trimmed = data.strip_suffix(b"\0").unwrap_or(data);
    match str::from_utf8(trimmed) {
        Ok(text) if !text.chars().any(char::is_control) => text.into(),
        _ => format!("{} bytes", data.len()),
    }
}
