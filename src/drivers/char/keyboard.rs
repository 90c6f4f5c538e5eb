//! The keyboard at the first port of the 8042 controller.
//!
//! The interrupt handler decodes scan codes into key presses and queues them, each with the held
//! modifiers. A press becomes a character of the layout when it is read. Ctrl-Alt-Delete restarts
//! the machine in the handler; Ctrl-Alt-Escape requests attention.
//!
//! Readers start the commands that set the lights; the handler only sends the byte that the
//! keyboard expects next. No code waits for the keyboard.

use core::fmt;
use core::sync::atomic::{AtomicU8, Ordering};

use heapless::Deque;
use keyboard_keys::{Decoder, Event, Key, KeyPress, LightSetter, ScanCodeSet};

use crate::arch::boot_stage::{self, Stage};
use crate::arch::init_order::Controllers;
use crate::arch::irq::{self, Irq};
use crate::arch::reset;
use crate::arch::time::clock::Clock;
use crate::drivers::char::i8042::{self, Arrived, Attached, Controller, Error, PcPorts, Test};
use crate::drivers::char::input_events;
use crate::sync::{IrqMutex, Rank};

pub use keyboard_keys::Layout;

const QUEUE_PRESSES: usize = 128;
/// The largest number of bytes that are read in one interrupt: more than a controller can store.
const BURST_BYTES: u32 = 16;

/// The result of the detection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// A working controller.
    Present(Controller),
    /// No usable controller.
    Absent(Error),
}

impl fmt::Display for Keyboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(controller) => write!(f, "{controller}, layout {}", layout().name()),
            Self::Absent(error) => write!(f, "none: {error}"),
        }
    }
}

/// Protects the queue of presses from the interrupt handler to [`try_read`], the modifiers, and the
/// state of the commands for the lights.
static STATE: IrqMutex<KeyboardState> =
    IrqMutex::new(Rank::Device, KeyboardState::new(ScanCodeSet::One));

/// The layout's index in `Layout::ALL`.
static LAYOUT: AtomicU8 = AtomicU8::new(0);

/// The presses that were not yet read, the held keys, and the lights.
struct KeyboardState {
    decoder: Decoder,
    presses: Deque<KeyPress, QUEUE_PRESSES>,
    lights: LightSetter,
    lost: u64,
    /// Set if there is a controller.
    clock: Option<Clock>,
}

/// The caller's action after a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Nothing,
    /// Send this byte to the keyboard.
    Send(u8),
    /// Restart the machine: Ctrl-Alt-Delete was pressed.
    Reboot,
}

impl KeyboardState {
    const fn new(set: ScanCodeSet) -> Self {
        Self {
            decoder: Decoder::new(set),
            presses: Deque::new(),
            lights: LightSetter::new(),
            lost: 0,
            clock: None,
        }
    }

    fn handle_interrupt(&mut self) {
        for _ in 0..BURST_BYTES {
            match i8042::take() {
                None => return,
                Some(Arrived::Second) => {}
                Some(Arrived::First(byte)) => match self.take_byte(byte) {
                    Request::Nothing => {}
                    Request::Send(byte) if i8042::has_room() => i8042::send(byte),
                    // The byte is not sent; the command then times out.
                    Request::Send(_) => {}
                    Request::Reboot => reset::reboot(),
                },
            }
        }
    }

    fn take_byte(&mut self, byte: u8) -> Request {
        if let Some(lights) = self.lights.answer(byte, self.now_us()) {
            return Request::Send(lights);
        }
        match self.decoder.push(byte) {
            Some(Event::Press(press)) => {
                if self.presses.push_back(press).is_err() {
                    self.lost += 1;
                }
            }
            Some(Event::ControlAltDelete) => return Request::Reboot,
            Some(Event::ControlAltEscape) => input_events::request_attention(),
            Some(Event::PluggedIn) => self.lights.begin_again(),
            None => {}
        }
        Request::Nothing
    }

    /// Starts to set the keyboard's lights if they have changed. Otherwise doesn't access the
    /// controller, which may be slow.
    fn update_lights(&mut self) {
        if self.clock.is_none() {
            return;
        }
        let mut lights = self.lights;
        if let Some(byte) = lights.begin(self.decoder.lights(), self.now_us())
            && i8042::has_room()
        {
            i8042::send(byte);
            self.lights = lights;
        }
    }

