//! Valid files at the limits, and the error for each invalid one.

use std::vec;
use std::vec::Vec;

use elf::abi::{ET_EXEC, PF_R, PF_W, PF_X, PT_INTERP, PT_LOAD, PT_NOTE};
use x86_64::VirtAddr;

use super::image::*;
use crate::{ElfError, Program, ProgramKind, ReadError};

/// Changes something in a static program.
fn changed(change: impl FnOnce(&mut Image)) -> Result<Program, ElfError> {
    let mut image = Image::fixed();
    change(&mut image);
    image.read()
}

fn only(segments: &[Header]) -> Result<Program, ElfError> {
    Image::new(ET_EXEC, 0x40_0000, segments).read()
}

#[test]
fn fixed_program_is_read() {
    let program = Image::fixed().read().unwrap();
    assert_eq!(program.kind(), ProgramKind::Fixed);
    assert_eq!(program.entry(), VirtAddr::new(0x40_1040));
    assert_eq!(program.segments().len(), 4);
    assert_eq!(program.headers().address, Some(VirtAddr::new(0x40_0040)));
    assert_eq!(program.headers().count, 5);
    assert_eq!(program.interpreter(), None);
    assert_eq!(program.image(), VirtAddr::new(0x40_0000)..VirtAddr::new(0x40_7000));
    assert!(!program.has_executable_stack());
}

#[test]
fn interpreter_ends_with_its_nul() {
    assert_eq!(Image::dynamic().read().unwrap().interpreter(), Some(&PATH[..PATH.len() - 1]));
}

#[test]
fn interpreter_is_checked() {
    let with_path = |offset, file_bytes| {
        let header = Header { kind: PT_INTERP, ..load(PF_R, offset, 0, file_bytes, file_bytes) };
        changed(|image| image.headers.push(header))
    };
    let len = PATH.len() as u64;
    assert!(with_path(0x800, len).is_ok());
    assert_eq!(with_path(0x800, len - 1), Err(ElfError::BadInterpreter));
    assert_eq!(with_path(0x800, 0), Err(ElfError::BadInterpreter));
    assert_eq!(with_path(0x800, 1), Err(ElfError::BadInterpreter));
    assert_eq!(with_path(0x800, 4097), Err(ElfError::BadInterpreter));
    assert_eq!(with_path(0x800, u64::MAX), Err(ElfError::BadInterpreter));
    assert_eq!(with_path(0x3FFF, 2), Err(ElfError::InterpreterOutsideFile));
    assert_eq!(with_path(i64::MAX as u64 - 1, 2), Err(ElfError::InterpreterOutsideFile));
    assert_eq!(with_path(u64::MAX, 2), Err(ElfError::InterpreterOutsideFile));
}

#[test]
fn first_interpreter_counts_even_before_a_bad_segment() {
    let bad_path = Header { kind: PT_INTERP, ..load(PF_R, 0, 0, 1, 1) };
    let path = Header { kind: PT_INTERP, ..load(PF_R, 0x800, 0, 28, 28) };
    let result = changed(|image| image.headers.extend([path, bad_path]));
    assert!(result.unwrap().interpreter().is_some());
    let bad_segment = load(PF_R, 0, 0, 2, 1);
    let result = changed(|image| image.headers.extend([bad_segment, bad_path]));
    assert_eq!(result, Err(ElfError::BadInterpreter));
    let result = changed(|image| image.headers.extend([bad_segment, path]));
    assert_eq!(result, Err(ElfError::FileLargerThanMemory));
}

#[test]
fn last_stack_header_counts() {
    let with = |headers: &[Header]| {
        changed(|image| image.headers.extend_from_slice(headers)).unwrap().has_executable_stack()
    };
    assert!(with(&[stack(PF_R | PF_W | PF_X)]));
    assert!(!with(&[stack(PF_R | PF_W | PF_X), stack(PF_R | PF_W)]));
    assert!(!only(&[load(PF_R, 0, 0x40_0000, 1, 1)]).unwrap().has_executable_stack());
}

