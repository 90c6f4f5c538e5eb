//! The fields that extensions add to a directory record.
//!
//! Source: System Use Sharing Protocol, "System Use Area and Entries".

use alloc::vec::Vec;

use volume::{Medium, VolumeError};

use crate::image::{Image, SECTOR_BYTES};
use crate::record::Record;

/// The length of signature, length and version of a field, in bytes.
const HEADER_BYTES: usize = 4;
/// The most areas that a record may have, as on Linux, so that a circle ends.
const AREAS_MAX: usize = 32;
/// The longest area, in bytes. An area lies within a sector.
const AREA_BYTES_MAX: u32 = SECTOR_BYTES as u32;
/// The most fields that a record may have. A name and a text of the longest sizes need less than
/// 50.
const FIELDS_MAX: usize = 512;

/// What gets the signature and the data of each field.
pub(crate) type FieldSink<'a> = dyn FnMut([u8; 2], &[u8]) -> Result<(), VolumeError> + 'a;

/// Where the fields go on.
struct Continuation {
    at: u64,
    len_bytes: u32,
}

/// Calls `found` with the signature and the data of each field of a record, from the byte `skip`
/// of its area on.
pub(crate) fn for_each<M: Medium>(
    image: &Image<M>,
    record: &Record,
    skip: usize,
    found: &mut FieldSink<'_>,
) -> Result<(), VolumeError> {
    let area = record.system_use().get(skip..).unwrap_or_default();
    let mut fields = 0;
    let mut found = |signature, data: &[u8]| {
        fields += 1;
        if fields > FIELDS_MAX {
            return Err(VolumeError::Damaged("the fields of a directory record"));
        }
        found(signature, data)
    };
    let mut next = read_area(image, area, &mut found)?;
    let mut bytes = Vec::new();
    let mut areas = 1;
    while let Some(Continuation { at, len_bytes }) = next {
        if areas == AREAS_MAX || len_bytes > AREA_BYTES_MAX {
            return Err(VolumeError::Damaged("the continuation of a directory record"));
        }
        let len_bytes = len_bytes as usize;
        bytes.clear();
        bytes.try_reserve_exact(len_bytes).map_err(|_| VolumeError::NoMemory)?;
        bytes.resize(len_bytes, 0);
        image.read(at, &mut bytes)?;
        next = read_area(image, &bytes, &mut found)?;
        areas += 1;
    }
    Ok(())
}

/// Calls `found` with the fields in `area`. Returns where they go on.
fn read_area<M: Medium>(
    image: &Image<M>,
    mut area: &[u8],
    found: &mut FieldSink<'_>,
) -> Result<Option<Continuation>, VolumeError> {
    let mut next = None;
    // The rest may be padding.
    while area.len() >= HEADER_BYTES && area[2] != 0 {
        const DAMAGED: VolumeError = VolumeError::Damaged("a field of a directory record");
        let (field, rest) = area.split_at_checked(area[2].into()).ok_or(DAMAGED)?;
        let data = field.get(HEADER_BYTES..).ok_or(DAMAGED)?;
        match [field[0], field[1]] {
            signature @ [b'C', b'E'] => {
                let [block, offset, len_bytes] = numbers(signature, data)?;
                let at = image.block(block) + u64::from(offset);
                next = Some(Continuation { at, len_bytes });
            }
            [b'S', b'T'] => break,
            signature => found(signature, data)?,
        }
        area = rest;
    }
    Ok(next)
}

/// Returns the numbers at the start of a field's data. Each is stored in both byte orders.
pub(crate) fn numbers<const COUNT: usize>(
    signature: [u8; 2],
    data: &[u8],
) -> Result<[u32; COUNT], VolumeError> {
    let (numbers, _) = data.as_chunks::<8>();
    let numbers = numbers.first_chunk::<COUNT>().ok_or(VolumeError::Damaged(match &signature {
        b"CE" => "a CE field",
        b"PX" => "a PX field",
        b"PN" => "a PN field",
        _ => "a field of a relocated directory",
    }))?;
    Ok(numbers.map(|[a, b, c, d, ..]| u32::from_le_bytes([a, b, c, d])))
}
