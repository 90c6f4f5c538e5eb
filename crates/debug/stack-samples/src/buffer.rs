//! The samples of a CPU.

use alloc::collections::TryReserveError;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// The most addresses of a sample; the outermost calls of a deeper stack are left out.
pub const FRAMES_MAX: usize = 64;

/// The longest name of a thread, in bytes; a longer one is cut.
pub const NAME_BYTES: usize = 24;

/// The words of a sample before its addresses: the head, the number of the thread, its name.
const HEAD_WORDS: usize = 2 + NAME_BYTES / WORD_BYTES;
const WORD_BYTES: usize = size_of::<u64>();

/// The head: the number of addresses in the lowest byte, then two flags, and the number of the
/// process in the upper half.
const LEN_MASK: u64 = 0xFF;
const IS_PROGRAM: u64 = 1 << 8;
const IS_CUT: u64 = 1 << 9;
const PROCESS_SHIFT: u32 = 32;

/// No memory is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl From<TryReserveError> for NoMemory {
    fn from(_: TryReserveError) -> Self {
        Self
    }
}

/// What a sample interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// The kernel.
    Kernel,
    /// A program, in ring 3.
    Program,
}

/// The thread that a sample belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    name: [u8; NAME_BYTES],
    /// The number of its process; 0 if it has none.
    pub process: u32,
    /// Its own number.
    pub thread: u64,
}

impl Owner {
    /// Makes the owner with the first [`NAME_BYTES`] of `name`.
    pub fn new(name: &str, process: u32, thread: u64) -> Self {
        let mut kept = [0; NAME_BYTES];
        let len = name.floor_char_boundary(NAME_BYTES);
        kept[..len].copy_from_slice(&name.as_bytes()[..len]);
        Self { name: kept, process, thread }
    }

    /// Returns its name.
    pub fn name(&self) -> &str {
        let len = self.name.iter().position(|byte| *byte == 0).unwrap_or(NAME_BYTES);
        core::str::from_utf8(&self.name[..len]).unwrap_or("?")
    }
}

/// A sample in a buffer.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The thread.
    pub owner: Owner,
    /// What it executed.
    pub mode: Mode,
    /// Whether calls were left out.
    pub is_cut: bool,
    addresses: &'a [AtomicU64],
}

impl Sample<'_> {
    /// Returns addresses of instructions in the functions of the stack, innermost first: the
    /// interrupted one, and then those of the calls.
    pub fn instructions(&self) -> impl DoubleEndedIterator<Item = u64> + ExactSizeIterator {
        // A return address is after its call, which may be the last instruction of a function.
        let place = |(depth, address): (usize, &AtomicU64)| {
            address.load(Ordering::Relaxed).wrapping_sub(u64::from(depth > 0))
        };
        self.addresses.iter().enumerate().map(place)
    }
}

/// The samples of a CPU, and counts of those that it doesn't have.
///
/// One CPU appends; all CPUs may read at the same time, and find the samples that are complete.
pub struct SampleBuffer {
    words: Vec<AtomicU64>,
    /// The number of words that complete samples use.
    used: AtomicUsize,
    kept: AtomicU64,
    lost: AtomicU64,
    idle: AtomicU64,
}

impl SampleBuffer {
    /// Allocates an empty buffer of `len_bytes`, rounded down to words.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn try_new(len_bytes: usize) -> Result<Self, NoMemory> {
        let len = len_bytes / WORD_BYTES;
        let mut words = Vec::new();
        words.try_reserve_exact(len)?;
        words.resize_with(len, || AtomicU64::new(0));
        let [kept, lost, idle] = [const { AtomicU64::new(0) }; 3];
        Ok(Self { words, used: AtomicUsize::new(0), kept, lost, idle })
    }

    /// Appends a sample: the address of the interrupted instruction, and then the return addresses
    /// of the calls, innermost first. If it has no room, it is counted as lost. Allocates nothing
    /// and waits for nothing. Only the buffer's CPU calls it, never within another call.
    pub fn push(&self, owner: &Owner, mode: Mode, addresses: impl Iterator<Item = u64>) {
        let start = self.used.load(Ordering::Relaxed);
        let mut addresses = addresses.fuse();
        let mut len = 0;
        for address in addresses.by_ref().take(FRAMES_MAX) {
            let Some(word) = self.words.get(start + HEAD_WORDS + len) else {
                return self.lose();
            };
            word.store(address, Ordering::Relaxed);
            len += 1;
        }
        let Some(head) = self.words.get(start..start + HEAD_WORDS) else {
            return self.lose();
        };
        let is_cut = addresses.next().is_some();
        let flags =
            if mode == Mode::Program { IS_PROGRAM } else { 0 } | if is_cut { IS_CUT } else { 0 };
        let (name, _) = owner.name.as_chunks::<WORD_BYTES>();
        let values = [u64::from(owner.process) << PROCESS_SHIFT | flags | len as u64, owner.thread]
            .into_iter()
            .chain(name.iter().map(|chunk| u64::from_le_bytes(*chunk)));
        head.iter().zip(values).for_each(|(word, value)| word.store(value, Ordering::Relaxed));
        self.used.store(start + HEAD_WORDS + len, Ordering::Release);
        add_one(&self.kept);
    }

    /// Counts a sample that isn't in the buffer.
    pub fn lose(&self) {
        add_one(&self.lost);
    }

    /// Counts a sample of an idle CPU, which has no stack of interest.
    pub fn note_idle(&self) {
        add_one(&self.idle);
    }

    /// Returns the number of samples in the buffer.
    pub fn kept(&self) -> u64 {
        self.kept.load(Ordering::Relaxed)
    }

    /// Returns the number of samples that had no room.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Returns the number of samples of the idle CPU.
    pub fn idle(&self) -> u64 {
        self.idle.load(Ordering::Relaxed)
    }

    /// Returns the samples that are complete at present, oldest first.
    pub fn samples(&self) -> impl Iterator<Item = Sample<'_>> {
        let mut rest = &self.words[..self.used.load(Ordering::Acquire)];
        core::iter::from_fn(move || {
            let (head, after) = rest.split_at_checked(HEAD_WORDS)?;
            let mut values = head.iter().map(|word| word.load(Ordering::Relaxed));
            let (bits, thread) = (values.next()?, values.next()?);
            let mut name = [0; NAME_BYTES];
            let (chunks, _) = name.as_chunks_mut::<WORD_BYTES>();
            chunks.iter_mut().zip(values).for_each(|(chunk, word)| *chunk = word.to_le_bytes());
            let (addresses, after) = after.split_at_checked((bits & LEN_MASK) as usize)?;
            rest = after;
            let process = (bits >> PROCESS_SHIFT) as u32;
            let mode = if bits & IS_PROGRAM != 0 { Mode::Program } else { Mode::Kernel };
            let owner = Owner { name, process, thread };
            Some(Sample { owner, mode, is_cut: bits & IS_CUT != 0, addresses })
        })
    }
}

/// Adds to a counter that only one CPU writes.
fn add_one(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}
