//! The fields of Rock Ridge: names, attributes and links as Unix has them.
//!
//! Source: Rock Ridge Interchange Protocol, "Rock Ridge Interchange Protocol System Use Fields".

use volume::{Kind, Medium, Time, VolumeError};

use crate::date;
use crate::image::Image;
use crate::link_text::LinkText;
use crate::name::Name;
use crate::record::Record;
use crate::system_use::{for_each, numbers};

/// The identifiers of Rock Ridge's versions.
const IDENTIFIERS: [&[u8]; 3] = [b"RRIP_1991A", b"IEEE_P1282", b"IEEE_1282"];

/// The bytes of an SP field that confirm it.
const SP_CHECK_0: u8 = 0xBE;
const SP_CHECK_1: u8 = 0xEF;
/// The length of an SP field, in bytes.
const SP_BYTES: u8 = 7;
/// The bytes before the fields on a CD-ROM XA.
const XA_BYTES: usize = 14;

const NAME_CONTINUES: u8 = 1 << 0;
const NAME_IS_PARENT_OR_SELF: u8 = 1 << 1 | 1 << 2;

const TIMES_ARE_LONG: u8 = 1 << 7;
/// The times that are read, by their bits in a TF field.
const MODIFIED: usize = 1;
const ACCESSED: usize = 2;
const CHANGED: usize = 3;

const TYPE_MASK: u32 = 0o170_000;

