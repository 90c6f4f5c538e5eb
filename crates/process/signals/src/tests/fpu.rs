//! The FPU state of frames.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use crate::fpu::{
    Announced, FpuError, LEGACY_BYTES, Layout, MAGIC2_BYTES, announced, seal, validate,
};

/// x87, SSE, AVX.
const LAYOUT: Layout = Layout { features: 7, size_bytes: 832, mxcsr_mask: 0xffff };

/// Returns a sealed state with AVX.
fn sealed() -> Vec<u8> {
    let mut area = vec![0x11; LAYOUT.size_bytes + MAGIC2_BYTES];
    area[24..28].copy_from_slice(&0x1f80_u32.to_le_bytes());
    area[512..576].fill(0);
    area[512] = 7;
    seal(&LAYOUT, &mut area).unwrap();
    area
}

fn put(area: &mut [u8], offset: usize, value: u32) {
    area[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

fn legacy(area: &[u8]) -> &[u8; LEGACY_BYTES] {
    area[..LEGACY_BYTES].try_into().unwrap()
}

#[test]
fn sealed_state_has_the_marks_of_linux() {
    let area = sealed();
    let word = |at: usize| u32::from_le_bytes(area[at..at + 4].try_into().unwrap());
    assert_eq!((word(464), word(468), word(472), word(476)), (0x4650_5853, 836, 7, 0));
    assert_eq!((word(480), word(832)), (832, 0x4650_5845));
    assert!(area[484..512].iter().all(|byte| *byte == 0));
}

#[test]
fn sealed_state_is_loaded_whole() {
    let mut area = sealed();
    let before = area.clone();
    assert_eq!(announced(&LAYOUT, legacy(&area)), Announced::Extended { size_bytes: 832 });
    let copied = area.len();
    validate(&LAYOUT, &mut area, copied).unwrap();
    assert_eq!(area[..832], before[..832]);
}

/// If a program copies 512 bytes, or changes the size or the magic number, x87 and SSE are
/// restored, and all else gets its initial state.
#[test]
fn state_without_marks_is_only_the_first_part() {
    for (offset, value) in [(464, 0), (468, 831), (480, 575), (480, 833), (480, u32::MAX), (832, 0)]
    {
        let mut area = sealed();
        put(&mut area, offset, value);
        let copied = area.len();
        validate(&LAYOUT, &mut area, copied).unwrap();
        assert_eq!(area[512], 3, "{offset}");
        assert!(area[513..].iter().all(|byte| *byte == 0), "{offset}");
    }
}

/// Bytes that were not copied from the program belong to another thread: they are never
/// loaded, even if the program has changed the size since.
#[test]
fn bytes_that_were_not_copied_are_cleared() {
    for copied in [512, 576, 700, 832, 835] {
        let mut area = sealed();
        validate(&LAYOUT, &mut area, copied).unwrap();
        assert_eq!(area[512], 3);
        assert!(area[513..].iter().all(|byte| *byte == 0));
    }
}

#[test]
fn smaller_state_leaves_the_rest_initial() {
    let mut area = sealed();
    put(&mut area, 480, 640);
    put(&mut area, 640, 0x4650_5845);
    assert_eq!(announced(&LAYOUT, legacy(&area)), Announced::Extended { size_bytes: 640 });
    validate(&LAYOUT, &mut area, 644).unwrap();
    assert_eq!(area[512], 7);
    assert_eq!(area[576..640], [0x11; 64]);
    assert!(area[640..].iter().all(|byte| *byte == 0));
}

#[test]
fn features_that_were_not_announced_are_initial() {
    let mut area = sealed();
    put(&mut area, 472, 3);
    validate(&LAYOUT, &mut area, 836).unwrap();
    assert_eq!(area[512], 3);
}

#[test]
fn forged_states_are_refused() {
    let cases: [(usize, u32, FpuError); 7] = [
        (24, 0x1_1f80, FpuError::BadMxcsr),
        (24, u32::MAX, FpuError::BadMxcsr),
        (512, 0xf, FpuError::UnknownFeatures),
        (516, 0x8000_0000, FpuError::UnknownFeatures),
        (520, 1, FpuError::BadHeader),
        (524, 0x8000_0000, FpuError::BadHeader),
        (532, 1, FpuError::BadHeader),
    ];
    for (offset, value, error) in cases {
        let mut area = sealed();
        put(&mut area, offset, value);
        assert_eq!(validate(&LAYOUT, &mut area, 836), Err(error), "{offset}");
    }
    let mut area = sealed();
    assert_eq!(validate(&LAYOUT, &mut area, 837), Err(FpuError::WrongSize));
    assert_eq!(validate(&LAYOUT, &mut area[..835], 512), Err(FpuError::WrongSize));
    assert_eq!(seal(&LAYOUT, &mut area[..835]), Err(FpuError::WrongSize));
}

#[test]
fn cpu_without_xsave_has_the_first_part_alone() {
    let layout = Layout { features: 3, size_bytes: 512, mxcsr_mask: 0xffff };
    let mut area = vec![0; 516];
    seal(&layout, &mut area).unwrap();
    assert!(area.iter().all(|byte| *byte == 0));
    put(&mut area, 464, 0x4650_5853);
    put(&mut area, 480, 512);
    assert_eq!(announced(&layout, legacy(&area)), Announced::Legacy);
    assert_eq!(validate(&layout, &mut area, 512), Ok(()));
}

proptest! {
    /// Whatever a program writes, a state that is accepted raises no exception when it is
    /// loaded.
    #[test]
    fn any_state_is_loadable_or_refused(
        changes in prop::collection::vec((0_usize..836, any::<u8>()), 0..12),
        copied in 0_usize..837,
    ) {
        let mut area = sealed();
        for (at, byte) in changes {
            area[at] = byte;
        }
        if validate(&LAYOUT, &mut area, copied).is_ok() {
            let word = |at: usize| u64::from_le_bytes(area[at..at + 8].try_into().unwrap());
            prop_assert_eq!(word(512) & !LAYOUT.features, 0);
            prop_assert!(area[520..576].iter().all(|byte| *byte == 0));
            prop_assert_eq!(word(24) as u32 & !LAYOUT.mxcsr_mask, 0);
            prop_assert!(area[copied..].iter().skip(576_usize.saturating_sub(copied)).all(|byte| *byte == 0));
        }
    }
}
