//! Damaged images: none makes the reader panic, and independent code checks each plan.

use std::vec::Vec;

use elf::abi::{ET_DYN, ET_EXEC, PF_R, PT_GNU_STACK, PT_INTERP, PT_LOAD};
use x86_64::VirtAddr;

use super::image::*;
use super::random::Random;
use crate::{Access, Mapping, MappingSource, Program};

/// The content of an address after a plan was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Nothing,
    Zero,
    /// The byte at this offset of the file.
    Byte(u64),
}

fn content_at(mappings: &[Mapping], address: u64) -> Content {
    let is_in = |mapping: &&Mapping| {
        mapping.pages.start.as_u64() <= address && address < mapping.pages.end.as_u64()
    };
    match mappings.iter().find(is_in) {
        None => Content::Nothing,
        Some(mapping) => match mapping.source {
            MappingSource::Zeroes => Content::Zero,
            MappingSource::File { zero_from: Some(from), .. } if address >= from.as_u64() => {
                Content::Zero
            }
            MappingSource::File { offset, .. } => {
                Content::Byte(offset + (address - mapping.pages.start.as_u64()))
            }
        },
    }
}

/// The fields of a damaged image, read by the test itself.
struct Fields {
    kind: u16,
    machine: u16,
    entry: u64,
    headers_offset: u64,
    header_bytes: u16,
    count: u16,
    headers: Option<Vec<Header>>,
}

fn number<const BYTES: usize>(bytes: &[u8], at: usize) -> u64 {
    (0..BYTES).map(|i| u64::from(*bytes.get(at + i).unwrap_or(&0)) << (8 * i)).sum()
}

fn fields(bytes: &[u8]) -> Fields {
    let headers_offset = number::<8>(bytes, 32);
    let count = number::<2>(bytes, 56) as u16;
    let is_inside = u128::from(headers_offset) + u128::from(count) * 56 <= bytes.len() as u128;
    let headers = is_inside.then(|| {
        let header = |index: usize| {
            let at = headers_offset as usize + index * 56;
            Header {
                kind: number::<4>(bytes, at) as u32,
                flags: number::<4>(bytes, at + 4) as u32,
                offset: number::<8>(bytes, at + 8),
                address: number::<8>(bytes, at + 16),
                file_bytes: number::<8>(bytes, at + 32),
                memory_bytes: number::<8>(bytes, at + 40),
                alignment: number::<8>(bytes, at + 48),
            }
        };
        (0..usize::from(count)).map(header).collect()
    });
    Fields {
        kind: number::<2>(bytes, 16) as u16,
        machine: number::<2>(bytes, 18) as u16,
        entry: number::<8>(bytes, 24),
        headers_offset,
        header_bytes: number::<2>(bytes, 54) as u16,
        count,
        headers,
    }
}

/// Returns whether an image has to be accepted: one condition after the other, in numbers
/// that can't overflow.
fn is_acceptable(bytes: &[u8], fields: &Fields) -> bool {
    let end = u128::from(USER_END);
    let wide = u128::from;
    if !bytes.starts_with(b"\x7FELF")
        || ![ET_EXEC, ET_DYN].contains(&fields.kind)
        || fields.machine != 62
        || fields.header_bytes != 56
        || !(1..=1170).contains(&fields.count)
        || fields.entry >= USER_END
    {
        return false;
    }
    let Some(headers) = &fields.headers else { return false };
    if let Some(path) = headers.iter().find(|header| header.kind == PT_INTERP) {
        let last = wide(path.offset) + wide(path.file_bytes);
        if path.file_bytes < 2 || path.file_bytes > 4096 || last > bytes.len() as u128 {
            return false;
        }
        if bytes[last as usize - 1] != 0 {
            return false;
        }
    }
    let loads: Vec<&Header> = headers.iter().filter(|header| header.kind == PT_LOAD).collect();
    let is_good = |header: &&&Header| {
        let powers = (0..=30).map(|power| 1_u64 << power);
        header.file_bytes <= header.memory_bytes
            && (header.alignment == 0 || powers.into_iter().any(|it| it == header.alignment))
            && wide(header.address) < end
            && wide(header.address) + wide(header.memory_bytes) <= end
            && (header.file_bytes == 0
                || header.offset % 4096 == header.address % 4096
                    && wide(header.offset) + wide(header.file_bytes) + 4096 < 1 << 63)
    };
    if loads.iter().filter(is_good).count() != loads.len() {
        return false;
    }
    // All sums of addresses are small from here on.
    let filled: Vec<&&Header> = loads.iter().filter(|header| header.memory_bytes > 0).collect();
    let is_start_good =
        fields.kind == ET_DYN || filled.iter().all(|header| header.address >= USER_START);
    let are_pairs_good = filled.windows(2).all(|pair| {
        let previous_end = pair[0].address + pair[0].memory_bytes;
        let is_page_common = pair[1].address / 4096 <= (previous_end - 1) / 4096;
        let is_same_page_of_file = pair[0].file_bytes == pair[0].memory_bytes
            && pair[1].file_bytes > 0
            && wide(pair[0].offset) + wide(pair[1].address)
                == wide(pair[1].offset) + wide(pair[0].address);
        pair[1].address >= previous_end && (!is_page_common || is_same_page_of_file)
    });
    !filled.is_empty() && is_start_good && are_pairs_good
}

