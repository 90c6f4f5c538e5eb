//! A system call.

use alloc::sync::Arc;

use ::signals::Interruption;
use capabilities::Capability;

use super::errno::Errno;
use super::path_text::PathText;
use crate::arch::trap::frame::TrapFrame;
use crate::fs::attributes::Mode;
use crate::fs::file::open_file::OpenFile;
use crate::mm::user::pointer::UserPointer;
use crate::process::identity::Identity;
use crate::process::limits::Resource;
use crate::process::pid::Selection;
use crate::process::process::Process;
use crate::process::table;
use crate::process::thread::ProcessThread;

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
        self.process().limit(Resource::Files).soft
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
        let own_group = || table::relations(self.process().pid()).map(|it| it.group);
        Ok(Selection::of_number(number, own_group))
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
    #[inline]
    pub fn path(&self, index: usize) -> Result<PathText, Failure> {
        Ok(PathText::read(self.argument(index))?)
    }
}
