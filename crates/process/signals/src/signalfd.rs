//! The record that a read of a signalfd returns: `struct signalfd_siginfo`.

use crate::bytes::{Writer, i32_at, u32_at, u64_at};
use crate::info::{Content, SigInfo};

/// The size of a `struct signalfd_siginfo`.
pub const SIGNALFD_BYTES: usize = 128;

/// Offsets of its fields.
///
/// Source: signalfd(2); Linux, include/uapi/linux/signalfd.h.
mod at {
    pub(super) const SIGNAL: usize = 0;
    pub(super) const ERRNO: usize = 4;
    pub(super) const CODE: usize = 8;
    pub(super) const PID: usize = 12;
    pub(super) const UID: usize = 16;
    pub(super) const DESCRIPTOR: usize = 20;
    pub(super) const TIMER: usize = 24;
    pub(super) const BAND: usize = 28;
    pub(super) const OVERRUN: usize = 32;
    pub(super) const STATUS: usize = 40;
    pub(super) const NUMBER: usize = 44;
    pub(super) const POINTER: usize = 48;
    pub(super) const USER_TICKS: usize = 56;
    pub(super) const SYSTEM_TICKS: usize = 64;
    pub(super) const ADDRESS: usize = 72;
}

/// Writes the sender of a signal, and its value.
fn write_value(writer: &mut Writer<'_>, pid: i32, uid: u32, value: u64) {
    writer.i32(at::PID, pid);
    writer.u32(at::UID, uid);
    writer.i32(at::NUMBER, value as i32);
    writer.u64(at::POINTER, value);
}

impl SigInfo {
    /// Returns the `struct signalfd_siginfo`. Unused bytes are zero.
    pub fn to_signalfd_bytes(&self) -> [u8; SIGNALFD_BYTES] {
        let mut bytes = [0; SIGNALFD_BYTES];
        let mut writer = Writer(&mut bytes);
        writer.u32(at::SIGNAL, self.signal.number().into());
        writer.i32(at::ERRNO, self.errno);
        writer.i32(at::CODE, self.code.0);
        match self.content {
            Content::None => {}
            Content::Sender { pid, uid } => {
                writer.i32(at::PID, pid);
                writer.u32(at::UID, uid);
            }
            Content::Value { pid, uid, value } => write_value(&mut writer, pid, uid, value),
            Content::Timer { id, overruns, value } => {
                writer.i32(at::TIMER, id);
                writer.i32(at::OVERRUN, overruns);
                writer.i32(at::NUMBER, value as i32);
                writer.u64(at::POINTER, value);
            }
            Content::Fault { address } => writer.u64(at::ADDRESS, address),
            Content::Child { pid, uid, status, user_ticks, system_ticks } => {
                writer.i32(at::PID, pid);
                writer.u32(at::UID, uid);
                writer.i32(at::STATUS, status);
                writer.u64(at::USER_TICKS, user_ticks);
                writer.u64(at::SYSTEM_TICKS, system_ticks);
            }
            Content::File { events, descriptor } => {
                writer.i32(at::DESCRIPTOR, descriptor);
                writer.u32(at::BAND, events as u32);
            }
            // rt_sigqueueinfo(2) passes a sender and a value.
            Content::Bytes(fields) => {
                let (pid, uid) = (i32_at(&fields, 0), u32_at(&fields, 4));
                write_value(&mut writer, pid, uid, u64_at(&fields, 8));
            }
        }
        bytes
    }
}
