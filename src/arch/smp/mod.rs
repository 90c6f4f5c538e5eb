//! Starting the other CPUs.
//!
//! A CPU waits for an INIT and a start-up message. The start-up message names a page of the first
//! MiB, where the CPU starts in real mode. The page has a copy of `asm/trampoline.asm`, which jumps
//! to [`enter`] on the CPU's own stack.
//!
//! Source: Intel SDM volume 3A, "Multiple-Processor (MP) Initialization".

mod admission;
pub mod cpu_bits;
pub mod stop;
pub mod stopped;
pub mod tlb;

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use spin::{Mutex, Once};
use x86_64::registers::control::{Cr0, Efer, EferFlags};
use x86_64::{PhysAddr, VirtAddr};

use admission::{Admission, Attempt};

use crate::arch::cpu::features;
use crate::arch::cpu::gdt::{self, StackTops};
use crate::arch::cpu::id::ApicId;
use crate::arch::cpu::percpu::{self, Cpu};
use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::irq::ipi;
use crate::arch::irq::local_apic::{self, Message};
use crate::arch::irq::preemption_off::PreemptionOff;
use crate::arch::time::{clock, timer};
use crate::arch::trap::idt;

unsafe extern "C" {
    static trampoline_start: u8;
    static trampoline_parameters: u8;
    static trampoline_end: u8;
}

/// The parameters of the trampoline, with the same layout as in `asm/trampoline.asm`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Parameters {
    cr3: u32,
    cr0: u32,
    efer: u32,
    _reserved: u32,
    stack: u64,
    entry: u64,
}

/// A page of the first MiB, with page tables that map the kernel, and the page at its physical
/// address.
///
/// # Safety
/// The page is RAM that nothing else uses, and can be written at [`page`](Self::page).
/// The tables at [`root`](Self::root) are below 4 GiB. They map the page at its physical
/// address, readable and executable, and the kernel as usual.
pub unsafe trait Page {
    /// Returns its physical address.
    fn address(&self) -> PhysAddr;
    /// Returns the address at which it can be written.
    fn page(&self) -> VirtAddr;
    /// Returns the root of the tables.
    fn root(&self) -> PhysAddr;
}

/// The data that a CPU starts with.
#[derive(Clone, Copy)]
pub struct Start {
    /// Its per-CPU area.
    pub cpu: &'static Cpu,
    /// Its stacks, which nothing else uses. It starts on the kernel stack.
    pub stacks: StackTops,
}

