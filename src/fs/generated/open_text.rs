//! An open file with a text.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::node::File;
use super::text::Text;
use crate::fs::error::FsError;
use crate::fs::file::file_ops::FileOps;
use crate::fs::file::open_flags::OpenFlags;
use crate::fs::io::{self, Sink, Source};
use crate::sync::{Rank, SpinMutex};

/// The largest write, in bytes: a page, as on Linux.
const SET_BYTES_MAX: usize = 4096;

/// An open file with a text. A read at offset 0 generates the text; reads at other offsets use the
/// same text, so that a text that is read in pieces is consistent.
pub(super) struct OpenText {
    file: Arc<dyn File>,
    /// Protects the last generated text.
    made: SpinMutex<Option<Arc<Vec<u8>>>>,
}

impl OpenText {
    pub(super) const fn new(file: Arc<dyn File>) -> Self {
        Self { file, made: SpinMutex::new(Rank::Files, None) }
    }

    /// Returns the text for a read at `offset`.
    fn text(&self, offset: u64) -> Result<Arc<Vec<u8>>, FsError> {
        if offset > 0
            && let Some(made) = self.made.lock().clone()
        {
            return Ok(made);
        }
        let mut text = Text::new();
        self.file.write_text(&mut text)?;
        let text = Arc::try_new(text.into_bytes())?;
        let before = self.made.lock().replace(text.clone());
        drop(before);
        Ok(text)
    }
}

impl FileOps for OpenText {
    fn read(&self, _flags: OpenFlags, offset: u64, to: &mut dyn Sink) -> Result<usize, FsError> {
        let text = self.text(offset)?;
        let start = usize::try_from(offset).map_or(text.len(), |offset| offset.min(text.len()));
        io::give(to, &text[start..])
    }

    fn write(
        &self,
        _flags: OpenFlags,
        _offset: u64,
        from: &mut dyn Source,
    ) -> Result<usize, FsError> {
        let len = from.left().min(SET_BYTES_MAX);
        let bytes = io::take(from, len)?;
        self.file.set(&bytes)?;
        Ok(len)
    }

    fn has_position(&self) -> bool {
        true
    }

    fn end(&self) -> Result<u64, FsError> {
        Err(FsError::InvalidArgument)
    }
}