/// Checks a plan against the segments, which were moved by `bias`.
fn check(program: &Program, fields: &Fields, bias: u64, random: &mut Random) {
    let mappings: Vec<Mapping> = program.mappings().collect();
    assert!(!mappings.is_empty());
    for mapping in &mappings {
        let (start, end) = (mapping.pages.start.as_u64(), mapping.pages.end.as_u64());
        assert!(start < end && end <= USER_END && start % 4096 == 0 && end % 4096 == 0);
        assert!(bias == 0 || start >= USER_START);
        if let MappingSource::File { offset, zero_from } = mapping.source {
            assert_eq!(offset % 4096, 0);
            assert!(offset + (end - start) <= i64::MAX as u64);
            // Only a part of the last page is cleared.
            assert!(zero_from.is_none_or(|from| from.as_u64() > end - 4096 && from.as_u64() < end));
        }
    }
    assert!(mappings.windows(2).all(|pair| pair[0].pages.end <= pair[1].pages.start));
    let image = program.image();
    assert_eq!(image.start, mappings[0].pages.start);
    assert_eq!(image.end, mappings[mappings.len() - 1].pages.end);

    let headers = fields.headers.as_ref().unwrap();
    let loads = headers.iter().filter(|header| header.kind == PT_LOAD && header.memory_bytes > 0);
    let loads: Vec<&Header> = loads.collect();
    assert_eq!(program.segments().len(), loads.len());
    for (index, header) in loads.iter().enumerate() {
        let segment = program.segments()[index];
        assert_eq!(segment.address().as_u64(), header.address.wrapping_add(bias));
        for (flag, access) in [(4, Access::READ), (2, Access::WRITE), (1, Access::EXECUTE)] {
            assert_eq!(header.flags & flag != 0, segment.access().contains(access));
        }
        let within = random.next() % header.memory_bytes;
        let edges = [0, header.file_bytes, header.memory_bytes, within];
        for at in edges.into_iter().flat_map(|edge| [edge.wrapping_sub(1), edge]) {
            if at >= header.memory_bytes {
                continue;
            }
            let expected = if at < header.file_bytes {
                Content::Byte(header.offset + at)
            } else {
                Content::Zero
            };
            let address = header.address.wrapping_add(bias).wrapping_add(at);
            assert_eq!(content_at(&mappings, address), expected);
        }
    }
    // Each mapped page has a byte of a segment.
    for mapping in &mappings {
        for page in [mapping.pages.start.as_u64(), mapping.pages.end.as_u64() - 4096] {
            let page = page.wrapping_sub(bias);
            assert!(loads.iter().any(|header| {
                header.address / 4096 <= page / 4096
                    && page / 4096 <= (header.address + header.memory_bytes - 1) / 4096
            }));
        }
    }
    assert_eq!(program.entry().as_u64(), fields.entry.wrapping_add(bias));
    let headers_at = loads.iter().rev().find(|header| {
        header.offset <= fields.headers_offset
            && fields.headers_offset - header.offset < header.file_bytes
    });
    let expected = headers_at
        .map(|header| header.address.wrapping_add(bias) + (fields.headers_offset - header.offset));
    assert_eq!(program.headers().address.map(VirtAddr::as_u64), expected);
    assert_eq!(program.headers().count, fields.count);
    let stack = headers.iter().rev().find(|header| header.kind == PT_GNU_STACK);
    assert_eq!(program.has_executable_stack(), stack.is_some_and(|header| header.flags & 1 != 0));
}

