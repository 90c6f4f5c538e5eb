use super::*;

per_cpu! {
    static NUMBER: AtomicU64 = AtomicU64::new(7);
    static SMALL: AtomicU32 = AtomicU32::new(1);
    static FLAG: AtomicBool = AtomicBool::new(true);
}

#[test_case]
fn current_is_the_boot_cpu() {
    assert_eq!(current().id(), CpuId::BOOT);
    assert!(core::ptr::eq(get(CpuId::BOOT).expect("it runs"), current()));
    assert!(current().is_current());
}

#[test_case]
fn variables_begin_as_the_template_says_and_leave_it_alone() {
    assert_eq!((NUMBER.get(), SMALL.get(), FLAG.get()), (7, 1, true));
    NUMBER.set(6);
    SMALL.increment();
    FLAG.set(false);
    assert_eq!(NUMBER.of(current()).load(Ordering::Relaxed), 6);
    assert_eq!((SMALL.here().load(Ordering::Relaxed), FLAG.get()), (2, false));
    let other = alloc::vec![AreaLine::ZERO; area_lines()].leak();
    let other = prepare(other, CpuId::new(99));
    assert_eq!(NUMBER.of(other).load(Ordering::Relaxed), 7);
    assert_eq!((other.id(), other.is_current()), (CpuId::new(99), false));
    assert!(!SMALL.decrement());
    assert!(SMALL.decrement());
    NUMBER.set(7);
    SMALL.set(1);
    FLAG.set(true);
}
