//! The events of a thread, except its system calls, for a tracer. The room above registers the
//! function that receives them.

use core::sync::atomic::{AtomicBool, Ordering};

use signals::{SigInfo, Signal};
use spin::Once;

use super::attention::Ending;
use super::exit_status::ExitStatus;
use super::thread::ProcessThread;

/// An event of a thread.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// The thread receives a signal, which a handler handles or which ends the thread.
    Signal(&'a SigInfo),
    /// A signal stops the thread.
    Stopped(Signal),
    /// The thread ends, alone or with its process.
    Ended(ExitStatus),
}

/// Receives an event. Called on the thread, without locks. May wait.
pub type Observer = fn(&ProcessThread, Event<'_>);

static OBSERVER: Once<Observer> = Once::new();
static IS_ON: AtomicBool = AtomicBool::new(false);

/// Registers the function that receives the events.
pub fn register(observer: Observer) {
    OBSERVER.call_once(|| observer);
}

/// Sets whether the function is called.
pub fn set_on(is_on: bool) {
    IS_ON.store(is_on, Ordering::Relaxed);
}

/// Reports an event of the running thread.
pub(super) fn report(thread: &ProcessThread, event: Event<'_>) {
    if IS_ON.load(Ordering::Relaxed)
        && let Some(observer) = OBSERVER.get()
    {
        observer(thread, event);
    }
}

/// Reports the end of the running thread.
pub(super) fn report_end(thread: &ProcessThread, ending: Ending) {
    let (Ending::Thread(status) | Ending::Process(status)) = ending;
    report(thread, Event::Ended(status));
}
