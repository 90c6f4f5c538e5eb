//! Processors with TLBs, as a model sees them.
//!
//! Processor `n` unmaps page `n`. All accesses to what is modelled are Relaxed: only the
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

/// Returns what lets the other threads run. Loom's scheduler isn't fair while it explores,
/// so two waiting threads could keep the third away for ever: who looked three times in
/// vain ends the exploring, and the execution comes to its end in fair turns.
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

/// What a frame holds.
mod content {
    pub(super) const EMPTY: u8 = 0;
    /// Written through the mapping that is taken down.
    pub(super) const OLD: u8 = 1;
    /// Written by who uses the frame next.
    pub(super) const NEW: u8 = 2;
}

struct Page<const CPUS: usize> {
    /// Whether its entry in the page table is present.
    is_mapped: AtomicBool,
    /// Whether each processor's TLB holds the entry.
    is_cached: [AtomicBool; CPUS],
    frame: AtomicU8,
}

pub(super) struct Machine<const CPUS: usize> {
    pub(super) shootdown: Shootdown<CPUS, 1>,
    pages: [Page<CPUS>; CPUS],
    /// Whether an interrupt waits at each processor. Only read-modify-writes: a raised
    /// interrupt can't be overtaken by the taking of the one before.
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

    /// Lets `cpu` write to `page`; tells if it is mapped.
    pub(super) fn write(&self, cpu: usize, page: usize) -> bool {
        let page = &self.pages[page];
        let is_cached = page.is_cached[cpu].load(Ordering::Relaxed) || page.walk(cpu);
        if is_cached {
            page.frame.store(content::OLD, Ordering::Relaxed);
        }
        is_cached
    }

    /// Lets `cpu` unmap its page, shoot it down at `targets` and use its frame anew; returns
    /// how many it answered meanwhile.
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
                assert!(!is_cached.load(Ordering::Relaxed), "processor {target} can use the page");
            }
        }
        page.frame.store(content::NEW, Ordering::Relaxed);
        answered
    }

    /// Lets `cpu` answer once, as a wait does; returns how many it answered.
    pub(super) fn answer(&self, cpu: usize) -> usize {
        let mut answered = 0;
        self.shootdown.answer(cpu, |request| {
            self.flush(cpu, request);
            answered += 1;
        });
        answered
    }

    /// Lets `cpu` answer in the handler of its interrupt, until it has answered `count`.
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

    /// Lets `cpu` answer in a wait until it has answered `count`.
    pub(super) fn spin(&self, cpu: usize, count: usize) {
        let mut answered = 0;
        let mut relax = relax();
        while answered < count {
            answered += self.answer(cpu);
            relax();
        }
        assert_eq!(answered, count);
    }

    /// Checks, when no processor runs any more, that nobody wrote to the frame of `page`
    /// after it was used anew.
    pub(super) fn assert_frame_is_new(&self, page: usize) {
        assert_eq!(self.pages[page].frame.load(Ordering::Relaxed), content::NEW);
    }

    fn flush(&self, cpu: usize, asked: Request) {
        let page = (asked.start / 4096) as usize;
        assert_eq!(asked, request(page), "a request is torn");
        assert_ne!(page, cpu, "nobody asks itself");
        self.pages[page].is_cached[cpu].store(false, Ordering::Relaxed);
        // A processor fills its TLB whenever it likes to.
        self.pages[page].walk(cpu);
    }
}

impl<const CPUS: usize> Page<CPUS> {
    /// Lets the TLB of `cpu` cache the entry if it is present; tells if it is.
    fn walk(&self, cpu: usize) -> bool {
        let is_mapped = self.is_mapped.load(Ordering::Relaxed);
        if is_mapped {
            self.is_cached[cpu].store(true, Ordering::Relaxed);
        }
        is_mapped
    }
}

/// Returns what processor `cpu` asks for its page; each part tells whose it is.
pub(super) fn request(cpu: usize) -> Request {
    let cpu = cpu as u64;
    Request { start: cpu * 4096, pages: cpu + 10, space: cpu + 20, generation: cpu + 30 }
}