/// The function that a CPU runs after it has been set up. Called with interrupts off.
pub type Entry = fn(&'static Cpu) -> !;

static ENTRY: Once<Entry> = Once::new();
/// The kernel's page table.
static ROOT: AtomicU64 = AtomicU64::new(0);
/// The data for the starting CPU, until that CPU takes them.
static STARTING: Mutex<Option<(Attempt, Start)>> = Mutex::new(None);
/// Whether the kernel still waits for the starting CPU.
static ADMISSION: Admission = Admission::new();
/// Whether the starting CPU has reached [`enter`], where it answers requests.
static HAS_ENTERED: AtomicBool = AtomicBool::new(false);

/// Times to wait, in nanoseconds. The first two are from the manual. The others are for steps that
/// take some microseconds on hardware; a hypervisor on a busy host may take seconds to schedule the
/// CPU for the first time.
const AFTER_INIT_NS: u64 = 10_000_000;
const AFTER_STARTUP_NS: u64 = 200_000;
const ENTER_NS: u64 = 10_000_000_000;

fn code() -> (*const u8, usize, usize) {
    let start = &raw const trampoline_start;
    let offset = |symbol: *const u8| symbol.addr() - start.addr();
    (start, offset(&raw const trampoline_parameters), offset(&raw const trampoline_end))
}

/// Copies the trampoline to `page`, and sets the function that CPUs run after they have
/// been set up.
pub fn prepare(page: &impl Page, entry: Entry) {
    ENTRY.call_once(|| entry);
    ipi::start();
    tlb::start();
    ROOT.store(tlb::root().as_u64(), Ordering::Relaxed);
    let (start, _, len_bytes) = code();
    let target: *mut u8 = page.page().as_mut_ptr();
    // SAFETY: the assembler's symbols are around this many bytes, less than a page, and
    // the page belongs to the trampoline.
    unsafe { target.copy_from_nonoverlapping(start, len_bytes) };
}

/// Sends INIT to the CPUs with these APIC IDs; they then wait for a start-up message.
pub fn send_init(apic_ids: impl Iterator<Item = ApicId>) {
    for apic_id in apic_ids {
        let _interrupts_off = InterruptsOff::new();
        local_apic::send(apic_id, Message::Init);
    }
    clock::spin_ns(AFTER_INIT_NS);
}

/// Starts a CPU that waits for a start-up message. Returns whether it runs. If not, it receives an
/// INIT, and never uses its data.
pub fn start_one(page: &impl Page, start: Start) -> bool {
    let (_, offset, _) = code();
    let parameters = Parameters {
        cr3: page.root().as_u64() as u32,
        cr0: Cr0::read_raw() as u32,
        efer: (Efer::read() - EferFlags::LONG_MODE_ACTIVE).bits() as u32,
        _reserved: 0,
        stack: start.stacks.kernel.as_u64(),
        entry: enter as *const () as u64,
    };
    let attempt = ADMISSION.open();
    HAS_ENTERED.store(false, Ordering::Relaxed);
    COMPARISON.is_over.store(false, Ordering::Relaxed);
    *STARTING.lock() = Some((attempt, start));
    let target: *mut Parameters = (page.page() + offset as u64).as_mut_ptr();
    // SAFETY: the trampoline has its parameters there, within its page, and nothing else
    // uses it while a CPU starts.
    unsafe { target.write_unaligned(parameters) };

    let apic_id = start.cpu.apic_id();
    let page_number = (page.address().as_u64() >> 12) as u8;
    // The thread must stay on this CPU while it compares the two counters.
    let _preemption_off = PreemptionOff::new();
    let has_entered = || HAS_ENTERED.load(Ordering::Acquire);
    let runs = || percpu::get(start.cpu.id()).is_some();
    let wait = |is_there: &dyn Fn() -> bool, wait_ns| {
        let end_ns = clock::now_ns() + wait_ns;
        while !is_there() && clock::now_ns() < end_ns {
            core::hint::spin_loop();
        }
    };
    for wait_ns in [AFTER_STARTUP_NS, ENTER_NS] {
        {
            let _interrupts_off = InterruptsOff::new();
            local_apic::send(apic_id, Message::Startup(page_number));
        }
        wait(&has_entered, wait_ns);
        if has_entered() {
            compare_counters(start.cpu);
            // Once the CPU runs, it answers requests of other CPUs.
            wait(&runs, ENTER_NS);
            break;
        }
    }
    if ADMISSION.close(attempt) {
        // If the CPU answers later, it stops itself.
        *STARTING.lock() = None;
        send_init([apic_id].into_iter());
        return false;
    }
    // The CPU has registered itself, or is about to.
    while !runs() {
        core::hint::spin_loop();
    }
    true
}

/// The first function of a starting CPU in 64-bit mode, on its own stack.
extern "C" fn enter() -> ! {
    let start = STARTING.lock().take();
    let Some((attempt, start)) = start else {
        // A second start-up message has started this CPU again.
        crate::arch::irq::interrupt_flag::halt();
    };
    let root = PhysAddr::new(ROOT.load(Ordering::Relaxed));
    // SAFETY: it is the kernel's table, which maps the whole kernel with its stacks.
    unsafe { tlb::load_kernel(root) };
    percpu::use_here(start.cpu);
    gdt::load(start.stacks);
    idt::load();
    // Loading FS or GS would clear its base on some CPUs; neither has been loaded.
    features::start_here();
    local_apic::enable();
    timer::start_here();
    HAS_ENTERED.store(true, Ordering::Release);
    answer_counters();
    if !ADMISSION.close(attempt) {
        // The answer came too late: this number may belong to another CPU now.
        crate::arch::irq::interrupt_flag::halt();
    }
    percpu::add(start.cpu);
    tlb::add(start.cpu);
    let entry = ENTRY.get().expect("it is set before a CPU starts");
    entry(start.cpu)
}

/// The comparison of time stamp counters: the boot CPU sends requests, and the starting
/// CPU answers with its counter.
struct Comparison {
    question: AtomicU32,
    answer: AtomicU32,
    counter: AtomicU64,
    is_over: AtomicBool,
}

static COMPARISON: Comparison = Comparison {
    question: AtomicU32::new(0),
    answer: AtomicU32::new(0),
    counter: AtomicU64::new(0),
    is_over: AtomicBool::new(false),
};

/// The number of comparisons; the one with the shortest delay is used.
const COMPARISONS: u32 = 64;

/// Measures the offset of the counter of `cpu`, which answers. If the offset is larger than the
/// delay of the answer, corrects the offset and marks the counters as unstable.
fn compare_counters(cpu: &Cpu) {
    let comparison = &COMPARISON;
    let mut best: Option<(u64, u64)> = None;
    let end_ns = clock::now_ns() + ENTER_NS;
    for _ in 0..COMPARISONS {
        let question = comparison.question.load(Ordering::Relaxed).wrapping_add(1);
        let asked = clock::read_tsc();
        comparison.question.store(question, Ordering::Release);
        while comparison.answer.load(Ordering::Acquire) != question {
            core::hint::spin_loop();
            if clock::now_ns() > end_ns {
                // The CPU doesn't answer any more, or is very slow.
                clock::mark_counters_unstable();
                comparison.is_over.store(true, Ordering::Release);
                return;
            }
        }
        let took = clock::read_tsc().wrapping_sub(asked);
        let middle = asked.wrapping_add(took / 2);
        // The value to add to the other CPU's counter.
        let offset = middle.wrapping_sub(comparison.counter.load(Ordering::Relaxed));
        if best.is_none_or(|(least, _)| took < least) {
            best = Some((took, offset));
        }
    }
    if let Some((took, offset)) = best
        && (offset as i64).unsigned_abs() > took / 2
    {
        clock::set_tsc_offset(cpu, offset);
        clock::mark_counters_unstable();
    }
    comparison.is_over.store(true, Ordering::Release);
}

/// Answers with this CPU's counter until the last request.
fn answer_counters() {
    let comparison = &COMPARISON;
    let mut answered = comparison.answer.load(Ordering::Relaxed);
    while !comparison.is_over.swap(false, Ordering::Acquire) {
        let question = comparison.question.load(Ordering::Acquire);
        if question != answered {
            comparison.counter.store(clock::read_tsc(), Ordering::Relaxed);
            comparison.answer.store(question, Ordering::Release);
            answered = question;
        }
        core::hint::spin_loop();
    }
}

/// Returns the offset of the parameters in the trampoline, in bytes.
#[cfg(test)]
fn parameters_range() -> core::ops::Range<usize> {
    let (_, offset, len_bytes) = code();
    offset..len_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn parameters_are_as_long_as_the_trampoline_has_them() {
        let range = parameters_range();
        assert_eq!(range.len(), size_of::<Parameters>());
        assert!(range.end < 4096 && range.start.is_multiple_of(8));
    }
}