#[test]
fn identity_of_the_file_is_checked_as_on_linux() {
    let with = |index: usize, value: u8| {
        let mut bytes = Image::fixed().bytes();
        bytes[index] = value;
        read(&bytes)
    };
    for index in 0..4 {
        assert_eq!(with(index, 1), Err(ElfError::NotElf));
    }
    // Class, byte order, version, system and padding.
    for index in 4..16 {
        assert!(with(index, 0xFF).is_ok());
    }
    for kind in [0, 1, 4, 0xFF00] {
        assert_eq!(changed(|image| image.kind = kind), Err(ElfError::NotExecutable));
    }
    for machine in [0, 3, 183, 0xFFFF] {
        assert_eq!(changed(|image| image.machine = machine), Err(ElfError::WrongMachine));
    }
}

#[test]
fn short_files_are_refused() {
    let bytes = Image::fixed().bytes();
    for len in 0..64 + 5 * 56 {
        let expected = match len {
            0..4 => ElfError::NotElf,
            4..20 => ElfError::WrongMachine,
            20..57 => ElfError::BadProgramHeaders,
            _ => ElfError::ProgramHeadersOutsideFile,
        };
        let result = read(&bytes[..len]);
        // Some fields are cut in the middle; then the rest of them is zero.
        if ![18, 19, 33, 54, 55].contains(&len) {
            assert_eq!(result, Err(expected), "{len} bytes");
        } else {
            assert!(result.is_err(), "{len} bytes");
        }
    }
    assert!(read(&bytes[..64 + 5 * 56]).is_ok());
}

#[test]
fn program_headers_are_bounded() {
    for size in [0, 55, 57, 64, 0xFFFF] {
        let result = changed(|image| image.header_bytes = size);
        assert_eq!(result, Err(ElfError::BadProgramHeaders));
    }
    let with_count = |count: usize| {
        let note = Header { kind: PT_NOTE, ..load(PF_R, 0, 0, 0, 0) };
        let mut image = Image::fixed();
        image.headers.resize(count, note);
        image.len_bytes = 0x2_0000;
        image.read()
    };
    assert_eq!(with_count(0), Err(ElfError::BadProgramHeaders));
    assert_eq!(with_count(1170).unwrap().headers().count, 1170);
    assert_eq!(with_count(1171), Err(ElfError::BadProgramHeaders));
    let count = changed(|image| image.count = Some(u16::MAX));
    assert_eq!(count, Err(ElfError::BadProgramHeaders));
    for offset in [0x3FFF, 0x4000, i64::MAX as u64, i64::MAX as u64 - 280, u64::MAX, u64::MAX - 280]
    {
        let result = changed(|image| image.headers_offset = offset);
        assert_eq!(result, Err(ElfError::ProgramHeadersOutsideFile));
    }
}

#[test]
fn headers_have_no_address_outside_of_all_segments() {
    let program = Image::packed().read().unwrap();
    assert_eq!(program.headers().address, None);
    // The last segment that has the headers is used.
    let twice = [load(PF_R, 0, 0x40_0000, 0x200, 0x200), load(PF_R, 0, 0x50_0000, 0x200, 0x200)];
    assert_eq!(only(&twice).unwrap().headers().address, Some(VirtAddr::new(0x50_0040)));
    let before = [load(PF_R, 0, 0x40_0000, 0x40, 0x40)];
    assert_eq!(only(&before).unwrap().headers().address, None);
    let first_byte = [load(PF_R, 0, 0x40_0000, 0x41, 0x41)];
    assert_eq!(only(&first_byte).unwrap().headers().address, Some(VirtAddr::new(0x40_0040)));
}

