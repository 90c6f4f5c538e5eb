//! The other end of the line of a terminal.

use line_discipline::LineDiscipline;

use super::master_end::MasterEnd;
use crate::sync::{Mutex, Rank, SpinMutex};

/// The number of bytes that are sent at once.
const CHUNK_BYTES: usize = 256;

/// The other end of the line of a terminal.
pub(super) enum Line {
    /// A device.
    Device(DeviceEnd),
    /// The master of a pseudo-terminal, which reads the bytes.
    Master(MasterEnd),
}

/// The device of a terminal.
pub(super) struct DeviceEnd {
    send: fn(&[u8]),
    /// Held from the removal of bytes from the output queue until they are sent: writers and the
    /// thread that echoes remove bytes, and the device has to get them in the queue's order.
    sending: Mutex<()>,
}

impl DeviceEnd {
    /// Makes the end of a device that sends bytes by `send`, which may wait.
    pub(super) const fn new(send: fn(&[u8])) -> Self {
        Self { send, sending: Mutex::new(Rank::SpecialFile, ()) }
    }

    /// Sends the bytes of the output queue, until it is empty or stopped. May wait.
    pub(super) fn send_output(&self, discipline: &SpinMutex<LineDiscipline>) {
        let mut bytes = [0; CHUNK_BYTES];
        loop {
            let _sending = self.sending.lock();
            let len = discipline.lock().take_output(&mut bytes);
            if len == 0 {
                return;
            }
            (self.send)(&bytes[..len]);
        }
    }
}
