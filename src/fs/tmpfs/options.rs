//! The options of mount(2) for a tmpfs.
//!
//! Source: tmpfs(5).

use alloc::sync::Arc;

use super::{Limits, UNLIMITED, make};
use crate::fs::attributes::Mode;
use crate::fs::error::FsError;
use crate::fs::kinds::{Kind, Source};
use crate::fs::page_cache::PAGE_BYTES;
use crate::fs::super_block::SuperBlock;
use crate::mm::kernel::frames;

/// The kind of file system.
pub const KIND: Kind =
    Kind { name: "tmpfs", source: Source::Any, make: |request| with_options(request.options) };

/// Makes a tmpfs with these options.
fn with_options(options: &[u8]) -> Result<Arc<SuperBlock>, FsError> {
    let mut limits = Limits::default_of_machine();
    let (mut mode, mut uid, mut gid) = (Mode::from_bits_truncate(0o1777), 0, 0);
    let text = core::str::from_utf8(options).map_err(|_| FsError::InvalidArgument)?;
    for option in text.split(',').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').ok_or(FsError::InvalidArgument)?;
        match name {
            "size" => limits.pages = limit(size_bytes(value)?.div_ceil(PAGE_BYTES)),
            "nr_blocks" => limits.pages = limit(scaled(value)?),
            "nr_inodes" => limits.inodes = limit(scaled(value)?),
            "mode" => mode = parse_mode(value)?,
            "uid" => uid = value.parse().map_err(|_| FsError::InvalidArgument)?,
            "gid" => gid = value.parse().map_err(|_| FsError::InvalidArgument)?,
            _ => return Err(FsError::InvalidArgument),
        }
    }
    let super_block = make("tmpfs", limits, mode)?;
    if let Some(root) = super_block.root().inode() {
        root.attributes().set_owner(uid, gid);
    }
    Ok(super_block)
}

/// Returns a limit; 0 means no limit.
fn limit(number: u64) -> u64 {
    if number == 0 { UNLIMITED } else { number }
}

fn parse_mode(value: &str) -> Result<Mode, FsError> {
    let bits = u16::from_str_radix(value, 8).map_err(|_| FsError::InvalidArgument)?;
    Mode::from_bits(bits).ok_or(FsError::InvalidArgument)
}

/// Returns a size, which may be given as a percentage of the memory.
fn size_bytes(value: &str) -> Result<u64, FsError> {
    match value.strip_suffix('%') {
        Some(percent) => {
            let percent: u64 = percent.parse().map_err(|_| FsError::InvalidArgument)?;
            let memory_bytes = frames::managed() as u64 * PAGE_BYTES;
            (memory_bytes / 100).checked_mul(percent).ok_or(FsError::InvalidArgument)
        }
        None => scaled(value),
    }
}

/// Returns a number with an optional suffix `k`, `m` or `g`.
fn scaled(value: &str) -> Result<u64, FsError> {
    let (digits, shift) = match value.as_bytes().last().map(u8::to_ascii_lowercase) {
        Some(b'k') => (&value[..value.len() - 1], 10),
        Some(b'm') => (&value[..value.len() - 1], 20),
        Some(b'g') => (&value[..value.len() - 1], 30),
        _ => (value, 0),
    };
    let number: u64 = digits.parse().map_err(|_| FsError::InvalidArgument)?;
    number.checked_mul(1 << shift).ok_or(FsError::InvalidArgument)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn sizes_have_units() {
        assert_eq!(size_bytes("64k"), Ok(65_536));
        assert_eq!(size_bytes("1M"), Ok(1 << 20));
        assert_eq!(size_bytes("512"), Ok(512));
        assert!(size_bytes("50%").is_ok_and(|bytes| bytes > 1 << 20));
        for wrong in ["", "k", "-1", "1x", "99999999999999999999", "18446744073709551615g"] {
            assert_eq!(size_bytes(wrong), Err(FsError::InvalidArgument), "{wrong}");
        }
    }

    #[test_case]
    fn unknown_options_are_errors() {
        for wrong in [&b"sise=1"[..], b"mode=999", b"mode", b"size=1,huge=always", b"\xFF"] {
            assert!(with_options(wrong).is_err());
        }
        assert!(with_options(b"size=1m,nr_inodes=10,mode=755,uid=1,gid=2").is_ok());
    }
}
