//! Requests for block devices: ioctl(2).
//!
//! Source: Linux, include/uapi/linux/fs.h.

use super::call::{Call, CallResult};
use super::errno::Errno;
use crate::fs::block_files::BlockFile;

const BLKROGET: u32 = 0x125E;
const BLKGETSIZE: u32 = 0x1260;
const BLKFLSBUF: u32 = 0x1261;
const BLKSSZGET: u32 = 0x1268;
const BLKIOMIN: u32 = 0x1278;
const BLKIOOPT: u32 = 0x1279;
const BLKALIGNOFF: u32 = 0x127A;
const BLKPBSZGET: u32 = 0x127B;
const BLKROTATIONAL: u32 = 0x127E;
const BLKBSZGET: u32 = 0x8008_1270;
const BLKGETSIZE64: u32 = 0x8008_1272;

/// The size of the sectors in which BLKGETSIZE counts, in bytes.
const COUNTED_BYTES: u64 = 512;
/// The size of the blocks in which the device's pages are cached on Linux, in bytes.
const BLOCK_BYTES: u32 = 4096;

pub(super) fn control(call: &Call<'_>, file: &BlockFile) -> CallResult {
    let device = file.device();
    let sector_bytes = device.sector_bytes() as u32;
    let number = match call.argument_u32(1) {
        BLKROGET => u32::from(device.disk().is_read_only),
        BLKSSZGET | BLKPBSZGET | BLKIOMIN => sector_bytes,
        BLKBSZGET => BLOCK_BYTES,
        BLKIOOPT | BLKALIGNOFF => 0,
        BLKROTATIONAL => {
            call.pointer::<u16>(2).write(&0)?;
            return Ok(0);
        }
        BLKGETSIZE => {
            call.pointer::<u64>(2).write(&(device.len_bytes() / COUNTED_BYTES))?;
            return Ok(0);
        }
        BLKGETSIZE64 => {
            call.pointer::<u64>(2).write(&device.len_bytes())?;
            return Ok(0);
        }
        BLKFLSBUF => {
            file.forget_pages()?;
            return Ok(0);
        }
        _ => return Err(Errno::ENOTTY.into()),
    };
    call.pointer::<u32>(2).write(&number)?;
    Ok(0)
}
