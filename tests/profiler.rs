//! The profiler: samples of threads, of idle CPUs, of code with interrupts off.
//!
//! The clock counts instructions, so that the tests don't depend on the speed of the host. They
//! compare numbers of samples with each other, never with a time.
//!
//! QEMU: -icount shift=5,sleep=off -cpu max -smp 1
//! QEMU: -icount shift=5,sleep=off -cpu max,-apic
//! QEMU: -icount shift=5,sleep=off -cpu max -smp 4

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::hint::black_box;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use farjump::arch::irq::interrupt_flag::InterruptsOff;
use farjump::arch::time::periodic;
use farjump::profile::{self, FrameName, Frames, ProfileError, Report, Settings};
use farjump::task::{self, Builder, CpuSet, JoinHandle};
use farjump::testing::wait_until;

farjump::test_kernel!(test_main);

/// How many samples of a kind are waited for.
const SAMPLES: u64 = 60;

/// So low that adding up the samples so far takes less time than the next ones.
const HZ: u32 = 500;

fn settings(hz: u32, buffer_kib: u32) -> Settings {
    Settings::try_new(hz, buffer_kib).expect("they are in their ranges")
}

fn begin() {
    profile::begin(settings(HZ, 1024)).expect("the profiler doesn't run");
}

/// Waits until the samples satisfy `condition`, which is checked each time that there are some more,
/// because that takes time.
fn wait_for_samples(condition: impl Fn() -> bool) {
    loop {
        let before = profile::counts().kept;
        wait_until(|| profile::counts().kept >= before + 2 * SAMPLES);
        if condition() {
            return;
        }
    }
}

fn report() -> Report {
    profile::report(Frames::Functions).expect("the profiler was started")
}

/// Returns the folded stacks: the frames of each, and its samples.
fn stacks() -> BTreeMap<Vec<String>, u64> {
    let mut text = String::new();
    report().write_folded(&mut text).expect("there is memory");
    let line = |line: &str| {
        let (stack, count) = line.rsplit_once(' ').expect("a count is at the end");
        (stack.split(';').map(Into::into).collect(), count.parse().expect("it is a number"))
    };
    text.lines().map(line).collect()
}

/// Returns the number of samples of stacks that satisfy `condition`.
fn count(condition: impl Fn(&[String]) -> bool) -> u64 {
    stacks().iter().filter(|(stack, _)| condition(stack)).map(|(_, count)| count).sum()
}

/// Returns whether the innermost functions of a stack are these.
fn ends_with(stack: &[String], functions: &[&str]) -> bool {
    stack.len() >= functions.len()
        && stack.iter().rev().zip(functions.iter().rev()).all(|(one, other)| one == other)
}

fn only(cpu: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.try_insert(cpu).expect("the set has room for all CPUs");
    set
}

/// Starts a thread for each CPU, which calls `body` until `is_over`.
fn spawn_everywhere(
    name: &'static str,
    is_over: &'static AtomicBool,
    body: fn(),
) -> Vec<JoinHandle<()>> {
    is_over.store(false, Ordering::Relaxed);
    let spawn = |cpu| {
        let run = move || {
            while !is_over.load(Ordering::Relaxed) {
                body();
            }
        };
        Builder::new(name).allowed(only(cpu)).spawn(run).expect("there is memory")
    };
    (0..task::cpus().count()).map(spawn).collect()
}

fn end(is_over: &AtomicBool, threads: Vec<JoinHandle<()>>) {
    is_over.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join());
}

#[inline(never)]
fn spin() {
    for step in 0..2000 {
        black_box(step);
    }
}

#[inline(never)]
fn call_spin() {
    spin();
    black_box(());
}

#[test_case]
fn function_that_spins_is_the_top_one_with_its_caller() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    begin();
    let threads = spawn_everywhere("spinner", &IS_OVER, call_spin);
    let is_of_spinner = |stack: &[String]| stack[0] == "spinner";
    wait_for_samples(|| {
        let report = report();
        let owners = report.profile.owners().expect("there is memory");
        let of_thread = |id| {
            let found = owners.iter().find(|count| count.owner.thread == id);
            found.map_or(0, |count| count.kernel)
        };
        threads.iter().all(|thread| of_thread(thread.thread().id().number()) >= SAMPLES)
    });
    profile::stop().expect("it runs");
    end(&IS_OVER, threads);
    let all = count(is_of_spinner);
    let inside = count(|stack| ends_with(stack, &["profiler::call_spin", "profiler::spin"]));
    assert!(inside * 10 > all * 8, "{inside} of {all}: {:#?}", stacks());
    // Whole stacks, from the first functions of a thread on.
    let whole = count(|stack| is_of_spinner(stack) && stack[2] == "task::spawn::run");
    assert!(whole * 10 > all * 9, "{whole} of {all}: {:#?}", stacks());
    let functions = report().profile.functions().expect("there is memory");
    assert_eq!(alloc::format!("{}", FrameName(functions[0].frame)), "profiler::spin");
    assert!(functions[0].own >= inside && functions[0].own <= functions[0].total);
}

#[inline(never)]
fn leaf(number: u64) -> u64 {
    black_box(number) + 1
}

#[inline(never)]
fn call_leaf() {
    for _ in 0..100 {
        black_box(leaf(black_box(1)));
    }
}

