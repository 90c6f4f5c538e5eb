//! `oom_score`, `oom_score_adj`: which process is killed when no memory is left.

use capabilities::Capability;

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::process::current::current;
use crate::process::out_of_memory;
use crate::procfs::target::Target;

/// Source: proc(5), /proc/pid/oom_score.
pub(super) fn score(target: &Target, text: &mut Text) -> Result<(), FsError> {
    writeln!(text, "{}", out_of_memory::score(&*target.process()?))
}

/// Source: proc(5), /proc/pid/oom_score_adj.
pub(super) fn bias(target: &Target, text: &mut Text) -> Result<(), FsError> {
    writeln!(text, "{}", target.process()?.attributes().kill_bias())
}

/// Sets the bias: a number from -1000 to 1000.
pub(super) fn set_bias(target: &Target, bytes: &[u8]) -> Result<(), FsError> {
    let text = core::str::from_utf8(bytes).map_err(|_| FsError::InvalidArgument)?;
    let bias = text.trim().parse::<i16>().map_err(|_| FsError::InvalidArgument)?;
    if !(-1000..=1000).contains(&bias) {
        return Err(FsError::InvalidArgument);
    }
    let is_privileged =
        current().is_none_or(|own| own.thread.identity().has(Capability::SysResource));
    match target.process()?.attributes().set_kill_bias(bias, is_privileged) {
        true => Ok(()),
        false => Err(FsError::PermissionDenied),
    }
}
