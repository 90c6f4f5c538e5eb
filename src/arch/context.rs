//! Where a thread that doesn't run goes on: the switch from one stack to another.
//!
//! A thread gives the processor up by a call, so only the registers that a call keeps are
//! saved, on its stack; all others of a thread that was interrupted are in its trap frame.
//!
//! Source: System V ABI, AMD64 Supplement, "Register Usage".

use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::VirtAddr;

use crate::arch::irq::interrupt_flag;
use crate::arch::smp::tlb;
use crate::per_cpu;

/// Memory that a context may use as its stack.
///
/// # Safety
/// As long as the value lives, the memory of at least [`STACK_BYTES_MIN`] bytes below
/// [`top`](Self::top) is mapped, written and read by nobody else. The top is a multiple
/// of 16.
pub unsafe trait Stack: Send {
    /// Returns the address behind the highest byte.
    fn top(&self) -> VirtAddr;
}

/// What a stack has at least.
pub const STACK_BYTES_MIN: u64 = 4096;

/// What a new context begins with.
pub type Entry = extern "C" fn() -> !;

/// No stack: a new context may be prepared here.
const EMPTY: u64 = 0;
/// A processor runs it, or is about to leave it.
const RUNNING: u64 = 1;
/// It is being changed.
const CHANGING: u64 = 2;
/// It was left for good.
const RETIRED: u64 = 3;

/// Where a thread goes on.
///
/// Only one processor at a time runs it: who switches to a context that another is about
/// to leave waits for that.
pub struct Context<S> {
    /// One of the states above, or the stack pointer.
    state: AtomicU64,
    /// `None` for one that was adopted.
    stack: UnsafeCell<Option<S>>,
}

// SAFETY: the stack is only touched by who has put the state to CHANGING.
unsafe impl<S: Stack> Sync for Context<S> {}

per_cpu! {
    /// The context that runs, as its address.
    static RUNNING_CONTEXT: AtomicU64 = AtomicU64::new(0);
}

impl<S: Stack> Context<S> {
    /// Returns one that can't be switched to yet.
    pub const fn new() -> Self {
        Self { state: AtomicU64::new(EMPTY), stack: UnsafeCell::new(None) }
    }

    fn address(&self) -> u64 {
        (self as *const Self).addr() as u64
    }

    /// Moves from state `from` to state `to`.
    fn change(&self, from: u64, to: u64) {
        let changed = self.state.compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed);
        assert!(changed.is_ok(), "a context is {changed:?} and not {from}");
    }

    /// Makes this the context of what runs on this processor, on a stack of its own that
    /// lives for ever.
    ///
    /// # Panics
    /// If it was used before, or this processor has one.
    pub fn adopt(&'static self) {
        assert!(RUNNING_CONTEXT.get() == 0, "this CPU runs a context");
        self.change(EMPTY, RUNNING);
        RUNNING_CONTEXT.set(self.address());
    }

    /// Lets whoever switches here begin with `entry` on `stack`, with interrupts off.
    ///
    /// # Panics
    /// If it is in use.
    pub fn prepare(&'static self, stack: S, entry: Entry) {
        self.change(EMPTY, CHANGING);
        let top = stack.top();
        assert!(top.is_aligned(16_u64), "stacks end on a multiple of 16");
        // From the top: what ends the chain of frames, and as much again for alignment;
        // where the switch returns to; RBP, RBX, R12 to R15 as it pops them.
        let words = [0, 0, begin as *const () as u64, 0, 0, entry as usize as u64, 0, 0, 0];
        for (index, word) in words.into_iter().enumerate() {
            let place: *mut u64 = (top - (index as u64 + 1) * 8).as_mut_ptr();
            // SAFETY: it is within the stack, which nobody else uses.
            unsafe { place.write(word) };
        }
        // SAFETY: nobody else touches it in this state.
        unsafe { *self.stack.get() = Some(stack) };
        let stack_pointer = top - words.len() as u64 * 8;
        self.state.store(stack_pointer.as_u64(), Ordering::Release);
    }

    /// Takes the stack of a context that was left for good; `None` if it was adopted.
    ///
    /// # Panics
    /// If it wasn't left by [`retire`].
    pub fn take_stack(&self) -> Option<S> {
        self.change(RETIRED, CHANGING);
        // SAFETY: nobody else touches it in this state.
        let stack = unsafe { (*self.stack.get()).take() };
        self.state.store(EMPTY, Ordering::Release);
        stack
    }

    /// Tells whether it was left for good, so that its stack can be taken.
    pub fn is_retired(&self) -> bool {
        self.state.load(Ordering::Acquire) == RETIRED
    }

    /// Returns where it goes on: its stack pointer, below which nothing is in use. `None`
    /// while it runs, or is of no use.
    pub fn stack_pointer(&self) -> Option<VirtAddr> {
        let state = self.state.load(Ordering::Acquire);
        (state > RETIRED).then(|| VirtAddr::new_truncate(state))
    }

    /// Takes the right to run it; returns its stack pointer.
    fn take(&self) -> u64 {
        loop {
            let state = self.state.load(Ordering::Relaxed);
            assert!(state == RUNNING || state > RETIRED, "there is nothing to switch to");
            let taken =
                self.state.compare_exchange(state, RUNNING, Ordering::Acquire, Ordering::Relaxed);
            if state != RUNNING && taken.is_ok() {
                return state;
            }
            // The processor that ran it is about to leave it.
            core::hint::spin_loop();
            tlb::answer_shootdowns();
        }
    }

    /// Makes `to` the context that this processor runs instead of `self`; returns where
    /// `to` goes on.
    fn hand_over(&'static self, to: &'static Self) -> u64 {
        assert!(!interrupt_flag::are_enabled(), "contexts are switched with interrupts off");
        assert!(RUNNING_CONTEXT.get() == self.address(), "it isn't what runs here");
        let stack_pointer = to.take();
        RUNNING_CONTEXT.set(to.address());
        stack_pointer
    }
}

