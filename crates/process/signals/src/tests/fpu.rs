//! The marks of the FPU state of frames.

use proptest::prelude::*;

use crate::fpu::{Announced, Layout, SOFTWARE_BYTES};

/// x87, SSE, AVX.
const LAYOUT: Layout = Layout { features: 7, size_bytes: 832 };

fn put(fields: &mut [u8; SOFTWARE_BYTES], offset: usize, value: u32) {
    fields[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
}

#[test]
fn fields_have_the_marks_of_linux() {
    let fields = LAYOUT.software_fields();
    let word = |at: usize| u32::from_le_bytes(fields[at..at + 4].try_into().unwrap());
    assert_eq!((word(0), word(4), word(8), word(12)), (0x4650_5853, 836, 7, 0));
    assert_eq!(word(16), 832);
    assert!(fields[20..].iter().all(|byte| *byte == 0));
    let whole = Announced::Extended { size_bytes: 832, features: 7 };
    assert_eq!(LAYOUT.announced(&fields), whole);
}

/// If a program copies 512 bytes, or changes the size or the magic number, x87 and SSE are
/// restored, and all else gets its initial state.
#[test]
fn state_without_marks_is_only_the_first_part() {
    for (offset, value) in [(0, 0), (4, 831), (16, 575), (16, 833), (16, u32::MAX)] {
        let mut fields = LAYOUT.software_fields();
        put(&mut fields, offset, value);
        assert_eq!(LAYOUT.announced(&fields), Announced::Legacy, "{offset}");
    }
}

#[test]
fn smaller_state_is_announced() {
    let mut fields = LAYOUT.software_fields();
    put(&mut fields, 16, 640);
    let smaller = Announced::Extended { size_bytes: 640, features: 7 };
    assert_eq!(LAYOUT.announced(&fields), smaller);
}

#[test]
fn cpu_without_xsave_has_the_first_part_alone() {
    let layout = Layout { features: 3, size_bytes: 512 };
    let mut fields = layout.software_fields();
    assert_eq!(fields, [0; SOFTWARE_BYTES]);
    put(&mut fields, 0, 0x4650_5853);
    put(&mut fields, 16, 512);
    assert_eq!(layout.announced(&fields), Announced::Legacy);
}

proptest! {
    /// Whatever a program writes, no component is loaded that isn't enabled, and no size is
    /// larger than that of the layout.
    #[test]
    fn announced_state_fits_the_layout(
        extended_bytes: u32,
        features: u64,
        size_bytes in prop_oneof![any::<u32>(), 500_u32..900],
    ) {
        let mut fields = LAYOUT.software_fields();
        put(&mut fields, 4, extended_bytes);
        fields[8..16].copy_from_slice(&features.to_le_bytes());
        put(&mut fields, 16, size_bytes);
        let fits = (576..=832).contains(&size_bytes) && size_bytes <= extended_bytes;
        let expected = match fits {
            true => Announced::Extended { size_bytes: size_bytes as usize, features: features & 7 },
            false => Announced::Legacy,
        };
        prop_assert_eq!(LAYOUT.announced(&fields), expected);
    }
}