#[test]
fn segments_are_checked() {
    let alignment = |alignment| Header { alignment, ..load(PF_R, 0, 0x40_0000, 1, 1) };
    let last = USER_END - 0x1000;
    let table: Vec<(Header, Option<ElfError>)> = vec![
        (load(PF_R, 0, 0x40_0000, 1, 1), None),
        (load(0, 0, 0x40_0000, 1, 1), None),
        (load(PF_R, 0, 0x40_0000, 2, 1), Some(ElfError::FileLargerThanMemory)),
        (load(PF_R, 0, 0x40_0000, 1, 0), Some(ElfError::FileLargerThanMemory)),
        (load(PF_R, 0, 0x40_0000, 0, 0), Some(ElfError::NoSegments)),
        (load(PF_R, 0, USER_END, 0, 0), Some(ElfError::AddressTooHigh)),
        (load(PF_R, 1, 0x40_0000, 1, 1), Some(ElfError::NotCongruent)),
        (load(PF_R, 0x1000, 0x40_0001, 1, 1), Some(ElfError::NotCongruent)),
        (load(PF_R, 1, 0x40_0000, 0, 1), None),
        (load(PF_R, u64::MAX, 0x40_0000, 0, 1), None),
        (load(PF_R, !0xFFF, 0x40_0000, 1, 1), Some(ElfError::BadFileRange)),
        (load(PF_R, 1 << 63, 0x40_0000, 1, 1), Some(ElfError::BadFileRange)),
        (load(PF_R, (1 << 63) - 0x1000, 0x40_0000, 1, 1), Some(ElfError::BadFileRange)),
        (load(PF_R, (1 << 63) - 0x2000, 0x40_0000, 1, 1), None),
        (load(PF_R, 0, USER_START, 1, 1), None),
        (load(PF_R, 0xFFF, USER_START - 1, 1, 1), Some(ElfError::AddressTooLow)),
        (load(PF_R, 0, 0, 1, 1), Some(ElfError::AddressTooLow)),
        (load(PF_R, 0, last, 0x1000, 0x1000), None),
        (load(PF_R, 0, last, 0x1000, 0x1001), Some(ElfError::AddressTooHigh)),
        (load(PF_R, 0, last, 1, u64::MAX), Some(ElfError::AddressTooHigh)),
        (load(PF_R, 0, USER_END, 1, 1), Some(ElfError::AddressTooHigh)),
        (load(PF_R, 0, 0xFFFF_8000_0000_0000, 1, 1), Some(ElfError::AddressTooHigh)),
        (load(PF_R, 0, !0xFFF, 0x1000, 0x1000), Some(ElfError::AddressTooHigh)),
        (load(PF_R, 0, USER_START, 1, USER_END - USER_START), None),
        (alignment(0), None),
        (alignment(1), None),
        (alignment(1 << 30), None),
        (alignment(1 << 31), Some(ElfError::BadAlignment)),
        (alignment(3), Some(ElfError::BadAlignment)),
        (alignment(u64::MAX), Some(ElfError::BadAlignment)),
    ];
    for (header, error) in table {
        assert_eq!(only(&[header]).err(), error, "{header:X?}");
    }
    assert_eq!(only(&[stack(PF_R)]).err(), Some(ElfError::NoSegments));
}

#[test]
fn segments_ascend_and_do_not_overlap() {
    let first = load(PF_R, 0, 0x40_0000, 0x1800, 0x1800);
    let bss = load(PF_R | PF_W, 0, 0x40_0000, 0x1800, 0x1900);
    let table = [
        (first, load(PF_R, 0x2000, 0x40_2000, 1, 1), None),
        (first, load(PF_R, 0, 0x3F_F000, 1, 1), Some(ElfError::NotAscending)),
        (first, first, Some(ElfError::Overlap)),
        (first, load(PF_R, 0x17FF, 0x40_17FF, 1, 1), Some(ElfError::Overlap)),
        (first, load(PF_R, 0x1800, 0x40_1800, 1, 1), None),
        (first, load(PF_R, 0x2800, 0x40_1800, 1, 1), Some(ElfError::Overlap)),
        (first, load(PF_R, 0, 0x40_1800, 0, 1), Some(ElfError::Overlap)),
        (bss, load(PF_R, 0x1900, 0x40_1900, 1, 1), Some(ElfError::Overlap)),
        (bss, load(PF_R, 0x2000, 0x40_2000, 1, 1), None),
    ];
    for (first, second, error) in table {
        assert_eq!(only(&[first, second]).err(), error, "{second:X?}");
    }
}

