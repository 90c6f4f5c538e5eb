//! The pointers of a command to its data: two words, or one and the address of a list.
//!
//! The first pointer may point into a page of memory; all others point to the start of one. All parts
//! but the last go up to the end of their page.
//!
//! Source: NVM Express Base Specification 2.0, "Physical Region Page Entry and List".

/// The size of a page of memory, as the driver sets it in the controller, in bytes.
pub const PAGE_BYTES: u64 = 4096;

/// The two words of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataPointer {
    /// The first pointer.
    pub first: u64,
    /// The second pointer, or the address of the list of all but the first.
    pub second: u64,
}

/// A part of the data: its physical address and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The physical address.
    pub address: u64,
    /// The length, in bytes.
    pub len_bytes: u64,
}

/// Why parts can't be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartsError {
    /// There is no data.
    Empty,
    /// The first part isn't at a multiple of 4, another one not at the start of a page, or a part
    /// other than the last ends within a page.
    NotAligned,
    /// The list is too short.
    TooMany,
}

impl DataPointer {
    /// No data.
    pub const NONE: Self = Self { first: 0, second: 0 };

    /// Data within one page of memory.
    pub const fn page(address: u64) -> Self {
        Self { first: address, second: 0 }
    }

    /// Describes the data in `parts`, in their order. If it needs more than two pointers, all but the
    /// first are put in `list`, whose physical address is `list_address`.
    ///
    /// # Errors
    /// See [`PartsError`]. `list` may have changed.
    pub fn of_parts(
        parts: impl IntoIterator<Item = Part>,
        list_address: u64,
        list: &mut [u64],
    ) -> Result<Self, PartsError> {
        let mut first = None;
        let mut count = 0;
        let mut is_ended = false;
        for part in parts.into_iter().filter(|part| part.len_bytes > 0) {
            let mut address = part.address;
            let end = part.address.checked_add(part.len_bytes).ok_or(PartsError::NotAligned)?;
            if is_ended {
                return Err(PartsError::NotAligned);
            }
            while address < end {
                if first.is_none() {
                    if !address.is_multiple_of(4) {
                        return Err(PartsError::NotAligned);
                    }
                    first = Some(address);
                } else {
                    if !address.is_multiple_of(PAGE_BYTES) {
                        return Err(PartsError::NotAligned);
                    }
                    *list.get_mut(count).ok_or(PartsError::TooMany)? = address;
                    count += 1;
                }
                address = (address / PAGE_BYTES + 1) * PAGE_BYTES;
            }
            is_ended = !end.is_multiple_of(PAGE_BYTES);
        }
        let first = first.ok_or(PartsError::Empty)?;
        let second = match count {
            0 => 0,
            1 => list[0],
            _ => list_address,
        };
        Ok(Self { first, second })
    }
}
