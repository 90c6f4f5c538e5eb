//! Page faults of a program's memory.
//!
//! They are faults of the kernel, during a copy to the memory of a program, so that no instruction
//! of a program takes part. The thread has to be that of a program: it enters ring 3 at an address
//! that is never mapped, takes the samples in the handler of the fault there, and ends.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};

use ::address_space::{
    Access, Attributes, Limits, Overlap, PageRange, Region, RegionFlags, Sharing,
};
use x86_64::VirtAddr;

use super::benchmark::{Benchmark, Place, Unmeasured};
use super::pinned;
use super::sampler::Sampler;
use crate::arch::trap::fault::{Fault, Outcome};
use crate::arch::trap::frame::TrapFrame;
use crate::arch::trap::page_fault::{self, PageFault};
use crate::arch::user::copy;
use crate::arch::user::user_thread::{Next, UserThread};
use crate::mm::user::address_space::AddressSpace;
use crate::mm::user::backing::Backing;
use crate::sync::{IrqMutex, Latch, Rank};
use crate::task::{self, ProgramStart, ProgramState};

pub(super) const FAULT: Benchmark = Benchmark {
    name: "fault",
    what: "first write of a page",
    sample: "a write to a page of a program: the fault maps a cleared frame.",
    run: fault,
};

/// The region, which is unmapped whenever all of its pages have been written.
const START: VirtAddr = VirtAddr::new(0x40_0000);
const PAGES: u64 = 64;
const PAGE_BYTES: u64 = 4096;

/// The thread of a program that takes the samples.
struct FaultingThread {
    /// The sampler, before and after the samples.
    sampler: IrqMutex<Option<Result<Sampler, Unmeasured>>>,
    has_measured: AtomicBool,
    end: Latch,
}

fn fault(sampler: Sampler, place: &Place) -> Result<Sampler, Unmeasured> {
    let thread = Arc::try_new(FaultingThread {
        sampler: IrqMutex::new(Rank::Thread, Some(Ok(sampler))),
        has_measured: AtomicBool::new(false),
        end: Latch::new(1),
    });
    let thread = thread.map_err(|_| Unmeasured::OutOfMemory)?;
    let space = AddressSpace::try_new().map_err(|_| Unmeasured::OutOfMemory)?;
    let space = Arc::try_new(space).map_err(|_| Unmeasured::OutOfMemory)?;
    let start = ProgramStart {
        thread: thread.clone(),
        registers: TrapFrame::of_program(0, 0),
        state: ProgramState::try_new().map_err(|_| Unmeasured::OutOfMemory)?,
    };
    let mut task = None;
    let builder = pinned::builder(place.cpu).address_space(space);
    builder.spawn_program(start, |thread| task = Some((thread.thread(), thread.id())))?;
    thread.end.wait();
    if let Some((task, id)) = task {
        pinned::wait_for_end(task, id);
    }
    let sampler = thread.sampler.lock().take();
    sampler.expect("the thread has left it")
}

impl UserThread for FaultingThread {
    /// Not called: the program executes no instruction.
    fn system_call(&self, _frame: &mut TrapFrame) {}

    fn exception(&self, _fault: &mut Fault<'_>) -> Outcome {
        let sampler = self.sampler.lock().take();
        if let Some(sampler) = sampler {
            let sampler = sampler.and_then(take_samples);
            *self.sampler.lock() = Some(sampler);
            self.has_measured.store(true, Ordering::Relaxed);
            self.end.count_down();
        }
        Outcome::Served
    }

    fn serve_kernel_fault(&self, fault: &PageFault) -> Outcome {
        let access = match fault.access {
            page_fault::Access::Read => Access::READ,
            page_fault::Access::Write => Access::WRITE,
            page_fault::Access::Execute => Access::EXECUTE,
        };
        let space = task::current_address_space();
        match space.map(|space| space.serve_fault(fault.address, access, 0)) {
            Some(Ok(())) => Outcome::Served,
            Some(Err(_)) | None => Outcome::Unserved,
        }
    }

    fn has_work(&self) -> bool {
        self.has_measured.load(Ordering::Relaxed)
    }

    fn work(&self, _frame: &mut TrapFrame) -> Next {
        Next::End
    }
}

/// Writes to pages of the running thread's address space.
fn take_samples(mut sampler: Sampler) -> Result<Sampler, Unmeasured> {
    let space = task::current_address_space().ok_or(Unmeasured::OutOfMemory)?;
    let range = PageRange::try_new(START.as_u64(), PAGES * PAGE_BYTES);
    let range = range.expect("it is a range of pages");
    let attributes = Attributes {
        access: Access::READ | Access::WRITE,
        sharing: Sharing::Private,
        flags: RegionFlags::NO_HUGE_PAGE,
    };
    let region = Region::new(range, attributes, Backing::Anonymous);
    let mapped = space.map_region(region, Overlap::Refused, &Limits::UNLIMITED);
    mapped.map_err(|_| Unmeasured::OutOfMemory)?;
    loop {
        for page in 0..PAGES {
            if !sampler.goes_on() {
                return Ok(sampler);
            }
            let address = (START + page * PAGE_BYTES).as_u64();
            let written = sampler.time(|| copy::write(address, &[1]));
            written.map_err(|_| Unmeasured::OutOfMemory)?;
        }
        space.discard(range, |_| true).map_err(|_| Unmeasured::OutOfMemory)?;
    }
}
