//! Interrupt handlers with their own context: they are registered, run on the CPU of their
//! vector, and are removed.
//!
//! QEMU: -cpu max -smp 1
//! QEMU: -cpu max -smp 16

#![no_std]
#![no_main]
#![feature(custom_test_frameworks)]
#![test_runner(farjump::testing::run)]
#![reexport_test_harness_main = "test_main"]
#![deny(unsafe_code)]

extern crate alloc;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering};

use farjump::arch::cpu::percpu;
use farjump::arch::irq::device_vectors::{self, DeviceVector, VECTORS, VectorError};
use farjump::arch::irq::software_interrupt::SoftwareInterrupt;
use farjump::arch::irq::{self, Handler, LineError, LineHandler};
use farjump::testing::machine;

farjump::test_kernel!(test_main);

/// A handler's context: how often its device has interrupted, and on which CPU.
#[derive(Default)]
struct Device {
    interrupts: AtomicU32,
    last_cpu: AtomicU32,
}

impl Handler for Device {
    fn handle(&self) {
        assert!(irq::is_in_interrupt());
        self.last_cpu.store(percpu::current().id().number(), Ordering::Relaxed);
        self.interrupts.fetch_add(1, Ordering::Release);
    }
}

fn wait_for(device: &Device, interrupts: u32) {
    while device.interrupts.load(Ordering::Acquire) < interrupts {
        core::hint::spin_loop();
    }
}

fn cpus() -> usize {
    percpu::all().count()
}

#[test_case]
fn thousand_devices_have_vectors_on_all_cpus() {
    let count = if cpus() == 16 { 1000 } else { VECTORS };
    let devices: Vec<Arc<Device>> = (0..count).map(|_| Arc::default()).collect();
    let vectors: Vec<DeviceVector> = devices
        .iter()
        .map(|device| DeviceVector::try_new(device.clone()).expect("there are enough"))
        .collect();
    let given_out: Vec<usize> = percpu::all().map(device_vectors::given_out).collect();
    assert_eq!(given_out.iter().sum::<usize>(), count);
    let (most, fewest) = (given_out.iter().max(), given_out.iter().min());
    assert!(most.zip(fewest).is_some_and(|(most, fewest)| most - fewest <= 1), "{given_out:?}");
    for (device, vector) in devices.iter().zip(&vectors) {
        vector.raise();
        wait_for(device, 1);
        assert_eq!(device.last_cpu.load(Ordering::Relaxed), vector.cpu().id().number());
        let message = vector.message();
        assert_eq!(message.data, vector.vector().into());
        assert_eq!(message.address >> 12 & 0xFF, vector.cpu().apic_id().number().into());
    }
    drop(vectors);
    assert!(devices.iter().all(|device| device.interrupts.load(Ordering::Relaxed) == 1));
    // No other references to the contexts are left.
    assert!(devices.iter().all(|device| Arc::strong_count(device) == 1));
    assert!(percpu::all().all(|cpu| device_vectors::given_out(cpu) == 0));
}

#[test_case]
fn more_than_all_vectors_are_refused() {
    let mut vectors = Vec::new();
    let refused = loop {
        match DeviceVector::try_new_on(Arc::new(|| {}), |cpu| cpu.id().number() == 0) {
            Ok(vector) => vectors.push(vector),
            Err(error) => break error,
        }
    };
    assert_eq!((vectors.len(), refused), (VECTORS, VectorError::NoneFree));
    vectors.pop();
    assert!(DeviceVector::try_new_on(Arc::new(|| {}), |cpu| cpu.id().number() == 0).is_ok());
}

/// Handlers are removed while their interrupts arrive; then no references to their contexts
/// are left.
#[test_case]
fn handlers_are_removed_while_interrupts_arrive() {
    for round in 0..200 {
        let device = Arc::<Device>::default();
        let vector = DeviceVector::try_new(device.clone()).expect("one is free");
        for _ in 0..=round % 3 {
            vector.raise();
        }
        drop(vector);
        assert_eq!(Arc::strong_count(&device), 1);
        let seen = device.interrupts.load(Ordering::Relaxed);
        // An interrupt that arrives now has no handler, or the handler of another device.
        let other = Arc::<Device>::default();
        let vector = DeviceVector::try_new(other.clone()).expect("one is free");
        vector.raise();
        wait_for(&other, 1);
        assert_eq!(device.interrupts.load(Ordering::Relaxed), seen);
    }
}

#[test_case]
fn software_raises_interrupts_of_a_cpu() {
    for cpu in percpu::all() {
        let device = Arc::<Device>::default();
        let interrupt = SoftwareInterrupt::try_new(machine().controllers, cpu.id(), device.clone())
            .expect("a vector is free");
        for count in 1..=3 {
            interrupt.raise();
            wait_for(&device, count);
            assert_eq!(device.last_cpu.load(Ordering::Relaxed), cpu.id().number());
        }
        drop(interrupt);
        assert_eq!((Arc::strong_count(&device), device_vectors::given_out(cpu)), (1, 0));
    }
}

#[test_case]
fn lines_have_handlers_with_a_context_too() {
    /// A line without a device in the machines of these tests.
    const FREE: u8 = 10;
    let controllers = machine().controllers;
    let device = Arc::<Device>::default();
    let line = LineHandler::try_new(controllers, FREE, device.clone()).expect("it is free");
    assert!(irq::has_handler(FREE) && !irq::is_masked(FREE));
    let second = LineHandler::try_new(controllers, FREE, device.clone());
    assert_eq!(second.err(), Some(LineError::InUse));
    drop(line);
    assert!(!irq::has_handler(FREE) && irq::is_masked(FREE));
    assert_eq!(Arc::strong_count(&device), 1);
    let missing = LineHandler::try_new(controllers, 16, device.clone());
    assert_eq!(missing.err(), Some(LineError::NoSuchLine));
}