    fn next_key(&mut self, layout: Layout) -> Option<Key> {
        while let Some(press) = self.presses.pop_front() {
            // Some keys have no meaning.
            if let Some(key) = layout.key(&press) {
                return Some(key);
            }
        }
        None
    }

    fn now_us(&self) -> u64 {
        self.clock.map_or(0, |clock| clock.uptime_us())
    }
}

/// Logged if no keyboard answers: there is no driver for USB keyboards.
const KINDS: &str = "PS/2 keyboards work, and USB ones that the firmware shows as such";

/// Detects the controller and the keyboard, and turns on the keyboard's interrupts. Takes
/// less than a second in any case.
pub fn start(controllers: Controllers, clock: Clock, layout: Layout) -> Keyboard {
    boot_stage::mark(Stage::Keyboard);
    set_layout(layout);
    let controller = match i8042::set_up::set_up(&mut PcPorts(clock)) {
        Ok(controller) => controller,
        Err(error) => {
            log::warn!("{error}");
            log::info!("{KINDS}");
            return Keyboard::Absent(error);
        }
    };
    *STATE.lock() = KeyboardState { clock: Some(clock), ..KeyboardState::new(controller.set) };
    emergency::start(controller.set);
    irq::set_handler(controllers, Irq::Keyboard, || {
        STATE.lock().handle_interrupt();
        input_events::note();
    });
    let found = Keyboard::Present(controller);
    let is_well = controller.test == Test::Passed && controller.attached != Attached::Nothing;
    if is_well {
        log::info!("{found}");
    } else {
        log::warn!("{found}");
        log::info!("{KINDS}");
    }
    found
}

/// Selects the layout, also for presses that haven't been read.
pub fn set_layout(layout: Layout) {
    LAYOUT.store(layout as u8, Ordering::Relaxed);
}

/// Returns the layout.
pub fn layout() -> Layout {
    Layout::ALL[usize::from(LAYOUT.load(Ordering::Relaxed))]
}

/// Returns the next key, if one was pressed. Starts to set the lights if they have
/// changed.
pub fn try_read() -> Option<Key> {
    let mut state = STATE.lock();
    state.update_lights();
    state.next_key(layout())
}

/// Returns the number of presses that were lost because the queue was full.
pub fn lost() -> u64 {
    STATE.lock().lost
}

pub use emergency::EmergencyKeyboard;

/// Keys for a kernel that has stopped.
mod emergency {
    use keyboard_keys::{Decoder, Event, Key, ScanCodeSet};
    use spin::Once;

    use crate::drivers::char::keyboard::{Arrived, BURST_BYTES, i8042, layout, reset};

    /// The controller's scan code set; empty if there is no controller.
    static SET: Once<ScanCodeSet> = Once::new();

    pub(in crate::drivers) fn start(set: ScanCodeSet) {
        SET.call_once(|| set);
    }

    /// The keyboard without its lock, which the code that failed may hold.
    pub struct EmergencyKeyboard {
        /// `None` if there is no controller.
        decoder: Option<Decoder>,
    }

    impl EmergencyKeyboard {
        /// Returns a keyboard in its initial state. The keys typed before, and the
        /// modifiers and locks at that time, are unknown.
        #[expect(clippy::new_without_default, reason = "it asks what was found at the start")]
        pub fn new() -> Self {
            Self { decoder: SET.get().map(|&set| Decoder::new(set)) }
        }

        /// Reads a key directly from the controller, if one was pressed. It uses no
        /// interrupts, which have to be off, and no lock. Ctrl-Alt-Delete restarts the
        /// machine.
        pub fn poll(&mut self) -> Option<Key> {
            let decoder = self.decoder.as_mut()?;
            for _ in 0..BURST_BYTES {
                let Arrived::First(byte) = i8042::take()? else { continue };
                match decoder.push(byte) {
                    Some(Event::Press(press)) => {
                        if let Some(key) = layout().key(&press) {
                            return Some(key);
                        }
                    }
                    Some(Event::ControlAltDelete) => reset::reboot(),
                    Some(Event::ControlAltEscape | Event::PluggedIn) | None => {}
                }
            }
            None
        }
    }
}

#[cfg(test)]
mod tests;