/// A third of the instructions of such a short function are those that make and remove its frame.
#[test_case]
fn caller_is_known_at_each_instruction_of_a_short_function() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    begin();
    let threads = spawn_everywhere("caller", &IS_OVER, call_leaf);
    let is_in_leaf = |stack: &[String]| ends_with(stack, &["profiler::leaf"]);
    wait_for_samples(|| count(is_in_leaf) >= 3 * SAMPLES);
    profile::stop().expect("it runs");
    end(&IS_OVER, threads);
    let called = count(|stack| ends_with(stack, &["profiler::call_leaf", "profiler::leaf"]));
    assert_eq!(called, count(is_in_leaf), "{:#?}", stacks());
}

#[inline(never)]
fn spin_with_interrupts_off() {
    let _interrupts_off = InterruptsOff::new();
    spin_inside();
}

#[inline(never)]
fn spin_inside() {
    spin();
    spin();
}

#[test_case]
fn code_with_interrupts_off_is_seen_where_it_turns_them_on() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    begin();
    let threads = spawn_everywhere("quiet", &IS_OVER, spin_with_interrupts_off);
    let is_of_thread = |stack: &[String]| stack[0] == "quiet";
    wait_for_samples(|| count(is_of_thread) >= SAMPLES);
    profile::stop().expect("it runs");
    end(&IS_OVER, threads);
    let inside = count(|stack| stack.iter().any(|function| function == "profiler::spin_inside"));
    assert_eq!(inside, 0, "{:#?}", stacks());
    let around = |stack: &[String]| {
        is_of_thread(stack)
            && stack.iter().any(|function| function == "profiler::spin_with_interrupts_off")
    };
    assert!(count(around) * 10 > count(is_of_thread) * 8, "{:#?}", stacks());
}

/// The thread sleeps once, because short sleeps in turn with a condition could have the rhythm of the
/// samples: then each sample would find the thread awake.
#[test_case]
fn idle_cpus_are_counted_apart() {
    begin();
    let period_ns = 1_000_000_000 / u64::from(HZ);
    task::sleep_ns(2 * SAMPLES * period_ns).expect("it isn't cancelled");
    profile::stop().expect("it runs");
    let counts = profile::counts();
    assert!(counts.idle >= SAMPLES * task::cpus().count() as u64, "{counts:?}");
    assert_eq!(count(|stack| stack[0] == "idle"), 0, "{:#?}", stacks());
    assert_eq!(counts.lost, 0);
}

#[test_case]
fn samples_without_room_are_counted_as_lost() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    profile::begin(settings(5000, 1)).expect("the profiler doesn't run");
    let threads = spawn_everywhere("spinner", &IS_OVER, call_spin);
    wait_until(|| profile::counts().lost >= SAMPLES);
    profile::stop().expect("it runs");
    end(&IS_OVER, threads);
    let counts = profile::counts();
    // A sample of this thread has at least six words, and 1 KiB has 128.
    let most = 128 / 6 * task::cpus().count() as u64;
    assert!((1..=most).contains(&counts.kept), "{counts:?}");
    assert_eq!(report().profile.samples(), counts.kept);
    let mut text = String::new();
    report().write_folded(&mut text).expect("there is memory");
    assert!(text.ends_with(&alloc::format!("\n[lost] {}\n", counts.lost)), "{text}");
}

/// A sort that recurses would overflow the stack of the thread.
#[test_case]
fn report_of_many_samples_fits_the_stack_of_a_thread() {
    static IS_OVER: AtomicBool = AtomicBool::new(false);
    profile::begin(settings(4 * HZ, 4096)).expect("the profiler doesn't run");
    let threads = spawn_everywhere("spinner", &IS_OVER, || {
        call_spin();
        call_leaf();
        drop(black_box(alloc::vec![0_u8; 100]));
    });
    wait_until(|| profile::counts().kept >= 3000);
    profile::stop().expect("it runs");
    end(&IS_OVER, threads);
    let reader = task::spawn("reader", || {
        let report = profile::report(Frames::Instructions).expect("there are samples");
        let functions = report.profile.functions().expect("there is memory").len();
        (functions, report.profile.owners().expect("there is memory").len())
    });
    let (functions, owners) = reader.expect("there is memory").join();
    assert!(functions > 50 && owners > task::cpus().count(), "{functions}, {owners}");
}

#[test_case]
fn start_and_stop_are_checked() {
    assert_eq!(profile::stop(), Err(ProfileError::NotRunning));
    begin();
    assert_eq!(profile::begin(settings(1, 1)), Err(ProfileError::Running));
    assert!(report().is_running);
    assert_eq!(report().settings.hz(), HZ);
    profile::stop().expect("it runs");
    assert!(!report().is_running);
    assert_eq!(profile::stop(), Err(ProfileError::NotRunning));
    // The last start replaces the samples.
    wait_until(|| !periodic::is_started_here());
    profile::begin(settings(1, 1)).expect("it doesn't run");
    assert_eq!((report().settings.hz(), profile::counts().lost), (1, 0));
    profile::stop().expect("it runs");
}

/// Many starts and stops in a row, while threads run and end.
#[test_case]
fn starts_and_stops_leave_nothing() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    for _ in 0..20 {
        profile::begin(settings(20_000, 4)).expect("it doesn't run");
        let run = || RUNS.fetch_add(1, Ordering::Relaxed);
        let thread = task::spawn("short", run).expect("there is memory");
        thread.join();
        profile::stop().expect("it runs");
        let before = profile::counts();
        task::sleep_ns(1_000_000).expect("it isn't cancelled");
        assert_eq!(before, profile::counts(), "a sample after the stop");
    }
    assert_eq!(RUNS.load(Ordering::Relaxed), 20);
}
