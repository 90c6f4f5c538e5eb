//! The files that the loader has loaded with the kernel.

use crate::tags::{TagKind, Tags};
use crate::text::Text;
use table_bytes::read_u32;

/// A file that was loaded with the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Module<'a> {
    /// The first physical address.
    pub start: u32,
    /// The physical address after the last byte.
    pub end: u32,
    /// The arguments in the loader's configuration.
    pub arguments: Text<'a>,
}

/// The size of the two addresses before the arguments.
const ADDRESSES_BYTES: usize = 8;

impl<'a> Module<'a> {
    /// Reads a tag's payload; `None` if it is too short.
    pub(crate) fn read(payload: &'a [u8]) -> Option<Self> {
        let arguments = payload.get(ADDRESSES_BYTES..).filter(|text| !text.is_empty())?;
        Some(Self {
            start: read_u32(payload, 0)?,
            end: read_u32(payload, 4)?,
            arguments: Text::read(arguments),
        })
    }
}

/// The modules, tag by tag. Iterating can be repeated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Modules<'a> {
    tags: Tags<'a>,
}

impl<'a> Modules<'a> {
    /// No modules.
    pub const NONE: Self = Self { tags: Tags::NONE };

    pub(crate) fn new(tags: Tags<'a>) -> Self {
        Self { tags }
    }

    /// Returns the modules of all valid tags, in the loader's order.
    pub fn iter(self) -> impl Iterator<Item = Module<'a>> + Clone {
        self.tags
            .filter(|tag| TagKind::from_number(tag.number) == Some(TagKind::Module))
            .filter_map(|tag| Module::read(tag.payload))
    }

    /// Returns the number of modules.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Returns whether there is no module.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }
}
