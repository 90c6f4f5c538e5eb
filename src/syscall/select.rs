//! Waiting until one of several files is ready, by sets of bits: select(2), pselect6(2).

use alloc::vec::Vec;

use super::call::{Call, CallResult, Failure};
use super::errno::Errno;
use super::poll;
use super::signal;
use super::timeout::Timeout;
use crate::fs::file::poll::{PollItem, PollWait};
use crate::fs::file::readiness::Readiness;
use crate::mm::user::pointer::UserPointer;

/// The requested readiness for each of the three sets, and the readiness that is reported there.
const KINDS: [Readiness; 3] = [
    Readiness::IN.union(Readiness::HANG_UP).union(Readiness::ERROR),
    Readiness::OUT.union(Readiness::ERROR),
    Readiness::PRIORITY,
];

/// The number of descriptors in a word of a set.
const WORD_BITS: u64 = u64::BITS as u64;

/// The requested descriptors: for each 64 descriptors, the words of the three sets.
struct Sets {
    words: Vec<[u64; 3]>,
    pointers: [Option<UserPointer<u64>>; 3],
}

impl Sets {
    /// Reads the sets of the arguments 1 to 3, of the descriptors below `count`.
    fn read(call: &Call<'_>, count: u64) -> Result<Self, Failure> {
        let pointers = [1, 2, 3].map(|argument| call.pointer_or_null(argument));
        let mut words = Vec::new();
        let len = count.div_ceil(WORD_BITS);
        words.try_reserve_exact(len as usize).map_err(|_| Errno::ENOMEM)?;
        for index in 0..len {
            let mut word = [0; 3];
            for (word, pointer) in word.iter_mut().zip(pointers) {
                if let Some(pointer) = pointer {
                    *word = pointer.at(index)?.read()?;
                }
            }
            words.push(word);
        }
        // Descriptors from `count` on are ignored.
        if let Some(last) = words.last_mut().filter(|_| !count.is_multiple_of(WORD_BITS)) {
            *last = last.map(|word| word & ((1 << (count % WORD_BITS)) - 1));
        }
        Ok(Self { words, pointers })
    }

    /// Calls `action` with each descriptor that is in one of the sets, and with these sets.
    fn for_each(
        &self,
        mut action: impl FnMut(u32, [bool; 3]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for (index, words) in self.words.iter().enumerate() {
            let mut any = words.iter().fold(0, |any, word| any | word);
            while any != 0 {
                let bit = any.trailing_zeros();
                any &= any - 1;
                let is_in = words.map(|word| word >> bit & 1 != 0);
                action(index as u32 * u64::BITS + bit, is_in)?;
            }
        }
        Ok(())
    }

    /// Writes the sets; returns the number of descriptors in them.
    fn write(&self) -> CallResult {
        let mut count = 0;
        for (index, words) in self.words.iter().enumerate() {
            for (word, pointer) in words.iter().zip(self.pointers) {
                if let Some(pointer) = pointer {
                    pointer.at(index as u64)?.write(word)?;
                }
                count += u64::from(word.count_ones());
            }
        }
        Ok(count)
    }
}

/// Waits for the files in the sets of the arguments.
fn wait(call: &Call<'_>, wait: PollWait) -> CallResult {
    let count = u64::try_from(call.argument_i32(0)).map_err(|_| Errno::EINVAL)?;
    let descriptors = call.process().descriptors();
    let mut sets = Sets::read(call, count.min(descriptors.capacity()))?;
    let mut fds = Vec::new();
    let mut items = Vec::new();
    sets.for_each(|fd, is_in| {
        let file = Some(descriptors.get(fd)?);
        let asked = KINDS.into_iter().zip(is_in).filter(|(_, is_in)| *is_in);
        let wanted = asked.fold(Readiness::empty(), |wanted, (kind, _)| wanted | kind);
        fds.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        items.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        fds.push((fd, is_in));
        items.push(PollItem { file, wanted, ready: Readiness::empty() });
        Ok(())
    })?;
    poll::wait_for(&mut items, wait)?;
    sets.words.fill([0; 3]);
    for ((fd, is_in), item) in fds.into_iter().zip(&items) {
        let words = &mut sets.words[(fd / u64::BITS) as usize];
        for ((word, kind), is_in) in words.iter_mut().zip(KINDS).zip(is_in) {
            let is_ready = is_in && item.ready.intersects(kind);
            *word |= u64::from(is_ready) << (fd % u64::BITS);
        }
    }
    sets.write()
}

pub(super) fn select(call: &mut Call<'_>) -> CallResult {
    let timeout = Timeout::of_timeval(call, 4)?;
    timeout.finish(wait(call, timeout.wait))
}

pub(super) fn pselect6(call: &mut Call<'_>) -> CallResult {
    let (set, set_bytes) = match call.pointer_or_null::<[u64; 2]>(5) {
        Some(pointer) => {
            let [set, set_bytes] = pointer.read()?;
            (Some(UserPointer::new(set)).filter(|set| !set.is_null()), set_bytes)
        }
        None => (None, 0),
    };
    let timeout = Timeout::of_timespec(call, 4)?;
    signal::with_blocked(call, set, set_bytes, |call| timeout.finish(wait(call, timeout.wait)))
}
