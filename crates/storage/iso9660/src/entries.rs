//! The entries of a directory: its records, with the names and nodes that they stand for.

use volume::{Kind, Medium, VolumeError};

use crate::directory::{Directory, Records};
use crate::image::Image;
use crate::name::Name;
use crate::path_table::PathTable;
use crate::record::{PARENT, Record, SELF};
use crate::rock_ridge;
use crate::sections::Sections;

/// Where names come from.
#[derive(Clone, Copy)]
pub(crate) enum Names {
    /// From the identifiers of ISO 9660.
    Plain,
    /// From the identifiers of Joliet.
    Joliet(PathTable),
    /// From Rock Ridge's fields, which begin after `skip` bytes of each area.
    RockRidge {
        /// The number of bytes.
        skip: usize,
    },
}

/// An entry.
pub(crate) struct Found {
    pub(crate) name: Name,
    /// The number of the node.
    pub(crate) node: u64,
    pub(crate) kind: Kind,
    /// The offset of the next entry in the directory, in bytes.
    pub(crate) next: u64,
}

/// The entries of a directory.
pub(crate) struct Entries<'a, M> {
    image: &'a Image<M>,
    names: Names,
    records: Records<'a, M>,
    directory: &'a Directory,
}

impl<'a, M: Medium> Entries<'a, M> {
    /// Returns the entries from the offset `offset_bytes` on.
    pub(crate) fn new(
        image: &'a Image<M>,
        names: Names,
        directory: &'a Directory,
        offset_bytes: u64,
    ) -> Result<Self, VolumeError> {
        let records = directory.records(image, offset_bytes)?;
        Ok(Self { image, names, records, directory })
    }

    /// Returns the next entry; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Found>, VolumeError> {
        while let Some(record) = self.records.next()? {
            if self.is_own(&record)? {
                continue;
            }
            let found = if record.is_associated() { None } else { self.entry(&record)? };
            let end = self.skip_sections(record)?;
            if let Some(found) = found {
                return Ok(Some(Found { next: end - self.directory.node(), ..found }));
            }
        }
        Ok(None)
    }

    /// Returns whether the record is that of the directory or of its parent.
    fn is_own(&self, record: &Record) -> Result<bool, VolumeError> {
        let place = match record.identifier() {
            SELF => self.directory.node(),
            PARENT => self.directory.record.end(),
            _ => return Ok(false),
        };
        if record.at == place { Ok(true) } else { Err(VolumeError::Damaged("a name")) }
    }

    /// Returns the entry of a record; `None` if it has none.
    fn entry(&self, record: &Record) -> Result<Option<Found>, VolumeError> {
        let (name, node, kind);
        if let Names::RockRidge { skip } = self.names {
            let fields = rock_ridge::read(self.image, record, skip, &mut |_| Ok(()))?;
            if fields.is_moved {
                return Ok(None);
            }
            (node, kind) = match fields.child {
                Some(block) => (self.image.block(block), Kind::Directory),
                None if record.is_directory() => (record.extent(self.image), Kind::Directory),
                None => (record.at, without_numbers(fields.kind()?)),
            };
            name = match fields.name {
                Some(name) => name,
                None => Name::of_identifier(record.identifier())?,
            };
        } else {
            (node, kind) = if record.is_directory() {
                (record.extent(self.image), Kind::Directory)
            } else {
                (record.at, Kind::Regular)
            };
            name = match self.names {
                Names::Joliet(_) => Name::of_joliet(record.identifier())?,
                _ => Name::of_identifier(record.identifier())?,
            };
        }
        if !name.is_valid() {
            return Err(VolumeError::Damaged("a name"));
        }
        Ok(Some(Found { name, node, kind, next: 0 }))
    }

    /// Leaves out the other records of the file whose first one is `record`. Returns the place
    /// after them.
    fn skip_sections(&mut self, record: Record) -> Result<u64, VolumeError> {
        let mut sections = Sections::new(record, self.directory.end);
        if sections.record().is_directory() && sections.record().has_more() {
            return Err(VolumeError::Unsupported("a directory with several extents"));
        }
        while sections.advance(self.image)? {}
        let end = sections.record().end();
        self.records.go_to(end);
        Ok(end)
    }
}

/// Returns the kind without the numbers of a device.
fn without_numbers(kind: Kind) -> Kind {
    match kind {
        Kind::CharDevice(..) => Kind::CharDevice(0, 0),
        Kind::BlockDevice(..) => Kind::BlockDevice(0, 0),
        kind => kind,
    }
}