const INTERESTING: [u64; 24] = [
    0,
    1,
    2,
    3,
    0x40,
    0xFFF,
    0x1000,
    0x1001,
    0x2000,
    USER_START - 1,
    USER_START,
    0x40_0000,
    0x20_0000,
    1 << 30,
    1 << 31,
    USER_END - 0x1000,
    USER_END - 1,
    USER_END,
    1 << 47,
    0xFFFF_8000_0000_0000,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 0xFFF,
    u64::MAX,
];

fn mutate_image(image: &mut Image, random: &mut Random) {
    let value = match random.below(3) {
        0 => random.pick(&INTERESTING),
        1 => random.next() >> random.below(64),
        _ => random.pick(&INTERESTING).wrapping_add(random.next() % 0x2000).wrapping_sub(0x1000),
    };
    let count = image.headers.len();
    match random.below(12) {
        0 => image.entry = value,
        1 => image.headers_offset = value,
        2 => image.kind = random.pick(&[ET_EXEC, ET_DYN, value as u16]),
        3 if count > 1 => {
            let pair = (random.below(count), random.below(count));
            image.headers.swap(pair.0, pair.1);
        }
        4 => image.headers.push(load(PF_R, value, value & !0xFFF, 1, 1)),
        5 => image.headers.extend(image.headers.clone().get(random.below(count.max(1)))),
        6 => image.len_bytes = random.below(0x5000),
        7 => image.count = Some(value as u16),
        _ if count > 0 => {
            let header = &mut image.headers[random.below(count)];
            match random.below(7) {
                0 => header.kind = random.pick(&[PT_LOAD, PT_INTERP, PT_GNU_STACK, value as u32]),
                1 => header.flags = value as u32,
                2 => header.offset = value,
                3 => header.address = value,
                4 => header.file_bytes = value,
                5 => header.memory_bytes = value,
                _ => header.alignment = value,
            }
        }
        _ => {}
    }
}

#[test]
fn no_damaged_image_gives_a_wrong_plan() {
    let mut random = Random(0x5EED);
    let bases = [Image::fixed(), Image::position_independent(), Image::dynamic(), Image::packed()];
    let (mut accepted, mut placed) = (0, 0);
    for round in 0..300_000 {
        let mut image = bases[round % bases.len()].clone();
        for _ in 0..random.below(4) {
            mutate_image(&mut image, &mut random);
        }
        let mut bytes = image.bytes();
        if random.below(2) == 0 && !bytes.is_empty() {
            for _ in 0..random.below(6) {
                let at = random.below(bytes.len().min(512));
                bytes[at] ^= 1 << random.below(8);
            }
        }
        let fields = fields(&bytes);
        let result = read(&bytes);
        assert_eq!(result.is_ok(), is_acceptable(&bytes, &fields), "{result:X?} of {image:X?}");
        let Ok(program) = result else { continue };
        accepted += 1;
        check(&program, &fields, 0, &mut random);
        if fields.kind == ET_EXEC {
            continue;
        }
        let alignment = program.alignment();
        let base = random.pick(&[0x10_0000, 0x5555_5555_4000, 0x7F00_0000_0000, USER_END, 0]);
        let base = base / alignment * alignment;
        if let Ok(program) = program.clone().at_base(VirtAddr::new(base), &user()) {
            placed += 1;
            let before = program.image().start.as_u64() - base;
            assert!(before < alignment);
            let first = fields.headers.as_ref().unwrap().iter();
            let first = first.clone().find(|it| it.kind == PT_LOAD && it.memory_bytes > 0).unwrap();
            let bias = base.wrapping_sub(first.address / alignment * alignment);
            check(&program, &fields, bias, &mut random);
            assert!(program.image().end.as_u64() - base <= program.image_bytes());
        }
    }
    assert!(accepted > 50_000 && placed > 10_000, "{accepted} {placed}");
}
