//! The memory of a split queue: a table of descriptors, the available ring, which the driver writes,
//! and the used ring, which the device writes.
//!
//! Source: VIRTIO 1.2, "Split Virtqueues".

/// The size of a descriptor, in bytes.
pub const DESCRIPTOR_BYTES: usize = 16;

/// Flags of the used ring: the device needs no notification of new requests.
pub const NO_NOTIFY: u16 = 1 << 0;
/// Flags of the available ring: the driver needs no interrupts.
pub const NO_INTERRUPT: u16 = 1 << 0;

/// Descriptor: another one follows.
const NEXT: u16 = 1 << 0;
/// Descriptor: the device writes to the memory.
const WRITE: u16 = 1 << 1;
/// Descriptor: the memory is a table of descriptors.
const INDIRECT: u16 = 1 << 2;

/// The offsets of the parts of a queue, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    entries: u16,
}

impl Layout {
    /// Returns the layout of a queue with `entries` entries, a power of two of at most 32,768.
    pub const fn new(entries: u16) -> Self {
        Self { entries }
    }

    /// Returns the number of entries.
    pub const fn entries(self) -> u16 {
        self.entries
    }

    /// Returns the number of bytes of the queue.
    pub const fn len_bytes(self) -> usize {
        self.used() + 4 + 8 * self.entries as usize + 2
    }

    /// Returns the place of the descriptor with this index.
    pub const fn descriptor(self, index: u16) -> usize {
        DESCRIPTOR_BYTES * index as usize
    }

    /// Returns the place of the available ring, which begins with its flags.
    pub const fn available(self) -> usize {
        DESCRIPTOR_BYTES * self.entries as usize
    }

    /// Returns the place of the number of requests that the driver has made available.
    pub const fn available_index(self) -> usize {
        self.available() + 2
    }

    /// Returns the place of an entry of the available ring: the first descriptor of a request.
    pub const fn available_entry(self, position: u16) -> usize {
        self.available() + 4 + 2 * position as usize
    }

    /// Returns the place of the used ring, which begins with its flags.
    pub const fn used(self) -> usize {
        (self.available() + 4 + 2 * self.entries as usize + 2).next_multiple_of(4)
    }

    /// Returns the place of the number of requests that the device has used.
    pub const fn used_index(self) -> usize {
        self.used() + 2
    }

    /// Returns the place of an entry of the used ring: the first descriptor of a request, then the
    /// number of bytes that were written.
    pub const fn used_entry(self, position: u16) -> usize {
        self.used() + 4 + 8 * position as usize
    }
}

/// What the device does with memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It reads it.
    Read,
    /// It writes to it.
    Write,
}

/// Memory of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// The physical address.
    pub address: u64,
    /// The number of bytes.
    pub len_bytes: u32,
    /// What the device does with it.
    pub access: Access,
}

/// Why memory can't be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainError {
    /// It is more than the descriptors can describe.
    TooMany,
    /// There is none, or an empty part.
    Empty,
    /// The device reads a part after one that it writes.
    Order,
}

/// Describes the memory in `buffers` by the descriptors from `first` on, at most `room` of them.
/// `write` gets the index and the two words of each. Returns their number.
///
/// # Errors
/// See [`ChainError`]. Some descriptors may have been written.
pub fn describe(
    buffers: impl IntoIterator<Item = Buffer>,
    first: u16,
    room: u16,
    mut write: impl FnMut(u16, [u64; 2]),
) -> Result<u16, ChainError> {
    let mut buffers = buffers.into_iter().peekable();
    let mut count = 0;
    let mut before = Access::Read;
    while let Some(buffer) = buffers.next() {
        if count == room {
            return Err(ChainError::TooMany);
        }
        if buffer.len_bytes == 0 {
            return Err(ChainError::Empty);
        }
        let mut flags = match (before, buffer.access) {
            (Access::Write, Access::Read) => return Err(ChainError::Order),
            (_, Access::Read) => 0,
            (_, Access::Write) => WRITE,
        };
        before = buffer.access;
        let index = first + count;
        count += 1;
        let mut next = 0;
        if buffers.peek().is_some() {
            flags |= NEXT;
            next = index + 1;
        }
        write(index, words(buffer.address, buffer.len_bytes, flags, next));
    }
    if count == 0 { Err(ChainError::Empty) } else { Ok(count) }
}

/// Returns the two words of a descriptor that points to a table of `count` descriptors.
pub fn indirect(table: u64, count: u16) -> [u64; 2] {
    words(table, u32::from(count) * DESCRIPTOR_BYTES as u32, INDIRECT, 0)
}

fn words(address: u64, len_bytes: u32, flags: u16, next: u16) -> [u64; 2] {
    [address, u64::from(len_bytes) | u64::from(flags) << 32 | u64::from(next) << 48]
}
