//! The purposes of frames.

/// The purpose of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// The stub's code and tables, until the kernel uses its own page tables.
    Stub,
    /// Page tables.
    PageTables,
    /// The heap.
    Heap,
    /// Kernel stacks, except the boot CPU's.
    Stacks,
    /// The records of frames: see [`frame_info`](super::frame_info).
    FrameInfo,
    /// Memory of programs.
    User,
    /// Page tables of programs, for their half.
    UserTables,
    /// The contents of files and pipes.
    Files,
    /// Memory that devices access: queues of commands.
    Devices,
    /// All other purposes.
    Other,
}

/// The number of purposes.
pub(super) const PURPOSES: usize = Purpose::ALL.len();

impl Purpose {
    /// All purposes with their names.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::Stub, "boot stub"),
        (Self::PageTables, "page tables"),
        (Self::Heap, "heap"),
        (Self::Stacks, "stacks"),
        (Self::FrameInfo, "frame info"),
        (Self::User, "programs"),
        (Self::UserTables, "page tables of programs"),
        (Self::Files, "files"),
        (Self::Devices, "devices"),
        (Self::Other, "other"),
    ];
}
