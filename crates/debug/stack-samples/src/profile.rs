//! The sums of samples.

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::ops::Range;

use crate::buffer::{Mode, NoMemory, Owner, Sample};
use crate::heap_sort::sort_by;

/// The frame that stands for the calls that were left out of a deep stack.
const CUT_FRAME: &str = "[cut]";

/// The sums of samples: stacks that differ, each with the number of its samples.
///
/// A frame is the address that stands for a function, or for an instruction, as the code that makes
/// the profile chooses.
pub struct Profile {
    /// The frames of all rows.
    frames: Vec<u64>,
    /// By name, then by frames.
    rows: Vec<Row>,
}

/// A stack.
struct Row {
    owner: Owner,
    mode: Mode,
    is_cut: bool,
    /// Its frames, outermost first, in `Profile::frames`.
    frames: Range<usize>,
    samples: u64,
}

/// The samples of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FunctionCount {
    /// The function's frame.
    pub frame: u64,
    /// The number of samples in which it is the innermost function.
    pub own: u64,
    /// The number of samples in which it is on the stack, however often.
    pub total: u64,
}

/// The samples of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerCount {
    /// The thread.
    pub owner: Owner,
    /// The number of samples of its program.
    pub program: u64,
    /// The number of samples in the kernel.
    pub kernel: u64,
}

impl Profile {
    /// Adds up samples. `frame_of` returns the frame of an instruction.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn try_new<'a>(
        samples: impl Iterator<Item = Sample<'a>>,
        frame_of: impl Fn(Mode, u64) -> u64,
    ) -> Result<Self, NoMemory> {
        let (mut frames, mut rows) = (Vec::new(), Vec::new());
        for sample in samples {
            let Sample { owner, mode, is_cut, .. } = sample;
            let start = frames.len();
            let instructions = sample.instructions();
            frames.try_reserve(instructions.len())?;
            frames.extend(instructions.rev().map(|instruction| frame_of(mode, instruction)));
            rows.try_reserve(1)?;
            rows.push(Row { owner, mode, is_cut, frames: start..frames.len(), samples: 1 });
        }
        sort_by(&mut rows, |one: &Row, other| one.key(&frames).cmp(&other.key(&frames)));
        rows.dedup_by(|next, kept| {
            let is_same = next.key(&frames) == kept.key(&frames);
            kept.samples += if is_same { next.samples } else { 0 };
            is_same
        });
        Ok(Self { frames, rows })
    }

    /// Returns the number of samples.
    pub fn samples(&self) -> u64 {
        self.rows.iter().map(|row| row.samples).sum()
    }

    /// Writes folded stacks: a line for each stack, `NAME;OUTERMOST;…;INNERMOST COUNT`. Threads of
    /// the same name are one. `write_frame` writes the name of a frame; semicolons and blanks in
    /// names are replaced.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_folded(
        &self,
        out: &mut dyn Write,
        write_frame: impl Fn(Mode, u64, &mut dyn Write) -> fmt::Result,
    ) -> fmt::Result {
        // Rows that only differ in the number of the thread are neighbours.
        for group in self.rows.chunk_by(|one, other| one.folded(self) == other.folded(self)) {
            let row = &group[0];
            Frame(out).write_str(row.owner.name())?;
            if row.is_cut {
                write!(out, ";{CUT_FRAME}")?;
            }
            for frame in &self.frames[row.frames.clone()] {
                out.write_char(';')?;
                write_frame(row.mode, *frame, &mut Frame(out))?;
            }
            writeln!(out, " {}", group.iter().map(|row| row.samples).sum::<u64>())?;
        }
        Ok(())
    }

    /// Returns the samples of each function, most own ones first.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn functions(&self) -> Result<Vec<FunctionCount>, NoMemory> {
        let mut counts: Vec<FunctionCount> = Vec::new();
        let mut on_stack = Vec::new();
        for row in &self.rows {
            let frames = &self.frames[row.frames.clone()];
            on_stack.clear();
            on_stack.try_reserve(frames.len())?;
            on_stack.extend_from_slice(frames);
            sort_by(&mut on_stack, u64::cmp);
            // A recursive function counts once.
            on_stack.dedup();
            counts.try_reserve(on_stack.len())?;
            counts.extend(on_stack.iter().map(|&frame| {
                let own = if frames.last() == Some(&frame) { row.samples } else { 0 };
                FunctionCount { frame, own, total: row.samples }
            }));
        }
        sort_by(&mut counts, |one, other| one.frame.cmp(&other.frame));
        counts.dedup_by(|next, kept| {
            let is_same = next.frame == kept.frame;
            kept.own += if is_same { next.own } else { 0 };
            kept.total += if is_same { next.total } else { 0 };
            is_same
        });
        sort_by(&mut counts, |one, other| {
            (other.own, other.total, one.frame).cmp(&(one.own, one.total, other.frame))
        });
        Ok(counts)
    }

    /// Returns the samples of each thread, most samples first.
    ///
    /// # Errors
    /// [`NoMemory`].
    pub fn owners(&self) -> Result<Vec<OwnerCount>, NoMemory> {
        let mut counts: Vec<OwnerCount> = Vec::new();
        counts.try_reserve(self.rows.len())?;
        counts.extend(self.rows.iter().map(|row| {
            let (program, kernel) = match row.mode {
                Mode::Program => (row.samples, 0),
                Mode::Kernel => (0, row.samples),
            };
            OwnerCount { owner: row.owner, program, kernel }
        }));
        sort_by(&mut counts, |one, other| one.owner.cmp(&other.owner));
        counts.dedup_by(|next, kept| {
            let is_same = next.owner == kept.owner;
            kept.program += if is_same { next.program } else { 0 };
            kept.kernel += if is_same { next.kernel } else { 0 };
            is_same
        });
        let samples = |count: &OwnerCount| count.program + count.kernel;
        sort_by(&mut counts, |one, other| {
            (samples(other), one.owner).cmp(&(samples(one), other.owner))
        });
        Ok(counts)
    }
}

impl Row {
    /// Returns the part of the stack that folded stacks show.
    fn folded<'a>(&'a self, profile: &'a Profile) -> (&'a str, bool, &'a [u64], Mode) {
        (self.owner.name(), self.is_cut, &profile.frames[self.frames.clone()], self.mode)
    }

    /// Returns what rows are sorted by.
    fn key<'a>(&'a self, frames: &'a [u64]) -> (&'a str, bool, &'a [u64], Mode, Owner) {
        let frames = &frames[self.frames.clone()];
        (self.owner.name(), self.is_cut, frames, self.mode, self.owner)
    }
}

/// Writes a part of a frame's name: a semicolon would begin another frame, and a blank the count.
struct Frame<'a>(&'a mut dyn Write);

impl Write for Frame<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| {
            self.0.write_char(match c {
                ';' => ',',
                c if c.is_whitespace() || c.is_control() => '_',
                c => c,
            })
        })
    }
}
