//! Times: 32 bits of seconds, and where the inode has room, 2 more and the nanoseconds.
//!
//! Source: Linux, Documentation/filesystems/ext4/inodes.rst, "Inode Timestamps".

use volume::Time;

use crate::inode::{Inode, TimeField};

const NANOSECONDS: i64 = 1_000_000_000;
/// The bits of the extra field that are for seconds. The others are nanoseconds.
const EPOCH_BITS: u32 = 2;

/// Returns the time in a field.
pub(crate) fn get(inode: &Inode, field: TimeField) -> Time {
    let (seconds, extra) = inode.time(field);
    let extra = extra.unwrap_or(0);
    let epoch = extra & ((1 << EPOCH_BITS) - 1);
    let seconds = i64::from(seconds.cast_signed()) + (i64::from(epoch) << 32);
    let nanoseconds = i64::from(extra >> EPOCH_BITS).min(NANOSECONDS - 1);
    Time(seconds.saturating_mul(NANOSECONDS).saturating_add(nanoseconds))
}

/// Sets the time in a field, or the nearest one that it can hold.
pub(crate) fn set(inode: &mut Inode, field: TimeField, time: Time) {
    let (seconds, nanoseconds) = (time.0.div_euclid(NANOSECONDS), time.0.rem_euclid(NANOSECONDS));
    let least = i64::from(i32::MIN);
    let most = i64::from(i32::MAX) + if inode.has_extra(field) { 3 << 32 } else { 0 };
    let seconds = seconds.clamp(least, most);
    let low = seconds as u32;
    let epoch = (seconds - i64::from(low.cast_signed())) >> 32;
    inode.set_time(field, low, epoch as u32 | (nanoseconds as u32) << EPOCH_BITS);
}
