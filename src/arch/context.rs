//! The context switch: from the stack of one thread to the stack of another.
//!
//! A thread is switched out in a function call, so only the callee-saved registers are saved, on
//! its stack. If the thread was interrupted, its trap frame holds all others.
//!
//! Source: System V ABI, AMD64 Supplement, "Register Usage".

use alloc::sync::Arc;
use core::arch::naked_asm;
use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::VirtAddr;

use crate::arch::irq::interrupt_flag::InterruptsOff;
use crate::arch::smp::tlb;
use crate::arch::trap::frame::TrapFrame;
use crate::arch::user::user_thread::UserThread;
use crate::arch::user::{ENTRY_AREA_BYTES, user_state, way_out};
use crate::per_cpu;

/// Memory that a context may use as its stack.
///
/// # Safety
/// As long as the value lives, the memory of at least [`STACK_BYTES_MIN`] bytes below
/// [`top`](Self::top) is mapped, and nothing else reads or writes it. The top is a multiple of 16.
pub unsafe trait Stack: Send {
    /// Returns the address after the highest byte.
    fn top(&self) -> VirtAddr;
}

/// The minimum size of a stack.
pub const STACK_BYTES_MIN: u64 = 4096;

/// The function that a new context starts in.
pub type Entry = extern "C" fn() -> !;

/// It has no stack; [`Context::prepare`] may be called.
const EMPTY: u64 = 0;
/// A CPU runs it, or is about to switch away from it.
const RUNNING: u64 = 1;
/// Its stack is being set or taken.
const CHANGING: u64 = 2;
/// It has ended; its stack can be taken.
const RETIRED: u64 = 3;

/// The saved state of a thread: its stack and stack pointer.
///
/// Only one CPU at a time runs it. A CPU that switches to a context which another CPU is about to
/// leave waits until that CPU has left it.
pub struct Context<S> {
    /// The state: one of the constants above, or the stack pointer.
    state: AtomicU64,
    /// `None` for an adopted context.
    stack: UnsafeCell<Option<S>>,
    /// The top of the stack, as long as there is one.
    stack_top: AtomicU64,
}

// SAFETY: only the caller that has set the state to CHANGING accesses the stack.
unsafe impl<S: Stack> Sync for Context<S> {}

per_cpu! {
    /// The address of the context that runs.
    static RUNNING_CONTEXT: AtomicU64 = AtomicU64::new(0);
}

impl<S: Stack> Context<S> {
    /// Returns an empty context, which can't be switched to yet.
    pub const fn new() -> Self {
        Self {
            state: AtomicU64::new(EMPTY),
            stack: UnsafeCell::new(None),
            stack_top: AtomicU64::new(0),
        }
    }

    fn address(&self) -> u64 {
        (self as *const Self).addr() as u64
    }

