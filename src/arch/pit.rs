//! The 8254 interval timer: channel 0 ticks, channel 2 measures.
//!
//! Source: Intel 8254 datasheet, "Programming the 8254"; port 0x61: PC/AT
//! Technical Reference, "System control port".

use x86_64::instructions::port::Port;

/// The PIT's input clock, in Hz: a third of the PC's 3.579545 MHz.
const INPUT_HZ: u32 = 1_193_182;

const CHANNEL_0: u16 = 0x40;
const CHANNEL_2: u16 = 0x42;
const COMMAND: u16 = 0x43;
const SYSTEM_CONTROL: u16 = 0x61;

const CHANNEL_0_RATE_GENERATOR: u8 = 0b00_11_010_0;
const CHANNEL_2_ONE_SHOT: u8 = 0b10_11_000_0;

const GATE_2: u8 = 1 << 0;
const SPEAKER: u8 = 1 << 1;
const OUT_2: u8 = 1 << 5;

/// Lets channel 0 interrupt at about `frequency_hz`; returns the exact length
/// of a tick in nanoseconds, rounded.
pub(super) fn start_ticks(frequency_hz: u32) -> u64 {
    let divisor = (INPUT_HZ / frequency_hz) as u16;
    program(CHANNEL_0_RATE_GENERATOR, CHANNEL_0, divisor);
    u64::from(divisor) * 1_000_000_000 / u64::from(INPUT_HZ)
}

/// Waits, by polling channel 2, for `ms` milliseconds (at most 54). Returns
/// `None` if the channel never ends, as where there is no PIT.
pub(super) fn wait_ms(ms: u16) -> Option<()> {
    /// A port read takes about a microsecond on hardware; a PIT that is silent
    /// for this many is not there.
    const READS_MAX: u32 = 10_000_000;

    let mut control: Port<u8> = Port::new(SYSTEM_CONTROL);
    // SAFETY: reading the port changes nothing.
    let before = unsafe { control.read() };
    // SAFETY: the gate starts channel 2, the speaker stays off; nobody else uses
    // either.
    unsafe { control.write(before & !SPEAKER | GATE_2) };
    program(CHANNEL_2_ONE_SHOT, CHANNEL_2, (INPUT_HZ / 1000) as u16 * ms);
    // SAFETY: reading the port changes nothing.
    let is_over = (0..READS_MAX).any(|_| unsafe { control.read() } & OUT_2 != 0);
    // SAFETY: as it was.
    unsafe { control.write(before) };
    is_over.then_some(())
}

fn program(command: u8, channel: u16, count: u16) {
    let [low, high] = count.to_le_bytes();
    let mut data: Port<u8> = Port::new(channel);
    // SAFETY: the PIT is this module's alone; the command announces two bytes.
    unsafe { Port::new(COMMAND).write(command) };
    // SAFETY: the low byte of the count.
    unsafe { data.write(low) };
    // SAFETY: the high byte of the count, which starts it.
    unsafe { data.write(high) };
}
