//! Reads a stack as a program does: from RSP upwards, by pointers.

use std::vec::Vec;

use x86_64::VirtAddr;

use crate::{AuxiliaryValues, InitialStack};

pub const TOP: u64 = 0x7FFF_FFFF_F000;

pub fn values() -> AuxiliaryValues {
    AuxiliaryValues {
        vdso: Some(VirtAddr::new(0x7FFF_F7FC_1000)),
        signal_stack_bytes_min: 3376,
        hardware_capabilities: 0x178B_FBFF,
        hardware_capabilities_2: 2,
        ticks_per_second: 100,
        program_headers: Some(VirtAddr::new(0x40_0040)),
        program_header_bytes: 56,
        program_header_count: 10,
        interpreter_base: None,
        entry: VirtAddr::new(0x40_14F0),
        uid: 1000,
        effective_uid: 1001,
        gid: 1002,
        effective_gid: 1003,
        is_secure: true,
    }
}

/// The memory of a stack, from RSP to its top.
pub struct Memory {
    pub start: u64,
    pub bytes: Vec<u8>,
}

impl Memory {
    pub fn new(stack: &InitialStack) -> Self {
        let [(start, first), (second_start, second)] = stack.pieces();
        assert_eq!(start, stack.rsp());
        assert_eq!(second_start, start + first.len() as u64);
        Self { start: start.as_u64(), bytes: [first, second].concat() }
    }

    pub fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    pub fn bytes_at(&self, address: u64, len: usize) -> &[u8] {
        &self.bytes[(address - self.start) as usize..][..len]
    }

    pub fn word(&self, address: u64) -> u64 {
        u64::from_le_bytes(self.bytes_at(address, 8).try_into().unwrap())
    }

    pub fn string(&self, address: u64) -> Vec<u8> {
        let bytes = &self.bytes[(address - self.start) as usize..];
        bytes[..bytes.iter().position(|byte| *byte == 0).unwrap()].to_vec()
    }

    /// Reads pointers from an address on up to a 0. Returns them, and the address after the 0.
    pub fn pointers(&self, mut address: u64) -> (Vec<u64>, u64) {
        let mut pointers = Vec::new();
        loop {
            let pointer = self.word(address);
            address += 8;
            if pointer == 0 {
                return (pointers, address);
            }
            pointers.push(pointer);
        }
    }
}

/// The contents of a program's stack.
pub struct Found {
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
    pub auxiliary: Vec<(u64, u64)>,
    /// The address at which the auxiliary vector ends.
    pub end: u64,
}

impl Found {
    pub fn value(&self, kind: u64) -> Option<u64> {
        self.auxiliary.iter().find(|entry| entry.0 == kind).map(|entry| entry.1)
    }
}

pub fn read(memory: &Memory) -> Found {
    let count = memory.word(memory.start);
    let (arguments, address) = memory.pointers(memory.start + 8);
    assert_eq!(arguments.len() as u64, count);
    let (environment, mut address) = memory.pointers(address);
    let mut auxiliary = Vec::new();
    while memory.word(address) != 0 {
        auxiliary.push((memory.word(address), memory.word(address + 8)));
        address += 16;
    }
    assert_eq!(memory.word(address + 8), 0);
    let strings = |pointers: Vec<u64>| pointers.into_iter().map(|it| memory.string(it)).collect();
    Found {
        arguments: strings(arguments),
        environment: strings(environment),
        auxiliary,
        end: address + 16,
    }
}
