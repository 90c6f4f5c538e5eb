//! The common attributes of the pages of a region, without their backing.

use core::fmt::{self, Write};

use bitflags::bitflags;

bitflags! {
    /// The accesses that a program may make to the pages of a region: the PROT_ flags of
    /// mmap(2) and mprotect(2). PROT_NONE is the empty set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Access: u8 {
        /// Read them.
        const READ = 1 << 0;
        /// Write them.
        const WRITE = 1 << 1;
        /// Execute them.
        const EXECUTE = 1 << 2;
    }
}

bitflags! {
    /// Properties of a region that mmap(2) or madvise(2) has set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct RegionFlags: u16 {
        /// Grows downwards when a page below it is accessed, like a stack: MAP_GROWSDOWN.
        const GROWS_DOWN = 1 << 0;
        /// Commits no memory: MAP_NORESERVE.
        const NO_RESERVE = 1 << 1;
        /// Can't be made longer by mremap(2): mappings of devices and of the vDSO.
        const DONT_EXPAND = 1 << 2;
        /// Isn't copied to the address space of a child: MADV_DONTFORK.
        const DONT_FORK = 1 << 3;
        /// Is filled with zeros in a child: MADV_WIPEONFORK.
        const WIPE_ON_FORK = 1 << 4;
        /// Isn't written to a core file: MADV_DONTDUMP.
        const DONT_DUMP = 1 << 5;
        /// Gets huge pages where possible: MADV_HUGEPAGE.
        const HUGE_PAGE = 1 << 6;
        /// Gets no huge pages: MADV_NOHUGEPAGE.
        const NO_HUGE_PAGE = 1 << 7;
        /// Is read from its start to its end: MADV_SEQUENTIAL.
        const SEQUENTIAL = 1 << 8;
        /// Is read in random order: MADV_RANDOM.
        const RANDOM = 1 << 9;
        /// Stays in memory: mlock(2).
        const LOCKED = 1 << 10;
        /// Its pages are locked, but only made on the first access: MLOCK_ONFAULT.
        const LOCKED_ON_FAULT = 1 << 11;
    }
}

/// The effect of a write to a page of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sharing {
    /// The address space gets its own copy of the page: MAP_PRIVATE.
    Private,
    /// All address spaces that map the page see what was written: MAP_SHARED.
    Shared,
}

/// Whether pages stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// They may be removed from memory: munlock(2).
    None,
    /// They stay, and all are made at once: mlock(2).
    Now,
    /// They stay, and each is made on its first access: MLOCK_ONFAULT of mlock2(2).
    OnFault,
}

impl Lock {
    /// Returns the flags of a region.
    pub fn flags(self) -> RegionFlags {
        match self {
            Self::None => RegionFlags::empty(),
            Self::Now => RegionFlags::LOCKED,
            Self::OnFault => RegionFlags::LOCKED | RegionFlags::LOCKED_ON_FAULT,
        }
    }
}

/// The common attributes of the pages of a region, without their backing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// The accesses that a program may make.
    pub access: Access,
    /// The effect of a write.
    pub sharing: Sharing,
    /// Other properties.
    pub flags: RegionFlags,
}

/// Writes the access and the sharing as in /proc/PID/maps: `rw-p`.
impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |of, letter| if self.access.contains(of) { letter } else { '-' };
        f.write_char(letter(Access::READ, 'r'))?;
        f.write_char(letter(Access::WRITE, 'w'))?;
        f.write_char(letter(Access::EXECUTE, 'x'))?;
        f.write_char(if self.sharing == Sharing::Shared { 's' } else { 'p' })
    }
}

impl Attributes {
    /// Returns whether the pages count as data, which RLIMIT_DATA limits: private ones that
    /// can be written, except stacks. Linux does so since 4.7; see getrlimit(2).
    pub fn is_data(&self) -> bool {
        self.access.contains(Access::WRITE) && self.sharing == Sharing::Private && !self.is_stack()
    }

    /// Returns whether the pages count as stack.
    pub fn is_stack(&self) -> bool {
        self.flags.contains(RegionFlags::GROWS_DOWN)
    }

    /// Returns whether the pages count as code: executable ones that can't be written, except
    /// stacks.
    pub fn is_code(&self) -> bool {
        self.access.contains(Access::EXECUTE)
            && !self.access.contains(Access::WRITE)
            && !self.is_stack()
    }

    /// Returns whether memory has to be committed for the pages: each may need a frame of its
    /// own, and MAP_NORESERVE wasn't given.
    ///
    /// It is false for shared pages, as on Linux: their frames belong to the object that backs
    /// them. The object commits memory once, when it is made, and not for each mapping of it.
    pub fn needs_commit(&self) -> bool {
        self.access.contains(Access::WRITE)
            && self.sharing == Sharing::Private
            && !self.flags.contains(RegionFlags::NO_RESERVE)
    }
}
