//! The 8254 interval timer: channel 0 for interrupts, channel 2 for measurements.
//!
//! Source: Intel 8254 datasheet, "Programming the 8254"; port 0x61: PC/AT
//! Technical Reference, "System control port".

use timekeeping::calibration::Sample;

use crate::arch::ports::{PIT_CHANNEL_0, PIT_CHANNEL_2, PIT_COMMAND, Port8, SYSTEM_CONTROL};
use crate::arch::time::calibration::{Reference, bracket};
use crate::arch::time::rate::FrequencySource;

/// The PIT's input clock, in Hz: a third of the PC's 3.579545 MHz.
pub(in crate::arch) const INPUT_HZ: u32 = 1_193_182;

/// Channel 0, low then high byte, mode 0, binary.
const CHANNEL_0_ONE_SHOT: u8 = 0b0011_0000;
/// Channel 2, low then high byte, mode 0, binary.
const CHANNEL_2_ONE_SHOT: u8 = 0b1011_0000;
/// Latches the count of channel 2, for the next two reads.
const LATCH_2: u8 = 0b1000_0000;

const GATE_2: u8 = 1 << 0;
const SPEAKER: u8 = 1 << 1;
const OUT_2: u8 = 1 << 5;

/// Sets channel 0 to interrupt once, after `wait_ns` or 55 ms, whichever is less.
pub(in crate::arch) fn start_one_shot(wait_ns: u64) {
    // The interrupt comes one clock after zero.
    let clocks = u128::from(wait_ns) * u128::from(INPUT_HZ) / 1_000_000_000;
    program(CHANNEL_0_ONE_SHOT, PIT_CHANNEL_0, clocks.clamp(1, u16::MAX.into()) as u16);
}

/// Stops channel 0: it waits for a count.
pub(in crate::arch) fn stop_channel_0() {
    PIT_COMMAND.write(CHANNEL_0_ONE_SHOT);
}

/// Channel 2 as a reference for calibration: it counts down once from 0xFFFF, for 54.9 ms.
pub(in crate::arch) struct Channel2;

impl Reference for Channel2 {
    fn source(&self) -> FrequencySource {
        FrequencySource::Pit
    }

    fn hz(&self) -> u64 {
        INPUT_HZ.into()
    }

    fn mask(&self) -> u64 {
        u16::MAX.into()
    }

    fn start(&self) -> bool {
        /// The limit of the reads until the count is loaded: at the next clock, within a
        /// microsecond. Each read takes at least some nanoseconds.
        const READS_MAX: u32 = 10_000;
        let control = SYSTEM_CONTROL.read();
        // The gate starts channel 2; the speaker stays off.
        SYSTEM_CONTROL.write(control & !SPEAKER | GATE_2);
        program(CHANNEL_2_ONE_SHOT, PIT_CHANNEL_2, u16::MAX);
        // The output is low while channel 2 counts. Without a PIT or this port all bits
        // are set.
        let control = SYSTEM_CONTROL.read();
        if control & (OUT_2 | SPEAKER | GATE_2) != GATE_2 {
            return false;
        }
        let first = self.sample().map(|sample| sample.count);
        (0..READS_MAX).any(|_| {
            let next = self.sample().map(|sample| sample.count);
            next.is_some() && next != first
        })
    }

    fn sample(&self) -> Option<Sample> {
        let latched = bracket(|| {
            PIT_COMMAND.write(LATCH_2);
            0
        });
        let count = u16::from_le_bytes([PIT_CHANNEL_2.read(), PIT_CHANNEL_2.read()]);
        let is_counting = SYSTEM_CONTROL.read() & OUT_2 == 0;
        is_counting.then(|| Sample { count: u64::from(u16::MAX - count), ..latched })
    }

    fn stop(&self) {
        let control = SYSTEM_CONTROL.read();
        SYSTEM_CONTROL.write(control & !(SPEAKER | GATE_2));
    }
}

/// Returns whether there is a working PIT.
pub(in crate::arch) fn is_working() -> bool {
    let is_working = Channel2.start();
    Channel2.stop();
    is_working
}

/// Sends a command and the two bytes of the count; the second byte starts the channel.
fn program(command: u8, channel: Port8, count: u16) {
    let [low, high] = count.to_le_bytes();
    PIT_COMMAND.write(command);
    channel.write(low);
    channel.write(high);
}
