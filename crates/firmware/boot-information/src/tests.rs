//! Valid, invalid and random structures.

extern crate std;

use super::*;
use crate::error::RsdpError;
use proptest::prelude::*;
use std::string::ToString;
use std::vec::Vec;
use std::{format, vec};

/// Reads bytes and leaks them, so that the result may refer to them for ever.
fn parse(bytes: impl Into<Vec<u8>>) -> Result<BootInformation<'static>, Error> {
    BootInformation::read(Vec::leak(bytes.into()))
}

/// Builds a structure tag by tag.
#[derive(Clone, Default)]
struct Builder {
    tags: Vec<u8>,
}

impl Builder {
    fn tag(mut self, tag_type: u32, payload: &[u8]) -> Self {
        self.tags.extend(tag_type.to_le_bytes());
        self.tags.extend((payload.len() as u32 + 8).to_le_bytes());
        self.tags.extend(payload);
        self.tags.resize(self.tags.len().next_multiple_of(8), 0);
        self
    }

    fn memory_map(self, entries: &[(u64, u64, u32)]) -> Self {
        let mut payload = vec![24, 0, 0, 0, 0, 0, 0, 0];
        for (start, len, kind) in entries {
            payload.extend(start.to_le_bytes());
            payload.extend(len.to_le_bytes());
            payload.extend(kind.to_le_bytes());
            payload.extend([0; 4]);
        }
        self.tag(6, &payload)
    }

    fn framebuffer(self, kind: u8, colours: &[u8]) -> Self {
        let mut payload = Vec::new();
        payload.extend(0xFD00_0000_u64.to_le_bytes());
        for field in [4096_u32, 1024, 768] {
            payload.extend(field.to_le_bytes());
        }
        payload.extend([32, kind, 0, 0]);
        payload.extend(colours);
        self.tag(8, &payload)
    }

    fn without_end(self) -> Vec<u8> {
        let mut bytes = (self.tags.len() as u32 + 8).to_le_bytes().to_vec();
        bytes.extend([0; 4]);
        bytes.extend(self.tags);
        bytes
    }

    fn end(self) -> Vec<u8> {
        self.tag(0, &[]).without_end()
    }
}

fn full() -> Builder {
    Builder::default()
        .tag(1, b"safe test=x\0")
        .tag(2, b"GRUB 2.06\0")
        .tag(3, b"\0\0\x40\0\x34\x12\x40\0disk.img ro\0")
        .memory_map(&[(0, 0x9FC00, 1), (0x10_0000, 0x7EE_0000, 1), (0xFFFC_0000, 0x4_0000, 2)])
        .framebuffer(1, &[16, 8, 8, 8, 0, 8])
        .tag(12, &[0; 8])
        .tag(0x1234, b"unknown")
}

#[test]
fn all_tags_are_read() {
    let info = parse(full().end()).expect("the structure is sound");
    assert_eq!(info.command_line, "safe test=x");
    assert_eq!(info.loader_name, "GRUB 2.06");
    assert_eq!(info.firmware, Firmware::Uefi);
    assert_eq!(info.memory.len(), 3);
    assert_eq!(info.memory.available_bytes(), 0x9FC00 + 0x7EE_0000);
    assert_eq!(info.memory.iter().nth(2).map(|region| region.kind), Some(MemoryKind::Reserved));
    let module = Module { start: 0x40_0000, end: 0x40_1234, arguments: "disk.img ro".into() };
    assert!(info.modules.iter().eq([module]));
    let screen = info.screen.expect("there is a framebuffer");
    assert_eq!((screen.width, screen.height, screen.depth_bits), (1024, 768, 32));
    assert_eq!(screen.kind, ScreenKind::Rgb { red: (16, 8), green: (8, 8), blue: (0, 8) });
    assert_eq!(*info.problems, []);
}

