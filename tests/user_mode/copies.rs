//! Copies from and to the memory of a program.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use farjump::arch::trap::fault::{Fault, Outcome};
use farjump::arch::trap::frame::TrapFrame;
use farjump::arch::trap::page_fault::PageFault;
use farjump::arch::user::copy;
use farjump::arch::user::user_thread::{Next, UserThread};
use farjump::mm::user::address_space::AddressSpace;
use farjump::task::{Builder, ProgramStart, ProgramState};
use farjump::testing::wait_until;
use paging::MappingFlags;

use crate::programs::one_call;
use crate::{CODE, DATA, FOREIGN, STACK_END, USER, add_page};

/// The test of copies, which runs in a program's system call.
struct Copier {
    has_ended: Arc<AtomicBool>,
    is_ending: AtomicBool,
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.has_ended.store(true, Ordering::Release);
    }
}

impl UserThread for Copier {
    fn system_call(&self, _frame: &mut TrapFrame) {
        check_copies();
        self.is_ending.store(true, Ordering::Relaxed);
    }

    fn exception(&self, fault: &mut Fault<'_>) -> Outcome {
        panic!("{:?}", fault.exception());
    }

    fn serve_kernel_fault(&self, _fault: &PageFault) -> Outcome {
        Outcome::Unserved
    }

    fn has_work(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    fn work(&self, _frame: &mut TrapFrame) -> Next {
        Next::End
    }
}

fn check_copies() {
    let mut bytes = [0; 32];
    assert_eq!(copy::read(DATA, &mut bytes[..4]), Ok(()));
    assert_eq!(&bytes[..4], b"data");
    for offset in 0..9 {
        for len in 0..24 {
            let pattern: Vec<u8> = (0..len as u8).map(|byte| byte ^ offset as u8).collect();
            let mut back = alloc::vec![0xFF; len];
            assert_eq!(copy::write(DATA + 64 + offset, &pattern), Ok(()));
            assert_eq!(copy::read(DATA + 64 + offset, &mut back), Ok(()));
            assert_eq!(back, pattern);
        }
    }
    // A copy at the end of a page copies as much as there is.
    for missing in 0..20_u64 {
        let start = DATA + 0x1000 - 20 + missing;
        assert_eq!(copy::write_some(start, &[7; 20]), 20 - missing as usize);
        assert_eq!(copy::read_some(start, &mut bytes[..20]), 20 - missing as usize);
        assert!(bytes[..20 - missing as usize].iter().all(|&byte| byte == 7));
        assert_eq!(copy::clear(start, 20).is_ok(), missing == 0);
        assert!(copy::read(DATA + 0xFF8, &mut bytes[..8]).is_ok());
    }
    for address in FOREIGN {
        assert_eq!(copy::read(address, &mut bytes), Err(copy::BadAddress), "{address:#x}");
        assert_eq!(copy::write(address, &bytes), Err(copy::BadAddress));
        assert_eq!(copy::clear(address, 8), Err(copy::BadAddress));
        let mut text = [0; 8];
        assert!(copy::read_string(address, &mut text).is_err());
        // A copy that continues into memory of others.
        let below = address.wrapping_sub(4);
        assert_eq!(copy::write(below, &bytes), Err(copy::BadAddress), "{below:#x}");
    }
    assert_eq!(copy::clear(DATA, usize::MAX), Err(copy::BadAddress));
    assert_eq!(copy::write(CODE, &[0]), Err(copy::BadAddress), "it is read-only");
    assert_eq!(copy::write(DATA, b"text\0after"), Ok(()));
    let mut text = [0; 8];
    assert_eq!(copy::read_string(DATA, &mut text), Ok(&b"text"[..]));
    assert_eq!(copy::read_string(DATA, &mut text[..4]), Err(copy::StringError::TooLong));
    assert_eq!(copy::write(DATA + 0xFFC, b"abcd"), Ok(()));
    assert_eq!(copy::read_string(DATA + 0xFFC, &mut text), Err(copy::StringError::BadAddress));
}

#[test_case]
fn copies_reach_only_the_programs_memory_and_end_where_it_ends() {
    let space = Arc::new(AddressSpace::try_new().expect("there is memory"));
    add_page(&space, CODE, one_call(), USER | MappingFlags::EXECUTE);
    add_page(&space, DATA, b"data", USER | MappingFlags::WRITE);
    let has_ended = Arc::new(AtomicBool::new(false));
    let copier = Arc::new(Copier { has_ended: has_ended.clone(), is_ending: false.into() });
    let state = ProgramState::try_new().expect("there is memory");
    let registers = TrapFrame::of_program(CODE, STACK_END);
    Builder::new("copier")
        .address_space(space)
        .spawn_program(ProgramStart { thread: copier, registers, state }, drop)
        .expect("there is memory");
    wait_until(|| has_ended.load(Ordering::Acquire));
}
