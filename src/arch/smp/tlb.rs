//! The page table that is loaded, and what processors remember of it.
//!
//! All processors use the kernel's table, so what is flushed is flushed on all of them:
//! each is asked by an interrupt, and answers from there, or from whatever it waits in.

use core::sync::atomic::{Ordering, fence};

use paging::FlushScope;
use shootdown::{Request, Shootdown, Target};
use x86_64::registers::control::{Cr3, Cr4, Cr4Flags};
use x86_64::structures::paging::PhysFrame;
use x86_64::{PhysAddr, VirtAddr, instructions};

use crate::arch::cpu::id::CpuId;
use crate::arch::cpu::percpu::{self, CPUS_MAX, Cpu};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::local_apic::Message;
use crate::arch::irq::vectors::SHOOTDOWN_VECTOR;
use crate::arch::irq::{self, ipi};
use crate::arch::smp::cpu_bits::{CpuBits, SET_WORDS};
use crate::arch::smp::stopped;

static SHOOTDOWN: Shootdown<CPUS_MAX, SET_WORDS> = Shootdown::new();

/// The processors whose TLBs may hold something; none while there is one.
static USERS: CpuBits = CpuBits::new();

/// Returns the root table that this processor uses.
pub fn root() -> PhysAddr {
    Cr3::read().0.start_address()
}

/// Makes this processor use the root table in the frame at `root`.
///
/// # Safety
/// It maps all code, data and stacks in use, as the tables before it did.
///
/// # Panics
/// If `root` isn't the address of a frame.
pub unsafe fn load(root: PhysAddr) {
    let frame = PhysFrame::from_start_address(root).expect("root tables fill a frame");
    let (_, flags) = Cr3::read();
    // SAFETY: the caller's promise.
    unsafe { Cr3::write(frame, flags) };
}

/// Takes the interrupts that ask for a flush. Once, on the boot processor.
pub(in crate::arch) fn start() {
    irq::set_local_handler(SHOOTDOWN_VECTOR, answer_others);
    add(percpu::current());
}

/// Lets `cpu`, this processor, be asked from now on.
pub(in crate::arch) fn add(cpu: &Cpu) {
    USERS.insert(cpu.id());
    // What was changed before nobody has told it.
    flush_all();
}

/// Flushes `scope` of the kernel's page table from the TLBs of all processors, and with
/// it what they remember of its tables. All have flushed when it returns.
pub fn flush_everywhere(scope: FlushScope) {
    scope.flush_by(flush_local);
    // After the change of the table: a processor that isn't among the users by now sees it.
    fence(Ordering::SeqCst);
    let users = USERS.words();
    if users != [0; SET_WORDS] {
        flush_others(scope, &users);
    }
}

/// Flushes one page, or all, from this processor's TLB.
///
/// INVLPG flushes a page, global ones too, and the paging-structure caches. Source: Intel
/// SDM volume 3A, "Operations that Invalidate TLBs and Paging-Structure Caches".
fn flush_local(page: Option<VirtAddr>) {
    match page {
        Some(page) => instructions::tlb::flush(page),
        None => flush_all(),
    }
}

fn flush_others(scope: FlushScope, users: &[u64; SET_WORDS]) {
    let FlushScope::Pages { first, last, step_bytes } = scope else {
        return;
    };
    // Large pages are flushed by any address within, so all of them are flushed by their
    // beginnings; a range of them is long enough for everything to be cheaper.
    let pages = match (last - first) / PAGE_BYTES + 1 {
        pages if step_bytes == PAGE_BYTES || pages == 1 => pages,
        _ => Request::ALL_PAGES,
    };
    let _interrupts_off = InterruptsOff::new();
    let cpu = percpu::current();
    SHOOTDOWN.run(
        cpu.id().index(),
        Request { start: first.as_u64(), pages, space: 0 },
        users,
        |other| {
            if let Some(other) = percpu::get(CpuId::new(other as u32)) {
                ipi::send(other, Message::Vector(SHOOTDOWN_VECTOR));
            }
        },
        flush_here,
        |other| {
            core::hint::spin_loop();
            let is_stopped = percpu::get(CpuId::new(other as u32))
                .is_none_or(|other| stopped::stopped_at(other).is_some());
            if is_stopped { Target::Stopped } else { Target::Running }
        },
    );
}

const PAGE_BYTES: u64 = 4096;

fn flush_here(request: Request) {
    let last = request.start.wrapping_add(request.pages.wrapping_sub(1).wrapping_mul(PAGE_BYTES));
    let scope = FlushScope::Pages {
        first: VirtAddr::new_truncate(request.start),
        last: VirtAddr::new_truncate(last),
        step_bytes: PAGE_BYTES,
    };
    match request.pages {
        Request::ALL_PAGES => flush_all(),
        _ => scope.flush_by(flush_local),
    }
}

/// Flushes what other processors ask for. Whoever waits with interrupts off calls it at
/// each turn, or others would wait for this processor for ever. Costs little if nobody
/// asks.
#[inline]
pub fn answer_others() {
    let cpu = percpu::current().id().index();
    if SHOOTDOWN.is_pending(cpu) {
        SHOOTDOWN.answer(cpu, flush_here);
    }
}

/// Flushes all, global pages too: changing CR4.PGE does that. Where it is off,
/// no page is global.
fn flush_all() {
    let cr4 = Cr4::read();
    if !cr4.contains(Cr4Flags::PAGE_GLOBAL) {
        instructions::tlb::flush_all();
        return;
    }
    for cr4 in [cr4 - Cr4Flags::PAGE_GLOBAL, cr4] {
        // SAFETY: only how long the TLB keeps pages changes; then all is as it was.
        unsafe { Cr4::write(cr4) };
    }
}