impl<S: Stack> Default for Context<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// Leaves `from`, which runs here, for `to`; returns when somebody switches back to
/// `from`, maybe on another processor. Interrupts have to be off, and still are on return.
///
/// # Panics
/// If `from` isn't what runs on this processor, or there is nothing to go on with in `to`.
#[inline]
pub fn switch<S: Stack>(from: &'static Context<S>, to: &'static Context<S>) {
    let stack_pointer = from.hand_over(to);
    // SAFETY: `to` was left by `switch`, or prepared, and nobody else runs it; `from` is
    // what runs here.
    unsafe { switch_stacks(from.state.as_ptr(), stack_pointer) };
}

/// Leaves `from`, which runs here, for `to`, and for good: its stack can then be taken.
/// What is on it is never dropped. Interrupts have to be off.
///
/// # Panics
/// As [`switch`].
pub fn retire<S: Stack>(from: &'static Context<S>, to: &'static Context<S>) -> ! {
    let stack_pointer = from.hand_over(to);
    // SAFETY: as in `switch`; nobody comes back to `from`.
    unsafe { retire_stack(from.state.as_ptr(), stack_pointer) }
}

/// Pops what [`switch_stacks`] pushed, and returns to who called it.
macro_rules! go_on {
    ($($line:literal,)* $(; $($operand:tt)*)?) => {
        naked_asm!(
            $($line,)*
            "pop r15",
            "pop r14",
            "pop r13",
            "pop r12",
            "pop rbx",
            "pop rbp",
            "ret",
            $($($operand)*)?
        )
    };
}

/// Saves the registers that a call keeps, leaves the stack pointer at `saved`, and goes
/// on at `stack_pointer`. The store comes behind all others to the stack, and nothing
/// touches that afterwards: another processor may go on there at once.
///
/// # Safety
/// `stack_pointer` was left there by this function, or is that of a prepared stack, and
/// nobody else goes on there. `saved` can be written.
#[unsafe(naked)]
unsafe extern "sysv64" fn switch_stacks(saved: *mut u64, stack_pointer: u64) {
    go_on!(
        "push rbp",
        "push rbx",
        "push r12",
        "push r13",
        "push r14",
        "push r15",
        "mov [rdi], rsp",
        "mov rsp, rsi",
    )
}

/// Goes on at `stack_pointer`, and tells at `state` that this stack isn't used any more.
///
/// # Safety
/// As [`switch_stacks`].
#[unsafe(naked)]
unsafe extern "sysv64" fn retire_stack(state: *mut u64, stack_pointer: u64) -> ! {
    go_on!(
        "mov rsp, rsi",
        "mov qword ptr [rdi], {retired}",
        ; retired = const RETIRED,
    )
}

/// Where a prepared context begins: R12 is the entry.
#[unsafe(naked)]
extern "C" fn begin() {
    naked_asm!("call r12", "ud2")
}