    /// Moves from state `from` to state `to`.
    fn change(&self, from: u64, to: u64) {
        let changed = self.state.compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed);
        assert!(changed.is_ok(), "a context's state is {changed:?}, not {from}");
    }

    /// Turns the code that runs on this CPU into this context. Its stack must live for ever.
    ///
    /// # Panics
    /// If the context was used before, or this CPU already runs a context.
    pub fn adopt(&'static self) {
        assert!(RUNNING_CONTEXT.get() == 0, "this CPU runs a context");
        self.change(EMPTY, RUNNING);
        RUNNING_CONTEXT.set(self.address());
    }

    /// Prepares the context: the first switch to it calls `entry` on `stack`, with interrupts off.
    ///
    /// # Panics
    /// If it is in use.
    pub fn prepare(&'static self, stack: S, entry: Entry) {
        self.change(EMPTY, CHANGING);
        let stack_top = stack.top();
        assert!(stack_top.is_aligned(16_u64), "stacks end on a multiple of 16");
        let top = stack_top - ENTRY_AREA_BYTES;
        // From the top: zeros for the entry from ring 3, which stand for "no program"; the zero
        // that ends the chain of frames; a zero for alignment; the return address of the switch;
        // RBP, RBX, R12 to R15 in the order in which they are popped.
        let words = [0, 0, begin as *const () as u64, 0, 0, entry as usize as u64, 0, 0, 0];
        for word in 1..=ENTRY_AREA_BYTES / 8 {
            let place: *mut u64 = (stack_top - word * 8).as_mut_ptr();
            // SAFETY: it is within the stack, which nothing else uses.
            unsafe { place.write(0) };
        }
        for (index, word) in words.into_iter().enumerate() {
            let place: *mut u64 = (top - (index as u64 + 1) * 8).as_mut_ptr();
            // SAFETY: it is within the stack, which nothing else uses.
            unsafe { place.write(word) };
        }
        // SAFETY: in this state nothing else accesses it.
        unsafe { *self.stack.get() = Some(stack) };
        self.stack_top.store(stack_top.as_u64(), Ordering::Relaxed);
        let stack_pointer = top - words.len() as u64 * 8;
        self.state.store(stack_pointer.as_u64(), Ordering::Release);
    }

    /// Takes the stack of a context that has ended; returns `None` if the context was adopted.
    ///
    /// # Panics
    /// If it wasn't left by [`retire`].
    pub fn take_stack(&self) -> Option<S> {
        self.change(RETIRED, CHANGING);
        // SAFETY: in this state nothing else accesses it.
        let stack = unsafe { (*self.stack.get()).take() };
        self.state.store(EMPTY, Ordering::Release);
        stack
    }

    /// Returns whether it has ended, so that its stack can be taken.
    pub fn is_retired(&self) -> bool {
        self.state.load(Ordering::Acquire) == RETIRED
    }

    /// Returns the saved stack pointer; nothing below that is in use. `None` while the context
    /// runs, or if it has no stack.
    pub fn stack_pointer(&self) -> Option<VirtAddr> {
        let state = self.state.load(Ordering::Acquire);
        (state > RETIRED).then(|| VirtAddr::new_truncate(state))
    }

    /// Claims the context for this CPU; returns its stack pointer.
    #[inline]
    fn take(&self) -> u64 {
        loop {
            let state = self.state.load(Ordering::Relaxed);
            if state > RETIRED
                && self
                    .state
                    .compare_exchange(state, RUNNING, Ordering::Acquire, Ordering::Relaxed)
                    .is_ok()
            {
                return state;
            }
            assert!(state == RUNNING || state > RETIRED, "there is nothing to switch to");
            // Another CPU is about to leave the context.
            core::hint::spin_loop();
            tlb::answer_shootdowns();
        }
    }

    /// Makes `to` the context that this CPU runs instead of `self`; returns the stack pointer of
    /// `to`.
    #[inline(always)]
    fn hand_over(&'static self, to: &'static Self) -> u64 {
        assert!(RUNNING_CONTEXT.get() == self.address(), "this CPU runs another context");
        let stack_pointer = to.take();
        RUNNING_CONTEXT.set(to.address());
        // A context without a stack of its own never enters ring 3.
        user_state::set_entry_area(VirtAddr::new_truncate(to.stack_top.load(Ordering::Relaxed)));
        stack_pointer
    }

    /// Enters ring 3 for the first time in this context, which runs, as `thread`, with the
    /// registers in `registers`. The values on the stack are never dropped. Interrupts are on.
    ///
    /// # Panics
    /// If this CPU doesn't run this context, or the context was adopted.
    pub fn enter_program(&'static self, thread: Arc<dyn UserThread>, registers: &TrapFrame) -> ! {
        assert!(RUNNING_CONTEXT.get() == self.address(), "this CPU runs another context");
        let stack_top = self.stack_top.load(Ordering::Relaxed);
        assert!(stack_top != 0, "an adopted context can't run a program");
        // SAFETY: `prepare` has set the entry area at the top of this stack aside.
        unsafe { way_out::enter(thread, registers, VirtAddr::new_truncate(stack_top)) }
    }
}

impl<S: Stack> Default for Context<S> {
    fn default() -> Self {
        Self::new()
    }
}

/// Switches from `from`, which runs on this CPU, to `to`. Returns after a switch back to `from`,
/// possibly on another CPU. Interrupts are off, also on return.
///
/// # Panics
/// If this CPU doesn't run `from`, or `to` has no stack pointer.
#[inline]
pub fn switch<S: Stack>(
    from: &'static Context<S>,
    to: &'static Context<S>,
    _interrupts_off: &InterruptsOff,
) {
    let stack_pointer = from.hand_over(to);
    // SAFETY: `to` was left by `switch`, or prepared, and no other CPU runs it; `from` runs on this
    // CPU.
    unsafe { switch_stacks(from.state.as_ptr(), stack_pointer) };
}

/// Switches from `from`, which runs on this CPU, to `to`, and ends `from`: its stack can then be
/// taken. The values on that stack are never dropped. Interrupts are off.
///
/// # Panics
/// As [`switch`].
pub fn retire<S: Stack>(
    from: &'static Context<S>,
    to: &'static Context<S>,
    _interrupts_off: &InterruptsOff,
) -> ! {
    let stack_pointer = from.hand_over(to);
    // SAFETY: as in `switch`; nothing switches back to `from`.
    unsafe { retire_stack(from.state.as_ptr(), stack_pointer) }
}

/// Pops what [`switch_stacks`] pushed, and returns to its caller.
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

/// Saves the callee-saved registers, stores the stack pointer at `saved`, and continues at
/// `stack_pointer`. This store comes after all other stores to the stack, and nothing accesses the
/// stack afterwards: another CPU may continue on it at once.
///
/// # Safety
/// `stack_pointer` was stored by this function, or is that of a prepared stack, and no other CPU
/// continues there. `saved` can be written.
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

/// Continues at `stack_pointer`, and stores at `state` that the old stack is no longer in use.
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

/// The first code of a prepared context: calls the entry, which is in R12.
#[unsafe(naked)]
extern "C" fn begin() {
    naked_asm!("call r12", "ud2")
}
