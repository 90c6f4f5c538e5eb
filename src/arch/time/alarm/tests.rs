use super::*;
use crate::arch::irq;
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::testing::machine;

static RUNS: AtomicU64 = AtomicU64::new(0);
static TEST: Alarm = Alarm::new(|| {
    assert!(irq::is_in_interrupt());
    RUNS.fetch_add(1, Ordering::Relaxed);
});

fn wait_for_interrupt() {
    let timer = machine().timer;
    let before = timer.interrupts();
    timer.run_in_interrupt(|| {});
    while timer.interrupts() == before {
        core::hint::spin_loop();
    }
}

#[test_case]
fn alarm_runs_once_and_only_on_the_cpu_that_has_set_it() {
    TEST.register(machine().timer);
    {
        let _interrupts_off = InterruptsOff::new();
        TEST.set(clock::now_ns());
        TEST.cpu.store(u32::MAX, Ordering::Relaxed);
    }
    wait_for_interrupt();
    assert_eq!(RUNS.load(Ordering::Relaxed), 0, "another CPU has set it");
    {
        let _interrupts_off = InterruptsOff::new();
        TEST.set(clock::now_ns() + 1_000_000);
    }
    // Interrupts before the alarm's time don't cancel it.
    while RUNS.load(Ordering::Relaxed) == 0 {
        wait_for_interrupt();
    }
    wait_for_interrupt();
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    {
        let _interrupts_off = InterruptsOff::new();
        TEST.set(clock::now_ns() + 1_000_000_000);
    }
    TEST.cancel();
    wait_for_interrupt();
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
}