/// The attributes in a PX field.
#[derive(Clone, Copy)]
pub(crate) struct Posix {
    pub(crate) mode: u32,
    pub(crate) links: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// What the fields of a record say.
pub(crate) struct Fields {
    pub(crate) posix: Option<Posix>,
    /// The name, if it isn't the identifier.
    pub(crate) name: Option<Name>,
    /// The length of the text of a link, in bytes.
    pub(crate) text_bytes: Option<usize>,
    /// The directory that has been moved from here.
    pub(crate) child: Option<u32>,
    /// The directory from which this one has been moved.
    pub(crate) parent: Option<u32>,
    /// Whether this is the entry of a directory at the place to which it has been moved.
    pub(crate) is_moved: bool,
    /// Why its bytes can't be read.
    pub(crate) unsupported: Option<&'static str>,
    pub(crate) modified: Option<Time>,
    pub(crate) accessed: Option<Time>,
    pub(crate) changed: Option<Time>,
    device: Option<(u32, u32)>,
}

impl Fields {
    /// Returns the kind of a node that isn't a directory. Numbers of devices are 0 if none are
    /// stored.
    pub(crate) fn kind(&self) -> Result<Kind, VolumeError> {
        let Some(posix) = self.posix else {
            return Ok(Kind::Regular);
        };
        let (major, minor) = self.device.unwrap_or_default();
        Ok(match posix.mode & TYPE_MASK {
            0o100_000 => Kind::Regular,
            0o120_000 => Kind::Symlink,
            0o020_000 => Kind::CharDevice(major, minor),
            0o060_000 => Kind::BlockDevice(major, minor),
            0o010_000 => Kind::Fifo,
            0o140_000 => Kind::Socket,
            _ => return Err(VolumeError::Damaged("the kind of a file")),
        })
    }
}

/// Returns the number of bytes before the fields of a record if the root directory, whose own
/// record is `root`, has Rock Ridge.
pub(crate) fn detect<M: Medium>(
    image: &Image<M>,
    root: &Record,
) -> Result<Option<usize>, VolumeError> {
    let area = root.system_use();
    let sp_at = |at: usize| match area.get(at..)? {
        [b'S', b'P', SP_BYTES, _, SP_CHECK_0, SP_CHECK_1, ..] => Some(at),
        _ => None,
    };
    let Some(start) = sp_at(0).or_else(|| sp_at(XA_BYTES)) else {
        return Ok(None);
    };
    let mut skip = 0;
    let mut has_rock_ridge = false;
    for_each(image, root, start, &mut |signature, data| {
        match (&signature, data) {
            (b"SP", [_, _, bytes, ..]) => skip = (*bytes).into(),
            (b"ER", [len_bytes, _, _, _, identifier @ ..]) => {
                let identifier = identifier.get(..usize::from(*len_bytes)).unwrap_or_default();
                has_rock_ridge |= IDENTIFIERS.contains(&identifier);
            }
            // Some programs write no ER field.
            (b"PX", _) => has_rock_ridge = true,
            _ => {}
        }
        Ok(())
    })?;
    Ok(has_rock_ridge.then_some(skip))
}

/// Reads the fields of a record; `text` gets the text of a link, in pieces.
pub(crate) fn read<M: Medium>(
    image: &Image<M>,
    record: &Record,
    skip: usize,
    text: &mut dyn FnMut(&[u8]) -> Result<(), VolumeError>,
) -> Result<Fields, VolumeError> {
    let mut fields = Fields {
        posix: None,
        name: None,
        text_bytes: None,
        child: None,
        parent: None,
        is_moved: false,
        unsupported: None,
        modified: None,
        accessed: None,
        changed: None,
        device: None,
    };
    let mut text = LinkText::new(text);
    let mut name_continues = false;
    // The area of a record for `.` in the root directory begins with the SP field itself.
    let skip = if record.system_use().starts_with(b"SP") { 0 } else { skip };
    for_each(image, record, skip, &mut |signature, data| {
        match &signature {
            b"PX" => {
                let [mode, links, uid, gid] = numbers(signature, data)?;
                fields.posix = Some(Posix { mode, links, uid, gid });
            }
            b"PN" => fields.device = Some(device(numbers(signature, data)?)),
            b"NM" => name_continues = add_name(&mut fields.name, name_continues, data)?,
            b"SL" => text.add_field(data)?,
            b"TF" => add_times(&mut fields, data)?,
            b"CL" => fields.child = Some(numbers::<1>(signature, data)?[0]),
            b"PL" => fields.parent = Some(numbers::<1>(signature, data)?[0]),
            b"RE" => fields.is_moved = true,
            b"SF" => fields.unsupported = Some("a sparse file"),
            b"ZF" => fields.unsupported = Some("a compressed file"),
            _ => {}
        }
        Ok(())
    })?;
    if name_continues {
        return Err(VolumeError::Damaged("a name"));
    }
    fields.text_bytes = text.finish()?;
    Ok(fields)
}

/// Reads the data of an NM field. Returns whether the name goes on in the next one.
fn add_name(
    name: &mut Option<Name>,
    name_continues: bool,
    data: &[u8],
) -> Result<bool, VolumeError> {
    let (flags, bytes) = data.split_first().ok_or(VolumeError::Damaged("a name"))?;
    if flags & NAME_IS_PARENT_OR_SELF != 0 {
        return Ok(false);
    }
    if name.is_some() && !name_continues {
        return Err(VolumeError::Damaged("a name"));
    }
    name.get_or_insert_with(Name::new).push(bytes)?;
    Ok(flags & NAME_CONTINUES != 0)
}

/// Reads the data of a TF field.
fn add_times(fields: &mut Fields, data: &[u8]) -> Result<(), VolumeError> {
    const DAMAGED: VolumeError = VolumeError::Damaged("the times of a file");
    let (flags, mut rest) = data.split_first().ok_or(DAMAGED)?;
    for bit in 0..=CHANGED {
        if flags & 1 << bit == 0 {
            continue;
        }
        let time;
        if flags & TIMES_ARE_LONG == 0 {
            let (date, after) = rest.split_first_chunk().ok_or(DAMAGED)?;
            (time, rest) = (date::short(date), after);
        } else {
            let (date, after) = rest.split_first_chunk().ok_or(DAMAGED)?;
            (time, rest) = (date::long(date), after);
        }
        match bit {
            MODIFIED => fields.modified = Some(time),
            ACCESSED => fields.accessed = Some(time),
            CHANGED => fields.changed = Some(time),
            _ => {}
        }
    }
    Ok(())
}

/// Returns the numbers of a device, major and minor. Some programs write both as one number.
fn device([high, low]: [u32; 2]) -> (u32, u32) {
    if high == 0 && low > 0xFF {
        ((low >> 8) & 0xFFF, (low & 0xFF) | ((low >> 12) & 0xF_FF00))
    } else {
        (high, low)
    }
}
