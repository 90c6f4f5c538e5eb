//! The sums of the samples, with the names of functions.

use core::fmt::{self, Write};

use stack_samples::{Mode, Profile};
use x86_64::VirtAddr;

use super::request::Settings;
use crate::symbols;

/// The frame of a program, if frames are functions: the kernel doesn't know the functions of
/// programs.
const PROGRAM: u64 = 0;

/// What the frames of a stack are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// Functions.
    Functions,
    /// Addresses of instructions.
    Instructions,
}

/// The numbers of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples of threads, which are kept.
    pub kept: u64,
    /// Samples of idle CPUs, which are only counted.
    pub idle: u64,
    /// Samples for which there was no room.
    pub lost: u64,
}

/// The samples of a profile.
pub struct Report {
    /// How they were taken.
    pub settings: Settings,
    /// The number of CPUs.
    pub cpus: usize,
    /// The time during which they were taken, in nanoseconds.
    pub time_ns: u64,
    /// Whether the profiler still runs.
    pub is_running: bool,
    /// The numbers of samples. While the profiler runs, the kept ones may be more than those in
    /// `profile`.
    pub counts: Counts,
    pub(super) frames: Frames,
    /// The sums of the samples of threads.
    pub profile: Profile,
}

impl Frames {
    /// Returns the frame of an instruction.
    pub(super) fn frame_of(self, mode: Mode, instruction: u64) -> u64 {
        match (self, mode) {
            (Self::Instructions, _) => instruction,
            (Self::Functions, Mode::Program) => PROGRAM,
            (Self::Functions, Mode::Kernel) => {
                let function = symbols::function_at(VirtAddr::new_truncate(instruction));
                function.map_or(instruction, |function| function.start)
            }
        }
    }
}

impl Report {
    /// Writes the folded stacks that flame graph tools read: `NAME;OUTERMOST;…;INNERMOST COUNT`. If
    /// samples were lost, the last line is their number.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_folded(&self, out: &mut dyn Write) -> fmt::Result {
        self.profile.write_folded(out, |_, frame, out| match self.frames {
            Frames::Functions => write!(out, "{}", FrameName(frame)),
            Frames::Instructions => write!(out, "{frame:#x}"),
        })?;
        match self.counts.lost {
            0 => Ok(()),
            lost => writeln!(out, "[lost] {lost}"),
        }
    }
}

/// The name of a frame that is a function, without the name of the kernel.
#[derive(Clone, Copy, Debug)]
pub struct FrameName(pub u64);

impl fmt::Display for FrameName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == PROGRAM {
            return f.write_str("[program]");
        }
        match symbols::function_at(VirtAddr::new_truncate(self.0)) {
            Some(function) => function.name.split("farjump::").try_for_each(|it| f.write_str(it)),
            None => write!(f, "{:#x}", self.0),
        }
    }
}
