//! Names.

use volume::VolumeError;

/// The longest name, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 255;

/// A name.
pub(crate) struct Name {
    bytes: [u8; NAME_BYTES_MAX],
    len_bytes: usize,
}

impl Name {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; NAME_BYTES_MAX], len_bytes: 0 }
    }

    /// Returns the name of an identifier of ISO 9660, as Linux shows it.
    pub(crate) fn of_identifier(identifier: &[u8]) -> Result<Self, VolumeError> {
        let without_version = identifier.strip_suffix(b";1").unwrap_or(identifier);
        // A file without an extension has a period before its version.
        let base = match without_version.strip_suffix(b".") {
            Some(base) if without_version.len() < identifier.len() => base,
            _ => without_version,
        };
        let mut name = Self::new();
        for byte in base {
            name.push(&[match byte {
                b';' | b'/' => b'.',
                byte => byte.to_ascii_lowercase(),
            }])?;
        }
        Ok(name)
    }

    /// Returns the name of an identifier of Joliet, which is in UTF-16.
    pub(crate) fn of_joliet(identifier: &[u8]) -> Result<Self, VolumeError> {
        let (units, _) = identifier.as_chunks::<2>();
        let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
        let mut name = Self::new();
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            name.push(character.encode_utf8(&mut [0; 4]).as_bytes())?;
        }
        if name.as_bytes().ends_with(b";1") {
            name.len_bytes -= 2;
        }
        // As on Windows, and so on Linux.
        while name.as_bytes().len() > 1 && name.as_bytes().ends_with(b".") {
            name.len_bytes -= 1;
        }
        Ok(name)
    }

    /// Appends bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), VolumeError> {
        let room = self.bytes[self.len_bytes..].get_mut(..bytes.len());
        room.ok_or(VolumeError::Unsupported("a name of more than 255 bytes"))?
            .copy_from_slice(bytes);
        self.len_bytes += bytes.len();
        Ok(())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len_bytes]
    }

    /// Returns whether an entry can have this name.
    pub(crate) fn is_valid(&self) -> bool {
        let name = self.as_bytes();
        !matches!(name, b"" | b"." | b"..") && !name.iter().any(|byte| matches!(byte, 0 | b'/'))
    }
}
