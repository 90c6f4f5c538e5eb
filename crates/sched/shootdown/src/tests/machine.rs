//! A model of CPUs with TLBs.
//!
//! CPU `n` unmaps page `n`. All accesses to the modelled state are Relaxed: only the
//! protocol orders them.

use core::array;

use loom::model::Builder;
use loom::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use loom::thread;

use crate::{Request, Shootdown, Target};

/// Runs `model` in all orders with at most `preemptions`.
pub(super) fn check(
    preemptions: impl Into<Option<usize>>,
    model: impl Fn() + Send + Sync + 'static,
) {
    let mut builder = Builder::new();
    builder.preemption_bound = preemptions.into();
    builder.check(model);
}

/// Returns a function for the iterations of a wait, which yields to the other threads.
/// Loom's scheduler isn't fair while it explores, so two waiting threads could delay the
/// third for ever. After the third iteration the function stops the exploration, and the
/// execution ends under a fair scheduler.
pub(super) fn relax() -> impl FnMut() {
    let mut turns = 0;
    move || {
        turns += 1;
        if turns == 3 {
            loom::skip_branch();
        }
        thread::yield_now();
    }
}

/// The content of a frame.
mod content {
    pub(super) const EMPTY: u8 = 0;
    /// Written through the old mapping.
    pub(super) const OLD: u8 = 1;
    /// Written by the next user of the frame.
    pub(super) const NEW: u8 = 2;
}

struct Page<const CPUS: usize> {
    /// Whether its entry in the page table is present.
    is_mapped: AtomicBool,
    /// Whether each CPU's TLB holds the entry.
    is_cached: [AtomicBool; CPUS],
    frame: AtomicU8,
}

pub(super) struct Machine<const CPUS: usize> {
    pub(super) shootdown: Shootdown<CPUS, 1>,
    pages: [Page<CPUS>; CPUS],
    /// Whether each CPU has a pending interrupt. All accesses are read-modify-writes, so
    /// that clearing the previous interrupt can't clear a new one.
    interrupts: [AtomicBool; CPUS],
}

impl<const CPUS: usize> Machine<CPUS> {
    pub(super) fn new() -> Self {
        Self {
            shootdown: Shootdown::new(),
            pages: array::from_fn(|_| Page {
                is_mapped: AtomicBool::new(true),
                is_cached: array::from_fn(|_| AtomicBool::new(false)),
                frame: AtomicU8::new(content::EMPTY),
            }),
            interrupts: array::from_fn(|_| AtomicBool::new(false)),
        }
    }

    /// Makes `cpu` write to `page`; returns whether it is mapped.
    pub(super) fn write(&self, cpu: usize, page: usize) -> bool {
        let page = &self.pages[page];
        let is_cached = page.is_cached[cpu].load(Ordering::Relaxed) || page.walk(cpu);
        if is_cached {
            page.frame.store(content::OLD, Ordering::Relaxed);
        }
        is_cached
    }

    /// Makes `cpu` unmap its page, shoot it down at `targets` and reuse its frame; returns
    /// how many requests it answered meanwhile.
    pub(super) fn unmap(&self, cpu: usize, targets: u64) -> usize {
        let mut answered = 0;
        let page = &self.pages[cpu];
        page.is_mapped.store(false, Ordering::Relaxed);
        page.is_cached[cpu].store(false, Ordering::Relaxed);
        let mut relax = relax();
        self.shootdown.run(
            cpu,
            request(cpu),
            &[targets],
            |target| {
                assert_ne!(target, cpu);
                self.interrupts[target].swap(true, Ordering::Release);
            },
            |request| {
                self.flush(cpu, request);
                answered += 1;
            },
            |_| {
                relax();
                Target::Running
            },
        );
        for (target, is_cached) in page.is_cached.iter().enumerate() {
            if targets & (1 << target) != 0 {
                assert!(!is_cached.load(Ordering::Relaxed), "CPU {target} can use the page");
            }
        }
        page.frame.store(content::NEW, Ordering::Relaxed);
        answered
    }

    /// Makes `cpu` answer once, as a wait does; returns how many requests it answered.
    pub(super) fn answer(&self, cpu: usize) -> usize {
        let mut answered = 0;
        self.shootdown.answer(cpu, |request| {
            self.flush(cpu, request);
            answered += 1;
        });
        answered
    }

    /// Makes `cpu` answer in the handler of its interrupt, until it has answered `count`
    /// requests.
    pub(super) fn handle_interrupts(&self, cpu: usize, count: usize) {
        let mut answered = 0;
        let mut relax = relax();
        while answered < count {
            if self.interrupts[cpu].swap(false, Ordering::Acquire) {
                answered += self.answer(cpu);
            } else {
                relax();
            }
        }
        assert_eq!(answered, count);
    }

    /// Makes `cpu` answer in a wait until it has answered `count` requests.
    pub(super) fn spin(&self, cpu: usize, count: usize) {
        let mut answered = 0;
        let mut relax = relax();
        while answered < count {
            answered += self.answer(cpu);
            relax();
        }
        assert_eq!(answered, count);
    }

    /// Checks, when no CPU runs any more, that no CPU wrote to the frame of `page` through
    /// the old mapping after its reuse.
    pub(super) fn assert_frame_is_new(&self, page: usize) {
        assert_eq!(self.pages[page].frame.load(Ordering::Relaxed), content::NEW);
    }

    fn flush(&self, cpu: usize, requested: Request) {
        let page = (requested.start / 4096) as usize;
        assert_eq!(requested, request(page), "a request is torn");
        assert_ne!(page, cpu, "a CPU answers its own request");
        self.pages[page].is_cached[cpu].store(false, Ordering::Relaxed);
        // A CPU may fill its TLB at any time.
        self.pages[page].walk(cpu);
    }
}

impl<const CPUS: usize> Page<CPUS> {
    /// Makes the TLB of `cpu` cache the entry if it is present; returns whether it is.
    fn walk(&self, cpu: usize) -> bool {
        let is_mapped = self.is_mapped.load(Ordering::Relaxed);
        if is_mapped {
            self.is_cached[cpu].store(true, Ordering::Relaxed);
        }
        is_mapped
    }
}

/// Returns the request of CPU `cpu` for its page; each field identifies the CPU.
pub(super) fn request(cpu: usize) -> Request {
    let cpu = cpu as u64;
    Request { start: cpu * 4096, pages: cpu + 10, space: cpu + 20, generation: cpu + 30 }
}
