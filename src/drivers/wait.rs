//! Waits for devices that answer soon, or send no interrupt.

use core::hint;

use crate::arch::time::clock::now_ns;

/// Waits until `is_reached` returns true, at most for `limit_ns`. Returns whether it does.
pub fn wait(limit_ns: u64, is_reached: impl Fn() -> bool) -> bool {
    let deadline_ns = now_ns() + limit_ns;
    loop {
        // The order matters: after a long delay the condition is looked at once more.
        let is_late = now_ns() > deadline_ns;
        if is_reached() {
            return true;
        }
        if is_late {
            return false;
        }
        hint::spin_loop();
    }
}
