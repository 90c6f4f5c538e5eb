//! Edges that need no second thread, and a run with real threads; built with the atomics of
//! `core`, not with those of loom.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use shootdown::{Request, Shootdown, Target};

const REQUEST: Request =
    Request { start: 0x1000, pages: Request::ALL_PAGES, space: 7, generation: 9 };

/// Runs a request of CPU `from` whose targets answer in their interrupt at once; returns
/// the targets.
fn run<const CPUS: usize, const WORDS: usize>(
    shootdown: &Shootdown<CPUS, WORDS>,
    from: usize,
    targets: [u64; WORDS],
) -> Vec<usize> {
    let mut interrupted = Vec::new();
    let interrupt = |target| {
        assert!(shootdown.is_pending(target));
        shootdown.answer(target, |request| assert_eq!(request, REQUEST));
        assert!(!shootdown.is_pending(target));
        interrupted.push(target);
    };
    shootdown.run(
        from,
        REQUEST,
        &targets,
        interrupt,
        |_| panic!("CPU {from} got a request"),
        |target| panic!("CPU {target} has answered already"),
    );
    interrupted
}

#[test]
fn request_without_targets_interrupts_no_cpu() {
    static SHOOTDOWN: Shootdown<8, 1> = Shootdown::new();
    assert_eq!(run(&SHOOTDOWN, 3, [0]), []);
    assert_eq!(run(&SHOOTDOWN, 3, [1 << 3]), []);
    SHOOTDOWN.answer(3, |_| panic!("there is no request"));
}

#[test]
fn all_of_256_cpus_but_the_initiator_are_interrupted() {
    static SHOOTDOWN: Shootdown<256, 4> = Shootdown::new();
    for from in [0, 63, 64, 200, 255] {
        let others: Vec<_> = (0..256).filter(|cpu| *cpu != from).collect();
        assert_eq!(run(&SHOOTDOWN, from, [u64::MAX; 4]), others);
    }
}

#[test]
fn targets_beyond_the_last_cpu_are_ignored() {
    assert_eq!(run(&Shootdown::<1, 1>::new(), 0, [u64::MAX]), []);
    assert_eq!(run(&Shootdown::<3, 1>::new(), 1, [u64::MAX]), [0, 2]);
    assert_eq!(run(&Shootdown::<64, 1>::new(), 1, [!0b111]), (3..64).collect::<Vec<_>>());
    let many = Shootdown::<66, 3>::new();
    assert_eq!(run(&many, 1, [0, u64::MAX, u64::MAX]), [64, 65]);
}

#[test]
fn target_with_a_pending_interrupt_is_not_interrupted_again() {
    let shootdown = Shootdown::<130, 3>::new();
    let interrupts = Cell::new(0);
    let answered = RefCell::new(Vec::new());
    let answer = || {
        shootdown.answer(129, |request| answered.borrow_mut().push(request.start));
        Target::Running
    };
    let run = |from, relax: &dyn Fn() -> Target| {
        let request = Request { start: from as u64, ..REQUEST };
        let interrupt = |target| {
            assert_eq!(target, 129);
            interrupts.set(interrupts.get() + 1);
        };
        shootdown.run(from, request, &[0, 0, 0b10], interrupt, |_| (), |_| relax());
    };
    run(5, &|| {
        assert_eq!(interrupts.get(), 1);
        run(4, &|| {
            // The bits of CPUs 4 and 5 are in the same word.
            assert_eq!(interrupts.get(), 1);
            run(64, &|| {
                assert_eq!(interrupts.get(), 2);
                answer()
            });
            Target::Running
        });
        Target::Running
    });
    assert_eq!(*answered.borrow(), [4, 5, 64]);
    run(5, &answer);
    assert_eq!(interrupts.get(), 3);
}

#[test]
fn stopped_targets_are_skipped_one_by_one() {
    let shootdown = Shootdown::<256, 4>::new();
    let mut requested = Vec::new();
    let relax = |target| {
        requested.push(target);
        if target == 70 {
            shootdown.answer(target, |request| assert_eq!(request, REQUEST));
            return Target::Running;
        }
        Target::Stopped
    };
    shootdown.run(9, REQUEST, &[0b11, 1 << 6, 0, 1], |_| (), |_| (), relax);
    assert_eq!(requested, [0, 1, 70, 192]);
    assert!((0..256).all(|cpu| !shootdown.is_pending(cpu)));
}

#[test]
fn other_requests_to_a_stopped_target_stay_pending() {
    let shootdown = Shootdown::<3, 1>::new();
    let mut answered = 0;
    let relax = |target| {
        shootdown.run(1, REQUEST, &[0b001], |_| (), |_| (), |_| Target::Stopped);
        shootdown.answer(target, |_| answered += 1);
        Target::Stopped
    };
    shootdown.run(2, REQUEST, &[0b001], |_| (), |_| (), relax);
    assert_eq!(answered, 1);
}

#[test]
fn simultaneous_initiators_all_finish() {
    const CPUS: usize = 4;
    const RUNS: usize = 300;
    static SHOOTDOWN: Shootdown<CPUS, 1> = Shootdown::new();
    static INTERRUPTS: [AtomicBool; CPUS] = [const { AtomicBool::new(false) }; CPUS];
    static FLUSHES: AtomicUsize = AtomicUsize::new(0);
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    let run_cpu = |cpu: usize| {
        let flush = |request: Request| {
            assert_eq!(request.start, request.pages ^ request.space);
            FLUSHES.fetch_add(1, Ordering::Relaxed);
        };
        for number in 0..RUNS as u64 {
            let request =
                Request { start: number, pages: number ^ 5, space: 5, generation: !number };
            let interrupt = |target: usize| {
                INTERRUPTS[target].swap(true, Ordering::AcqRel);
            };
            let relax = |_| {
                thread::yield_now();
                Target::Running
            };
            SHOOTDOWN.run(cpu, request, &[u64::MAX], interrupt, flush, relax);
        }
        ENDED.fetch_add(1, Ordering::Relaxed);
        while ENDED.load(Ordering::Relaxed) < CPUS {
            if INTERRUPTS[cpu].swap(false, Ordering::Acquire) {
                SHOOTDOWN.answer(cpu, flush);
            }
            thread::yield_now();
        }
    };
    thread::scope(|scope| {
        for cpu in 0..CPUS {
            scope.spawn(move || run_cpu(cpu));
        }
    });
    assert_eq!(FLUSHES.load(Ordering::Relaxed), CPUS * (CPUS - 1) * RUNS);
}
