//! The 8254 interval timer: channel 0 interrupts, channel 2 measures.
//!
//! Source: Intel 8254 datasheet, "Programming the 8254"; port 0x61: PC/AT
//! Technical Reference, "System control port".

use crate::arch::ports::{PIT_CHANNEL_0, PIT_CHANNEL_2, PIT_COMMAND, Port8, SYSTEM_CONTROL};

/// The PIT's input clock, in Hz: a third of the PC's 3.579545 MHz.
pub(in crate::arch) const INPUT_HZ: u32 = 1_193_182;

/// Channel 0, low then high byte, mode 0, binary.
const CHANNEL_0_ONE_SHOT: u8 = 0b0011_0000;
/// Channel 2, low then high byte, mode 0, binary.
const CHANNEL_2_ONE_SHOT: u8 = 0b1011_0000;

const GATE_2: u8 = 1 << 0;
const SPEAKER: u8 = 1 << 1;
const OUT_2: u8 = 1 << 5;

/// Lets channel 0 interrupt once, after `wait_ns`, or after 54 ms if that is sooner.
pub(in crate::arch) fn start_one_shot(wait_ns: u64) {
    // It interrupts one clock behind zero.
    let clocks = u128::from(wait_ns) * u128::from(INPUT_HZ) / 1_000_000_000;
    program(CHANNEL_0_ONE_SHOT, PIT_CHANNEL_0, clocks.clamp(1, u16::MAX.into()) as u16);
}

/// Keeps channel 0 from interrupting: it waits for a count.
pub(in crate::arch) fn stop_channel_0() {
    PIT_COMMAND.write(CHANNEL_0_ONE_SHOT);
}

/// Measures how far `read` goes while channel 2 counts down from `count`;
/// returns that with the time it took, in clocks of [`INPUT_HZ`]. `None` if the
/// channel never ends, as where there is no PIT.
pub(in crate::arch) fn measure(count: u16, read: impl Fn() -> u64) -> Option<(u64, u64)> {
    /// A port read takes about a microsecond on hardware; a PIT that is silent
    /// for this many is not there.
    const READS_MAX: u32 = 1_000_000;

    let before = SYSTEM_CONTROL.read();
    // The gate starts channel 2, the speaker stays off.
    SYSTEM_CONTROL.write(before & !SPEAKER | GATE_2);
    program(CHANNEL_2_ONE_SHOT, PIT_CHANNEL_2, count);
    let start = read();
    let is_over = (0..READS_MAX).any(|_| SYSTEM_CONTROL.read() & OUT_2 != 0);
    let end = read();
    SYSTEM_CONTROL.write(before);
    // The count is loaded at the first clock, and ends one clock behind zero.
    is_over.then(|| (end - start, u64::from(count) + 1))
}

/// Sends a command that announces two bytes, and those; the second starts it.
fn program(command: u8, channel: Port8, count: u16) {
    let [low, high] = count.to_le_bytes();
    PIT_COMMAND.write(command);
    channel.write(low);
    channel.write(high);
}