#[test]
fn entry_is_below_the_end() {
    assert!(changed(|image| image.entry = USER_END - 1).is_ok());
    assert!(changed(|image| image.entry = 0).is_ok());
    for entry in [USER_END, 1 << 47, u64::MAX] {
        assert_eq!(changed(|image| image.entry = entry), Err(ElfError::BadEntry));
    }
}

#[test]
fn error_of_the_file_is_passed_on() {
    let bytes = Image::dynamic().bytes();
    for failing in 0..3 {
        let mut call = 0;
        let result = Program::read(&user(), |offset, buffer| {
            call += 1;
            if call > failing {
                return Err(failing);
            }
            let start = offset as usize;
            buffer.copy_from_slice(&bytes[start..start + buffer.len()]);
            Ok(buffer.len())
        });
        assert_eq!(result, Err(ReadError::File(failing)));
    }
}

#[test]
fn base_is_checked() {
    let program = Image::position_independent().read().unwrap();
    assert_eq!(program.kind(), ProgramKind::PositionIndependent);
    assert_eq!(program.alignment(), 0x1000);
    assert_eq!(program.image_bytes(), 0x4000);
    let at = |base| program.clone().at_base(VirtAddr::new(base), &user());
    assert!(at(USER_START).is_ok());
    assert!(at(USER_END - 0x4000).is_ok());
    assert_eq!(at(USER_END - 0x3000), Err(ElfError::AddressTooHigh));
    assert_eq!(at(USER_END), Err(ElfError::AddressTooHigh));
    assert_eq!(at(0xFFFF_FFFF_FFFF_F000), Err(ElfError::AddressTooHigh));
    assert_eq!(at(USER_START - 0x1000), Err(ElfError::AddressTooLow));
    assert_eq!(at(0x40_0800), Err(ElfError::BadBase));
    let fixed = Image::fixed().read().unwrap();
    assert_eq!(fixed.at_base(VirtAddr::new(0x40_0000), &user()), Err(ElfError::BadBase));
}

#[test]
fn base_moves_everything() {
    let program = Image::dynamic().read().unwrap();
    let moved = program.clone().at_base(VirtAddr::new(0x5555_5555_4000), &user()).unwrap();
    assert_eq!(moved.entry(), VirtAddr::new(0x5555_5555_5040));
    assert_eq!(moved.headers().address, Some(VirtAddr::new(0x5555_5555_4040)));
    assert_eq!(moved.image(), VirtAddr::new(0x5555_5555_4000)..VirtAddr::new(0x5555_5555_8000));
    for (segment, at_base) in program.segments().iter().zip(moved.segments()) {
        assert_eq!(at_base.address() - segment.address(), 0x5555_5555_4000);
        assert_eq!(at_base.file_offset(), segment.file_offset());
    }
}

#[test]
fn base_keeps_large_alignment() {
    let mut image = Image::position_independent();
    for header in image.headers.iter_mut().filter(|header| header.kind == PT_LOAD) {
        header.address += 0x20_3000;
        header.alignment = 0x20_0000;
    }
    image.entry += 0x20_3000;
    let program = image.read().unwrap();
    assert_eq!(program.alignment(), 0x20_0000);
    assert_eq!(program.image_bytes(), 0x7000);
    let at = |base| program.clone().at_base(VirtAddr::new(base), &user());
    assert_eq!(at(0x5555_5555_4000), Err(ElfError::BadBase));
    let moved = at(0x5555_5540_0000).unwrap();
    assert_eq!(moved.image().start, VirtAddr::new(0x5555_5540_3000));
    assert_eq!(moved.entry(), VirtAddr::new(0x5555_5540_4040));
}

#[test]
fn program_of_this_test_is_read() {
    let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let program = read(&bytes).unwrap();
    assert!(program.entry() >= program.image().start && program.entry() < program.image().end);
    assert!(program.headers().address.is_some());
    assert!(!program.has_executable_stack());
    assert!(program.mappings().count() >= 3);
}
