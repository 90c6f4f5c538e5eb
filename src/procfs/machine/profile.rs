//! The directory `farjump`, which Linux doesn't have: the samples of the profiler.

use crate::fs::error::FsError;
use crate::fs::generated::{Row, Text, What};
use crate::profile::{self, Frames, ProfileError, Request};

/// The entries. Addresses of the kernel are only for its administrator.
pub(in crate::procfs) const ROWS: &[Row<()>] = &[
    Row {
        name: "profile",
        mode: 0o600,
        what: What::Settable(|_, text| folded(text, Frames::Functions), serve),
    },
    Row {
        name: "profile_addresses",
        mode: 0o400,
        what: What::Text(|_, text| folded(text, Frames::Instructions)),
    },
];

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
