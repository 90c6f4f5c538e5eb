//! A system call.

use alloc::sync::Arc;
use alloc::vec::Vec;

use ::signals::Interruption;
use capabilities::Capability;

use super::errno::Errno;
use crate::arch::trap::frame::TrapFrame;
use crate::fs::attributes::Mode;
use crate::fs::file::open_file::OpenFile;
use crate::mm::user::pointer::{self, StringError, UserPointer};
use crate::process::identity::Identity;
use crate::process::limits::Resource;
use crate::process::pid::Selection;
use crate::process::process::Process;
use crate::process::table;
use crate::process::thread::ProcessThread;

/// The longest path, in bytes, with the zero byte that ends it: PATH_MAX.
const PATH_MAX: usize = 4096;

/// The end of a system call that has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error.
    Errno(Errno),
    /// A signal has interrupted it; it may be executed again.
    Interrupted(Interruption),
    /// The call has set all registers of the program.
    RegistersAreSet,
}

impl Failure {
    /// A signal has interrupted the call, which is executed again unless a handler without
    /// SA_RESTART runs.
    pub const RESTART: Self = Self::Interrupted(Interruption::Restart);
}

/// The result of a system call: the value of RAX.
pub type CallResult = Result<u64, Failure>;

impl<E: Into<Errno>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Errno(error.into())
    }
}

/// A system call: the calling thread, and its registers.
pub struct Call<'a> {
    /// The thread.
    pub thread: &'a ProcessThread,
    /// Its registers.
    pub frame: &'a mut TrapFrame,
}

impl Call<'_> {
    /// Returns an argument, counted from 0.
    #[inline]
    pub fn argument(&self, index: usize) -> u64 {
        let TrapFrame { rdi, rsi, rdx, r10, r8, r9, .. } = *self.frame;
        [rdi, rsi, rdx, r10, r8, r9][index]
    }

    /// Returns an argument of 32 bits: the upper half of the register is ignored, as in C.
    #[inline]
    pub fn argument_u32(&self, index: usize) -> u32 {
        self.argument(index) as u32
    }

    /// Returns an argument of 32 bits with a sign.
    #[inline]
    pub fn argument_i32(&self, index: usize) -> i32 {
        self.argument(index) as i32
    }

    /// Returns an argument that is a pointer.
    #[inline]
    pub fn pointer<T>(&self, index: usize) -> UserPointer<T> {
        UserPointer::new(self.argument(index))
    }

    /// Returns an argument that is a pointer, unless it is the null pointer.
    #[inline]
    pub fn pointer_or_null<T>(&self, index: usize) -> Option<UserPointer<T>> {
        let pointer = self.pointer(index);
        (!pointer.is_null()).then_some(pointer)
    }

    /// Returns an argument that is the mode of a new file, or a new mode.
    #[inline]
    pub fn mode(&self, index: usize) -> Mode {
        Mode::from_bits_truncate(self.argument(index) as u16)
    }

    /// Returns an argument that is a user or a group to set; `None` if all its bits are set, which
    /// means no change.
    #[inline]
    pub fn id_or_none(&self, index: usize) -> Option<u32> {
        Some(self.argument_u32(index)).filter(|id| *id != u32::MAX)
    }

    /// Returns the largest number of descriptors of the process: the soft limit RLIMIT_NOFILE.
    pub fn descriptor_limit(&self) -> u64 {
        self.process().limits().get(Resource::Files).soft
    }

    /// Returns the processes that an argument selects, as in kill(2) and waitpid(2); `None` if no
    /// process can have its number.
    ///
    /// # Errors
    /// ESRCH for the smallest number, which can't be negated.
    pub fn selection(&self, index: usize) -> Result<Option<Selection>, Failure> {
        let number = self.argument_i32(index);
        if number == i32::MIN {
            return Err(Errno::ESRCH.into());
        }
        let own = table::relations(self.process().pid()).ok_or(Errno::ESRCH)?;
        Ok(Selection::of_number(number, own.group))
    }

    /// Returns the calling process.
    #[inline]
    pub fn process(&self) -> &Arc<Process> {
        self.thread.process()
    }

    /// Returns the identity of the calling thread.
    #[inline]
    pub fn identity(&self) -> Arc<Identity> {
        self.thread.identity()
    }

    /// Returns whether the calling thread has a capability.
    pub fn has(&self, capability: Capability) -> bool {
        self.identity().has(capability)
    }

    /// Checks that the calling thread has a capability.
    ///
    /// # Errors
    /// EPERM.
    pub fn check_capability(&self, capability: Capability) -> Result<(), Failure> {
        if self.has(capability) { Ok(()) } else { Err(Errno::EPERM.into()) }
    }

    /// Returns the open file of an argument that is a descriptor.
    ///
    /// # Errors
    /// EBADF, also for a file that is open only as a path (O_PATH).
    #[inline]
    pub fn file(&self, index: usize) -> Result<Arc<OpenFile>, Failure> {
        let file = self.file_or_place(index)?;
        if file.is_place() { Err(Errno::EBADF.into()) } else { Ok(file) }
    }

    /// Returns the open file of an argument that is a descriptor, also if it is open only as a
    /// path.
    ///
    /// # Errors
    /// EBADF.
    #[inline]
    pub fn file_or_place(&self, index: usize) -> Result<Arc<OpenFile>, Failure> {
        Ok(self.process().descriptors().get(self.argument_u32(index))?)
    }

    /// Reads an argument that is a path.
    ///
    /// # Errors
    /// EFAULT, ENAMETOOLONG, ENOMEM.
    pub fn path(&self, index: usize) -> Result<Vec<u8>, Failure> {
        read_string(self.argument(index), PATH_MAX, Errno::ENAMETOOLONG)
    }
}

/// Reads the string at `address`, of at most `max_bytes` with the zero byte.
///
/// # Errors
/// EFAULT, ENOMEM, and `too_long` if there is no zero byte within them.
pub fn read_string(address: u64, max_bytes: usize, too_long: Errno) -> Result<Vec<u8>, Failure> {
    // Most strings are short.
    let mut short = [0; 128];
    match pointer::read_string(address, &mut short) {
        Ok(read) => return copied(read),
        Err(StringError::BadAddress) => return Err(Errno::EFAULT.into()),
        Err(StringError::TooLong) => {}
    }
    let mut string = Vec::new();
    let mut capacity = 1024.min(max_bytes);
    loop {
        string.try_reserve_exact(capacity).map_err(|_| Errno::ENOMEM)?;
        string.resize(capacity, 0);
        match pointer::read_string(address, &mut string) {
            Ok(read) => return copied(read),
            Err(StringError::BadAddress) => return Err(Errno::EFAULT.into()),
            Err(StringError::TooLong) if capacity == max_bytes => return Err(too_long.into()),
            Err(StringError::TooLong) => capacity = (capacity * 8).min(max_bytes),
        }
        string.clear();
    }
}

/// Returns a copy of a string.
fn copied(string: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(string.len()).map_err(|_| Errno::ENOMEM)?;
    copy.extend_from_slice(string);
    Ok(copy)
}