#[test]
fn invalid_structures_are_errors() {
    let good = full().end();
    assert_eq!(
        parse(&good[..good.len() - 8]).err(),
        Some(Error::Truncated { said_bytes: good.len(), given_bytes: good.len() - 8 })
    );
    assert_eq!(parse(&good[8..]).err(), Some(Error::TooSmall(1)));
    assert_eq!(parse([]).err().map(|error| error.to_string().is_empty()), Some(false));
    assert_eq!(parse(full().without_end()).err(), Some(Error::NoEndTag));
    assert_eq!(
        parse([15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).err(),
        Some(Error::TooSmall(15))
    );
    let absurd = Builder::default().tag(1, b"x\0").end();
    let mut bytes = absurd;
    bytes[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(
        parse(&bytes[..]).err(),
        Some(Error::BrokenTag { offset_bytes: 8, size_bytes: u32::MAX as usize })
    );
    bytes[12..16].copy_from_slice(&7_u32.to_le_bytes());
    assert_eq!(parse(&bytes[..]).err(), Some(Error::BrokenTag { offset_bytes: 8, size_bytes: 7 }));
}

#[test]
fn malformed_tags_are_left_out_and_reported() {
    for (tag_type, payload, kind) in [
        (1, &b""[..], TagKind::CommandLine),
        (2, b"", TagKind::LoaderName),
        (3, b"\0\0\0\0", TagKind::Module),
        (6, b"\x17\0\0\0\0\0\0\0", TagKind::MemoryMap),
        (6, b"\x18\0\0\0\0\0\0\0rest", TagKind::MemoryMap),
        (6, b"\x18\0", TagKind::MemoryMap),
        (8, b"\0\0", TagKind::Framebuffer),
    ] {
        let info = parse(Builder::default().tag(tag_type, payload).end())
            .expect("one tag doesn't spoil the structure");
        assert_eq!(info.problems[0], Problem::MalformedTag(kind), "{tag_type} {payload:?}");
    }
    for (kind, colours) in [(0, &[4, 0, 1, 1, 1][..]), (0, &[]), (1, &[8; 5])] {
        let info = parse(Builder::default().framebuffer(kind, colours).end())
            .expect("one tag doesn't spoil the structure");
        assert_eq!(info.problems[0], Problem::MalformedTag(TagKind::Framebuffer));
        assert_eq!(info.screen, None);
    }
}

#[test]
fn odd_strings_are_kept_and_reported() {
    let lines = [
        (&b"no end"[..], "no end", &[Problem::TextWithoutEnd(TagKind::CommandLine)][..]),
        (
            b"a \xFFb \xFE\xFE\0",
            "a \u{FFFD}b \u{FFFD}\u{FFFD}",
            &[Problem::NotUtf8(TagKind::CommandLine)],
        ),
        (b"caf\xC3\xA9\0more", "caf\u{E9}", &[]),
    ];
    for (line, shown, problems) in lines {
        let info = parse(full().tag(1, line).end()).expect("one tag doesn't spoil the structure");
        assert_eq!(info.command_line.to_string(), shown);
        assert_eq!(*info.problems, *problems);
    }
}

#[test]
fn number_and_length_have_no_limit() {
    let line = "ä".repeat(9000);
    let regions: Vec<_> = (0..5000).map(|index| (index << 20, 4096, 1)).collect();
    let mut builder =
        Builder::default().tag(1, format!("{line}\0").as_bytes()).memory_map(&regions);
    for _ in 0..300 {
        builder = builder.tag(3, b"\0\0\0\0\0\0\0\0name\0");
    }
    let info = parse(builder.tag(3, b"\0\0\0\0\x01\0\0\0\xFF\0").end()).expect("it is sound");
    assert_eq!(info.command_line, line.as_str());
    assert_eq!((info.memory.len(), info.modules.len()), (5000, 301));
    assert_eq!(info.memory.available_bytes(), 5000 * 4096);
    assert_eq!(info.modules.iter().last().map(|module| module.end), Some(1));
    assert_eq!(*info.problems, [Problem::NotUtf8(TagKind::Module)]);
}

#[test]
fn larger_entries_of_the_memory_map_are_read() {
    let mut payload = vec![32, 0, 0, 0, 1, 0, 0, 0];
    for start in [0_u64, 1 << 32] {
        payload.extend(start.to_le_bytes());
        payload.extend(4096_u64.to_le_bytes());
        payload.extend([5, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9]);
    }
    let info = parse(Builder::default().tag(6, &payload).end()).expect("it is sound");
    let region = |start| MemoryRegion { start, len_bytes: 4096, kind: MemoryKind::Defective };
    assert!(info.memory.iter().eq([region(0), region(1 << 32)]));
}

#[test]
fn screens_without_memory_are_left_out_and_reported() {
    for (address, pitch, width, height) in [
        (0_u64, 4096_u32, 1024_u32, 768_u32),
        (1 << 31, 0, 1024, 768),
        (1 << 31, 4096, 0, 768),
        (1 << 31, 4096, 1024, 0),
    ] {
        let mut payload = address.to_le_bytes().to_vec();
        [pitch, width, height].iter().for_each(|field| payload.extend(field.to_le_bytes()));
        payload.extend([32, 1, 0, 0, 16, 8, 8, 8, 0, 8]);
        let info = parse(full().tag(8, &payload).end()).expect("it is sound");
        assert_eq!(*info.problems, [Problem::ScreenWithoutMemory]);
    }
}

#[test]
fn missing_memory_map_is_reported() {
    let info = parse(Builder::default().end()).expect("the structure is sound");
    assert_eq!(*info.problems, [Problem::NoMemoryMap]);
    assert_eq!(info.memory.available_bytes(), 0);
}

#[test]
fn unknown_screen_is_reported() {
    let info = parse(Builder::default().framebuffer(7, &[]).end()).expect("the structure is sound");
    assert!(info.problems.contains(&Problem::UnknownScreen));
}

/// Returns an RSDP of 20 or 36 bytes with valid checksums.
fn rsdp(rsdt: u32, xsdt: Option<u64>) -> Vec<u8> {
    fn close(bytes: &mut [u8], checksum: usize) {
        let sum = bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte));
        bytes[checksum] = sum.wrapping_neg();
    }
    let mut bytes = b"RSD PTR \0FARJMP".to_vec();
    bytes.push(if xsdt.is_some() { 2 } else { 0 });
    bytes.extend(rsdt.to_le_bytes());
    close(&mut bytes, 8);
    if let Some(xsdt) = xsdt {
        bytes.extend(36_u32.to_le_bytes());
        bytes.extend(xsdt.to_le_bytes());
        bytes.extend([0; 4]);
        close(&mut bytes, 32);
    }
    bytes
}

