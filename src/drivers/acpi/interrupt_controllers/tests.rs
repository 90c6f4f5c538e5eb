use super::*;
use crate::arch::irq::{ActiveController, Irq};

#[test_case]
fn apics_are_in_charge_where_there_are_any() {
    assert_eq!(irq::active_controller(), ActiveController::Apic);
    assert_eq!(irq::input(Irq::Timer as u8).map(|input| input.number), Some(2));
    assert_eq!(irq::input(Irq::Com1 as u8).map(|input| input.number), Some(4));
    assert_eq!(io_apic::all().len(), 1);
    assert_eq!(io_apic::all()[0].inputs, 24);
    assert_eq!(local_apic::id().number(), 0);
    assert_eq!(local_apic::take_errors(), 0);
}

#[test_case]
fn overrides_are_taken() {
    let entries = [
        Entry::Override { irq: 9, input: 20, flags: InterruptFlags(0b1111) },
        Entry::Override { irq: 99, input: 1, flags: InterruptFlags(0) },
        Entry::Override { irq: 0, input: 2, flags: InterruptFlags(0b0101) },
    ];
    let inputs = inputs(entries.into_iter());
    let low_level = Signal { is_active_low: true, is_level: true };
    assert_eq!(inputs[9], Input { number: 20, signal: low_level });
    assert_eq!(inputs[0], Input { number: 2, signal: Signal::ISA });
    assert_eq!(inputs[1], Input { number: 1, signal: Signal::ISA });
}

#[test_case]
fn connected_inputs_show_their_vector() {
    let keyboard = io_apic::entry_of(1).expect("there are inputs");
    assert_eq!(keyboard & 0xFF, 0x21);
    assert_eq!(keyboard >> 56, u64::from(local_apic::id().number()));
    assert!(io_apic::entry_of(99).is_none());
    assert!(io_apic::is_masked(99) && io_apic::is_masked(15) && !io_apic::is_masked(1));
}
