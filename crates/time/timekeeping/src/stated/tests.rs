use super::*;

#[test]
fn crystal_comes_first() {
    let leaves = Leaves {
        ratio: (216, 2),
        crystal_hz: 24_000_000,
        base_mhz: 2600,
        hypervisor_tsc_khz: 2_500_000,
        hypervisor_apic_khz: 1_000_000,
    };
    assert_eq!(leaves.tsc(), Some(Stated::Crystal(2_592_000_000)));
    assert_eq!(leaves.apic_timer_hz(), Some(24_000_000));
}

#[test]
fn base_frequency_stands_in_for_an_unknown_crystal() {
    let leaves = Leaves { ratio: (216, 2), base_mhz: 2600, ..Leaves::default() };
    assert_eq!(leaves.tsc(), Some(Stated::Nominal(2_600_000_000)));
    assert_eq!(leaves.apic_timer_hz(), None);
    let under_hypervisor = Leaves { hypervisor_tsc_khz: 2_593_906, ..leaves };
    assert_eq!(under_hypervisor.tsc(), Some(Stated::Hypervisor(2_593_906_000)));
}

#[test]
fn base_frequency_without_a_ratio_says_nothing_of_the_counter() {
    for ratio in [(0, 0), (216, 0), (0, 2)] {
        let leaves = Leaves { ratio, base_mhz: 2600, ..Leaves::default() };
        assert_eq!(leaves.tsc(), None);
    }
}

#[test]
fn implausible_frequencies_are_left_out() {
    assert_eq!(Leaves::default().tsc(), None);
    let slow = Leaves { ratio: (1, 1), crystal_hz: 8_178_000, ..Leaves::default() };
    assert_eq!(slow.tsc(), None);
    let fast = Leaves { ratio: (u32::MAX, 1), crystal_hz: u32::MAX, ..Leaves::default() };
    assert_eq!(fast.tsc(), None);
    let hypervisor = Leaves { hypervisor_tsc_khz: u32::MAX, ..Leaves::default() };
    assert_eq!(hypervisor.tsc(), None);
    // A plausible frequency is used after an implausible one.
    let mixed = Leaves { hypervisor_tsc_khz: 2_000_000, ..slow };
    assert_eq!(mixed.tsc(), Some(Stated::Hypervisor(2_000_000_000)));
}
