//! The samples of the profiler, in the directory `farjump`.

use crate::fs::error::FsError;
use crate::fs::generated::{Row, Text, What};
use crate::profile::{self, Frames, ProfileError, Request};

/// The stacks of functions; what is written starts or stops the profiler.
pub(super) const PROFILE: Row<()> = Row {
    name: "profile",
    mode: 0o600,
    what: What::Settable(|_, text| folded(text, Frames::Functions), serve),
};

/// The stacks of addresses, which are only for the kernel's administrator.
pub(super) const PROFILE_ADDRESSES: Row<()> = Row {
    name: "profile_addresses",
    mode: 0o400,
    what: What::Text(|_, text| folded(text, Frames::Instructions)),
};

impl From<ProfileError> for FsError {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Running => Self::Busy,
            ProfileError::NotRunning | ProfileError::NoSamples => Self::InvalidArgument,
            ProfileError::NoMemory => Self::NoMemory,
        }
    }
}

/// Writes the folded stacks of the last profile, or of the running one; nothing if there is none.
fn folded(text: &mut Text, frames: Frames) -> Result<(), FsError> {
    match profile::report(frames) {
        Ok(report) => report.write_folded(text).map_err(|_| FsError::NoMemory),
        Err(ProfileError::NoSamples) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Starts or stops the profiler.
fn serve(_: &(), bytes: &[u8]) -> Result<(), FsError> {
    let text = core::str::from_utf8(bytes).map_err(|_| FsError::InvalidArgument)?;
    let request = Request::parse(text).map_err(|_| FsError::InvalidArgument)?;
    Ok(profile::serve(request)?)
}
