//! All terminals.

use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;

use spin::Once;

use super::master_end::MasterEnd;
use super::terminal::Terminal;
use crate::fs::error::FsError;
use crate::sync::{Rank, SpinMutex};

/// The largest number of pseudo-terminals: Linux's default of `kernel.pty.max`.
pub(super) const PTYS_MAX: u32 = 4096;

/// The console's terminal; set once, at the start.
static CONSOLE: Once<Arc<Terminal>> = Once::new();

/// Protects the pseudo-terminals, by their numbers; a number is free again when its terminal isn't
/// used any more. Held to find or to add one; not taken by interrupt handlers.
static PTYS: SpinMutex<Vec<Weak<Terminal>>> = SpinMutex::new(Rank::Files, Vec::new());

pub(super) fn set_console(terminal: Arc<Terminal>) {
    CONSOLE.call_once(|| terminal);
}

/// Returns the console's terminal.
///
/// # Panics
/// If it hasn't been made yet.
pub fn console() -> &'static Arc<Terminal> {
    CONSOLE.get().expect("the console's terminal is started before programs")
}

/// Returns the pseudo-terminal with this number.
pub(super) fn pty(number: u32) -> Option<Arc<Terminal>> {
    PTYS.lock().get(number as usize).and_then(Weak::upgrade)
}

/// Returns the controlling terminal of a session.
pub fn of_session(session: u32) -> Option<Arc<Terminal>> {
    let is_it = |terminal: &Arc<Terminal>| terminal.session() == Some(session);
    if is_it(console()) {
        return Some(console().clone());
    }
    let mut number = 0;
    loop {
        // This may drop the last reference to another terminal, so the lock is released.
        let terminal = PTYS.lock().get(number)?.upgrade();
        if let Some(terminal) = terminal.filter(is_it) {
            return Some(terminal);
        }
        number += 1;
    }
}

/// Assigns the lowest free number to a pseudo-terminal.
///
/// # Errors
/// [`FsError::NoSpace`] if there are [`PTYS_MAX`], [`FsError::NoMemory`].
pub(super) fn add_pty(terminal: &Arc<Terminal>, end: &MasterEnd) -> Result<u32, FsError> {
    let mut ptys = PTYS.lock();
    let index = ptys.iter().position(|it| it.strong_count() == 0).unwrap_or(ptys.len());
    let number = u32::try_from(index).ok().filter(|number| *number < PTYS_MAX);
    let number = number.ok_or(FsError::NoSpace)?;
    if index == ptys.len() {
        ptys.try_reserve(1)?;
        ptys.push(Weak::new());
    }
    ptys[index] = Arc::downgrade(terminal);
    end.set_number(number);
    Ok(number)
}