#[test]
fn newer_rsdp_comes_first_in_any_order() {
    let (old, new) = (rsdp(0x7FE_0000, None), rsdp(0x7FE_1000, Some(0x1_0000_0000)));
    let parsed = |builder: Builder| parse(builder.end()).expect("it is sound").rsdp;
    let from_new = Some(Rsdp {
        oem_id: *b"FARJMP",
        revision: 2,
        rsdt: Some(0x7FE_1000),
        xsdt: Some(0x1_0000_0000),
    });
    assert_eq!(parsed(full().tag(14, &old).tag(15, &new)), from_new);
    assert_eq!(parsed(full().tag(15, &new).tag(14, &old)), from_new);
    let from_old = parsed(full().tag(14, &old)).expect("it is sound");
    assert_eq!((from_old.revision, from_old.rsdt, from_old.xsdt), (0, Some(0x7FE_0000), None));
    assert_eq!(parsed(full()), None);
    // An RSDP with a null address has no root table.
    let nowhere = parsed(full().tag(15, &rsdp(0, Some(0)))).expect("it is sound");
    assert_eq!((nowhere.rsdt, nowhere.xsdt), (None, None));
}

#[test]
fn broken_rsdp_is_reported_and_the_other_used() {
    let (old, new) = (rsdp(0x7FE_0000, None), rsdp(0x7FE_1000, Some(0x1_0000_0000)));
    for index in 0..new.len() {
        let mut bad = new.clone();
        bad[index] ^= 1;
        let info = parse(full().tag(14, &old).tag(15, &bad).end()).expect("it is sound");
        let why = match index {
            0..8 => RsdpError::Signature,
            8..20 => RsdpError::Checksum,
            // A byte of the length; with its lowest bit inverted it is 37.
            20 => RsdpError::Length(37),
            21 => RsdpError::Length(36 + (1 << 8)),
            22 => RsdpError::Length(36 + (1 << 16)),
            23 => RsdpError::Length(36 + (1 << 24)),
            _ => RsdpError::ExtendedChecksum,
        };
        assert_eq!(*info.problems, [Problem::BrokenRsdp(TagKind::NewAcpi, why)], "{index}");
        assert_eq!(info.rsdp.and_then(|rsdp| rsdp.rsdt), Some(0x7FE_0000));
    }
    let info = parse(full().tag(14, &[0; 20]).end()).expect("it is sound");
    assert_eq!(*info.problems, [Problem::BrokenRsdp(TagKind::OldAcpi, RsdpError::Signature)]);
    assert_eq!(info.rsdp, None);
}

#[test]
fn rsdp_is_found_in_a_bios_area() {
    let mut area = vec![0; 4096];
    let (old, new) = (rsdp(0x7FE_0000, None), rsdp(0x7FE_1000, Some(0x1_0000_0000)));
    area[0x40..][..20].copy_from_slice(&old);
    area[0x108..][..20].copy_from_slice(&old);
    area[0x800..][..36].copy_from_slice(&new);
    area[0xA00..][..36].copy_from_slice(&new);
    area[0xA00 + 35] ^= 1;
    area[4096 - 16..].copy_from_slice(&new[..16]);
    let found: Vec<_> =
        Rsdp::search(&area).map(|(at, rsdp)| (at, rsdp.map(|rsdp| rsdp.xsdt))).collect();
    let expected = [
        (0x40, Ok(None)),
        (0x800, Ok(Some(0x1_0000_0000))),
        (0xA00, Err(RsdpError::ExtendedChecksum)),
        (0xFF0, Err(RsdpError::TooShort)),
    ];
    assert_eq!(found, expected);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(&bytes[..]);
    }

    #[test]
    fn damaged_structures_never_panic(
        damage in prop::collection::vec((0_usize..300, any::<u8>()), 1..8),
        cut in 0_usize..400,
    ) {
        let mut bytes = full().end();
        for (offset, value) in damage {
            let len = bytes.len();
            bytes[offset % len] = value;
        }
        let cut = cut.min(bytes.len());
        let _ = parse(&bytes[..]);
        if let Ok(info) = parse(&bytes[..cut]) {
            let _ = (info.memory.available_bytes(), info.modules.len(), info.command_line.to_string());
        }
    }

    #[test]
    fn random_tags_never_panic(
        tags in prop::collection::vec((0_u32..24, prop::collection::vec(any::<u8>(), 0..80)), 0..12)
    ) {
        let mut builder = Builder::default();
        for (tag_type, payload) in &tags {
            builder = builder.tag(*tag_type, payload);
        }
        let _ = parse(builder.end());
    }
}
