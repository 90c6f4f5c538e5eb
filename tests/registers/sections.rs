//! Sections of kernel code that use the vector registers ([`task::with_fpu`]).

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use farjump::arch::irq::{interrupt_flag, preemption};
use farjump::task::{self, Builder};
use farjump::testing::{ShouldPanic, machine};

use super::{compute, only, patterns};

/// The switches right after sections that a test waits for.
const ENOUGH: u64 = 20;

fn in_thread<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    task::spawn("sections", body).expect("there is memory").join()
}

/// Changes all registers that a section may change.
fn use_registers() {
    let changed = task::with_fpu(|fpu| patterns::changed_in_section(fpu, 0x77, || {}));
    assert_eq!(changed, None);
}

#[test_case]
fn section_saves_only_registers_that_are_in_use() {
    let saved = in_thread(|| {
        let before = task::with_fpu(|fpu| fpu.has_saved());
        task::keep_registers().expect("there is memory");
        [before, task::with_fpu(|fpu| fpu.has_saved()), task::with_fpu(|fpu| fpu.has_saved())]
    });
    assert_eq!(saved, [false, true, true]);
}

#[test_case]
fn registers_of_the_thread_survive_its_sections() {
    in_thread(|| {
        task::keep_registers().expect("there is memory");
        for seed in 0..4 {
            assert_eq!(patterns::changed_over(seed, use_registers), None);
            // All registers are saved and loaded correctly by the next switch, too.
            let both = || {
                use_registers();
                task::yield_now();
                use_registers();
            };
            assert_eq!(patterns::changed_over(seed, both), None);
        }
    });
}

/// On one CPU, a thread computes in sections, and two threads with registers of their own check
/// them. Switches are requested in sections, and come after them.
#[test_case]
fn sections_are_not_preempted_and_registers_of_other_threads_survive_them() {
    static SWITCHES: AtomicU64 = AtomicU64::new(0);
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    SWITCHES.store(0, Ordering::Relaxed);
    IS_OVER.store(false, Ordering::Relaxed);
    let here = || Builder::new("sections").allowed(only(0));
    let others = [1_u64, 2].map(|seed| {
        let body = move || {
            task::keep_registers().expect("there is memory");
            while !IS_OVER.load(Ordering::Relaxed) {
                assert_eq!(patterns::changed_over(seed << 40, compute), None);
            }
        };
        here().spawn(body).expect("there is memory")
    });
    let sections = here().spawn(|| {
        let mut seed = 0;
        while SWITCHES.load(Ordering::Relaxed) < ENOUGH {
            seed += 1;
            let (before, is_requested) = task::with_fpu(|fpu| {
                let before = task::current().switches();
                assert!(interrupt_flag::are_enabled() && !fpu.has_saved());
                assert_eq!(patterns::changed_in_section(fpu, seed, compute), None);
                assert_eq!(task::current().switches(), before, "the section was preempted");
                (before, preemption::is_requested())
            });
            // The scheduler may pick the same thread again.
            if is_requested && task::current().switches() > before {
                SWITCHES.fetch_add(1, Ordering::Relaxed);
            }
        }
        IS_OVER.store(true, Ordering::Relaxed);
    });
    sections.expect("there is memory").join();
    others.into_iter().for_each(|thread| thread.join());
}

#[test_case]
const USE_AFTER_A_SECTION_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "registers::use_after_a_section_is_reported",
    "#NM: device-not-available",
    || {
        in_thread(|| {
            use_registers();
            patterns::first_vector()
        });
    },
);

#[test_case]
const SECTION_WITHIN_A_SECTION_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "registers::section_within_a_section_is_reported",
    "a section that uses vector registers is within another one",
    || task::with_fpu(|_| use_registers()),
);

#[test_case]
const SECTION_IN_AN_INTERRUPT_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "registers::section_in_an_interrupt_is_reported",
    "an interrupt handler uses vector registers",
    || {
        machine().timer.run_in_interrupt(use_registers);
        loop {
            core::hint::spin_loop();
        }
    },
);

#[test_case]
const WAITING_IN_A_SECTION_IS_REPORTED: ShouldPanic = ShouldPanic::new(
    "registers::waiting_in_a_section_is_reported",
    "a thread waits where preemption is off",
    || task::with_fpu(|_| task::yield_now()),
);
