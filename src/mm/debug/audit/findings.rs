//! The rules and the findings of an audit.

use core::fmt;

use heapless::Vec;
use x86_64::{PhysAddr, VirtAddr};

use crate::mm::debug::address_kind::AddressKind;

/// The number of findings that are kept; further findings are only counted.
pub(super) const FINDINGS_MAX: usize = 16;

/// A rule for memory; the module's table lists what breaks each rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the module has them in a table")]
pub enum Rule {
    WritableAndExecutable,
    User,
    Low,
    Guard,
    OutsideLayout,
    Rights,
    WrongFrame,
    MappedTwice,
    FrameNotOwned,
    TableNotOwned,
    Owners,
    Sharers,
    Count,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WritableAndExecutable => "writable and executable",
            Self::User => "a page of the kernel that programs can reach",
            Self::Low => "mapped below 64 KiB",
            Self::Guard => "a guard that is mapped",
            Self::OutsideLayout => "mapped where the layout has nothing",
            Self::Rights => "other rights than its place has",
            Self::WrongFrame => "another frame than its place has",
            Self::MappedTwice => "a frame that is in use twice",
            Self::FrameNotOwned => "a frame that is free, or used for something else",
            Self::TableNotOwned => "a page table whose frame is free, or used for something else",
            Self::Owners => "a frame of the kernel that has more than one owner",
            Self::Sharers => "a frame of programs with other owners than its mappings",
            Self::Count => "frames counted and found differ",
        })
    }
}

/// A broken rule, and where it is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The page, or null for a table.
    pub page: VirtAddr,
    /// The frame, or null if only counts differ.
    pub frame: PhysAddr,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, page, frame } = self;
        write!(f, "{rule}: page {page:#018x} ({}), frame {frame:#x}", AddressKind::of(*page))
    }
}

/// The result of an audit.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// The number of mapped pages, of any size.
    pub pages: usize,
    /// The number of tables.
    pub tables: usize,
    /// The number of findings: each page that breaks a rule counts.
    pub broken: usize,
    /// The first findings.
    pub findings: Vec<Finding, FINDINGS_MAX>,
}

impl Audit {
    pub(super) fn add(&mut self, rule: Rule, page: VirtAddr, frame: PhysAddr) {
        self.broken += 1;
        // If there is no room, the finding is only counted.
        let _ = self.findings.push(Finding { rule, page, frame });
    }

    /// Logs every finding.
    ///
    /// # Panics
    /// If there is one.
    pub fn expect_clean(&self) {
        for finding in &self.findings {
            log::error!("{finding}");
        }
        assert!(self.broken == 0, "{} rules of memory are broken, see the log", self.broken);
    }
}

impl fmt::Display for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} pages, {} tables: ", self.pages, self.tables)?;
        match self.broken {
            0 => f.write_str("all as it should be"),
            1 => f.write_str("1 rule is broken"),
            broken => write!(f, "{broken} rules are broken"),
        }
    }
}
