//! The text of a symbolic link, which Rock Ridge stores as components.
//!
//! Source: Rock Ridge Interchange Protocol, "SL".

use volume::VolumeError;

/// The longest text, in bytes: that of Linux.
const TEXT_BYTES_MAX: usize = 4095;

/// A field that goes on in the next one has this bit.
const FIELD_CONTINUES: u8 = 1 << 0;

const CONTINUES: u8 = 1 << 0;
const CURRENT: u8 = 1 << 1;
const PARENT: u8 = 1 << 2;
const ROOT: u8 = 1 << 3;

const DAMAGED: VolumeError = VolumeError::Damaged("the text of a symbolic link");

/// Reads the text of a link from its fields.
pub(crate) struct LinkText<'a> {
    /// What gets the text, in pieces.
    sink: &'a mut dyn FnMut(&[u8]) -> Result<(), VolumeError>,
    len_bytes: usize,
    /// Whether a slash comes before the next component.
    needs_slash: bool,
    /// Whether no field comes after the last one; `None` before the first one.
    is_complete: Option<bool>,
}

impl<'a> LinkText<'a> {
    pub(crate) fn new(sink: &'a mut dyn FnMut(&[u8]) -> Result<(), VolumeError>) -> Self {
        Self { sink, len_bytes: 0, needs_slash: false, is_complete: None }
    }

    /// Reads the data of a field.
    pub(crate) fn add_field(&mut self, data: &[u8]) -> Result<(), VolumeError> {
        let (flags, mut components) = data.split_first().ok_or(DAMAGED)?;
        if self.is_complete == Some(true) {
            return Err(DAMAGED);
        }
        self.is_complete = Some(flags & FIELD_CONTINUES == 0);
        while let [flags, len_bytes, rest @ ..] = components {
            let (content, rest) = rest.split_at_checked((*len_bytes).into()).ok_or(DAMAGED)?;
            self.add_component(*flags, content)?;
            components = rest;
        }
        if components.is_empty() { Ok(()) } else { Err(DAMAGED) }
    }

    /// Returns the length of the text, in bytes; `None` if there was no field.
    pub(crate) fn finish(self) -> Result<Option<usize>, VolumeError> {
        match self.is_complete {
            None => Ok(None),
            Some(true) if self.len_bytes > 0 => Ok(Some(self.len_bytes)),
            Some(_) => Err(DAMAGED),
        }
    }

    fn add_component(&mut self, flags: u8, content: &[u8]) -> Result<(), VolumeError> {
        if self.needs_slash {
            self.push(b"/")?;
        }
        match flags & !CONTINUES {
            0 => self.push(content)?,
            CURRENT => self.push(b".")?,
            PARENT => self.push(b"..")?,
            ROOT => self.push(b"/")?,
            _ => return Err(DAMAGED),
        }
        self.needs_slash = flags & (CONTINUES | ROOT) == 0;
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), VolumeError> {
        self.len_bytes += bytes.len();
        if self.len_bytes > TEXT_BYTES_MAX || bytes.contains(&0) {
            return Err(DAMAGED);
        }
        (self.sink)(bytes)
    }
}
