//! Making pipes, and opening FIFOs.

use alloc::sync::{Arc, Weak};

use super::end::{End, PipeEnd};
use super::pipe::{Naming, Pipe, State};
use crate::fs::error::FsError;
use crate::fs::file::open_flags::OpenFlags;
use crate::sync::Mutex;

/// Makes a pipe, whose inode has `slot`; returns its read end and its write end.
///
/// # Errors
/// [`FsError::NoMemory`].
pub(in crate::fs) fn ends(
    slot: &Mutex<Weak<Pipe>>,
) -> Result<(Arc<PipeEnd>, Arc<PipeEnd>), FsError> {
    let pipe = Pipe::try_new(Naming::Anonymous)?;
    *slot.lock() = Arc::downgrade(&pipe);
    Ok((PipeEnd::try_new(&pipe, End::Read)?, PipeEnd::try_new(&pipe, End::Write)?))
}

/// Opens a FIFO, or a pipe by its link in procfs, whose inode has `slot`. For a FIFO, waits until
/// it is open for the other direction, unless `flags` are nonblocking or request both directions.
///
/// # Errors
/// [`FsError::NoDevice`] if it would wait for a reader; [`FsError::Interrupted`];
/// [`FsError::NoMemory`].
pub(in crate::fs) fn open_fifo(
    slot: &Mutex<Weak<Pipe>>,
    flags: OpenFlags,
) -> Result<Arc<PipeEnd>, FsError> {
    let pipe = shared(slot)?;
    let end = End::of(flags);
    let is_named = pipe.naming == Naming::Named;
    let is_waiting = is_named && !flags.contains(OpenFlags::NONBLOCK);
    if is_named && end == End::Write && !is_waiting && pipe.state.lock().readers == 0 {
        return Err(FsError::NoDevice);
    }
    let new = PipeEnd::try_new(&pipe, end)?;
    pipe.note_ends_changed();
    // An end counts if it was open at this open or was opened since, even if it is closed by now.
    let before = new.opens_before;
    let has_other_end = |state: &State| match end {
        End::Read => new.had_writer || state.opens.writer != before.writer,
        End::Write => new.had_reader || state.opens.reader != before.reader,
        End::Both => true,
    };
    if is_waiting {
        pipe.opened.wait_until_cancellable(None, || has_other_end(&pipe.state.lock()))?;
    }
    Ok(new)
}

/// Returns the pipe of a FIFO; makes it if this is the first end.
fn shared(slot: &Mutex<Weak<Pipe>>) -> Result<Arc<Pipe>, FsError> {
    let mut slot = slot.lock();
    match slot.upgrade() {
        Some(pipe) => Ok(pipe),
        None => {
            let pipe = Pipe::try_new(Naming::Named)?;
            *slot = Arc::downgrade(&pipe);
            Ok(pipe)
        }
    }
}
