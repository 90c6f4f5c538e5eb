//! Known instructions, and random bytes.

extern crate std;

use proptest::prelude::*;
use std::string::ToString;
use std::vec::Vec;

use super::*;

const ADDRESS: u64 = 0xFFFF_FFFF_8012_3400;

#[track_caller]
fn shows(bytes: &[u8], text: &str, target: Option<u64>) {
    let instruction = Instruction::decode(bytes, ADDRESS).unwrap();
    assert_eq!(instruction.to_string(), text);
    assert_eq!((instruction.len_bytes(), instruction.target()), (bytes.len(), target), "{text}");
}

#[test]
fn known_instructions_are_shown() {
    shows(&[0x55], "push rbp", None);
    shows(&[0x48, 0x89, 0xE5], "mov rbp, rsp", None);
    shows(&[0x48, 0x8B, 0x44, 0x24, 0x08], "mov rax, qword [rsp + 0x8]", None);
    shows(&[0x0F, 0x20, 0xD8], "mov rax, cr3", None);
    shows(&[0x0F, 0x0B], "ud2", None);
    shows(&[0x48, 0xCF], "iretq", None);
    shows(&[0x0F, 0x32], "rdmsr", None);
    shows(&[0x90], "nop", None);
    shows(&[0xF3, 0x90], "pause", None);
    shows(&[0x0F, 0x1F, 0x40, 0x00], "nop dword [rax]", None);
    let imm = [0x48, 0xB8, 8, 7, 6, 5, 4, 3, 2, 1];
    shows(&imm, "mov rax, 0x102030405060708", None);
}

#[test]
fn targets_are_addresses() {
    shows(&[0xEB, 0xFE], "jmp 0xffffffff80123400", Some(ADDRESS));
    shows(&[0x74, 0x10], "jz 0xffffffff80123412", Some(ADDRESS + 0x12));
    shows(&[0xE8, 0xFB, 0xFF, 0xFF, 0xFF], "call 0xffffffff80123400", Some(ADDRESS));
    let lea = [0x48, 0x8D, 0x05, 0xF9, 0x0F, 0, 0];
    shows(&lea, "lea rax, qword [0xffffffff80124400]", Some(ADDRESS + 0x1000));
    shows(&[0xFF, 0xD0], "call rax", None);
    // From the end of the address space to its beginning.
    let wrapped = Instruction::decode(&[0xEB, 0], u64::MAX - 1).unwrap();
    assert_eq!(wrapped.target(), Some(0));
}

#[test]
fn bytes_that_are_no_instruction_are_errors() {
    assert_eq!(Instruction::decode(&[0x06], 0).unwrap_err(), DecodeError::Invalid);
    assert_eq!(Instruction::decode(&[0xE8, 1, 2], 0).unwrap_err(), DecodeError::Cut);
    assert_eq!(Instruction::decode(&[], 0).unwrap_err(), DecodeError::Cut);
    // More prefixes than an instruction can have.
    assert_eq!(Instruction::decode(&[0x66; 32], 0).unwrap_err(), DecodeError::Invalid);
}

#[test]
fn calls_before_an_address_are_seen() {
    for call in [
        &[0xE8, 1, 2, 3, 4][..],
        &[0xFF, 0xD0],
        &[0x41, 0xFF, 0xD3],
        &[0xFF, 0x50, 0x18],
        &[0xFF, 0x14, 0x25, 1, 2, 3, 4],
        &[0xFF, 0x54, 0x24, 0x10],
        &[0xFF, 0x94, 0xC1, 1, 2, 3, 4],
        &[0xFF, 0x15, 1, 2, 3, 4],
        &[0xFF, 0x10],
    ] {
        let before = [&[0x90; 8][..], call].concat();
        assert!(is_after_call(&before[before.len() - 8..]), "{call:x?}");
    }
    for other in [&[0x90; 8][..], &[0xFF, 0xE0], &[0xFF, 0xD0, 0x90], &[0xFF, 0x50], &[0xE8], &[]] {
        assert!(!is_after_call(other), "{other:x?}");
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_without_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..24), address: u64,
    ) {
        if let Ok(instruction) = Instruction::decode(&bytes, address) {
            let length = instruction.len_bytes();
            prop_assert!((1..=INSTRUCTION_BYTES_MAX).contains(&length), "{}", length);
            prop_assert!(length <= bytes.len());
            prop_assert!(!instruction.to_string().is_empty());
            // The bytes after the instruction have no effect.
            let alone = Instruction::decode(&bytes[..length], address).unwrap();
            prop_assert_eq!(alone.to_string(), instruction.to_string());
            let cut = Instruction::decode(&bytes[..length - 1], address).map(|it| it.len_bytes());
            prop_assert!(cut != Ok(length));
        }
    }

    #[test]
    fn each_call_that_decodes_is_seen_before_its_return_address(
        operand in proptest::collection::vec(any::<u8>(), 8), is_direct: bool,
    ) {
        let opcode = if is_direct { 0xE8 } else { 0xFF };
        let bytes: Vec<u8> = [opcode].into_iter().chain(operand).collect();
        if let Ok(instruction) = Instruction::decode(&bytes, 0) {
            let text = instruction.to_string();
            if text.starts_with("call ") {
                prop_assert!(is_after_call(&bytes[..instruction.len_bytes()]), "{}", text);
            }
        }
    }
}
