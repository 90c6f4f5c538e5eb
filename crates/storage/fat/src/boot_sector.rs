//! The boot sector: where the parts of a volume are.

use ::volume::VolumeError;

/// The bytes of the boot sector that are read.
pub(crate) const BOOT_SECTOR_BYTES: usize = 512;
/// The largest cluster that is supported.
const CLUSTER_BYTES_MAX: u32 = 64 << 10;
/// A volume with fewer clusters is FAT12.
const FAT16_CLUSTERS_MIN: u32 = 4085;
/// A volume with fewer clusters is FAT12 or FAT16.
const FAT32_CLUSTERS_MIN: u32 = 65525;
/// The most clusters of FAT32: their numbers end before the one that marks a bad cluster.
const FAT32_CLUSTERS_MAX: u32 = 0x0FFF_FFF5;
/// A bit of the extended flags: only one copy of the table is used.
const NO_MIRRORING: u16 = 0x80;
/// Values of the extended boot signature: the fields before it are valid.
const EXTENDED_SIGNATURES: [u8; 2] = [0x28, 0x29];

/// The width of the table's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Fat12,
    Fat16,
    Fat32,
}

/// The place of the root directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// An area of its own.
    Fixed { at: u64, len_bytes: u32 },
    /// A chain that begins with this cluster.
    Chain(u32),
}

/// Where the parts of a volume are. Places are in bytes from the start of the medium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub kind: Kind,
    pub cluster_bytes: u32,
    /// The number of clusters. The first one has the number 2.
    pub clusters: u32,
    /// The first copy of the table.
    pub table_at: u64,
    /// The size of a copy of the table.
    pub table_bytes: u64,
    /// The copies of the table that are written. The first of them is read.
    pub copies: core::ops::Range<u32>,
    pub root: Root,
    pub data_at: u64,
    /// The sector with the count of free clusters.
    pub info_at: Option<u64>,
    /// The byte of the boot sector with the mark that the volume is in use.
    pub state_at: Option<u64>,
}

impl Geometry {
    /// Reads the boot sector of a medium with `medium_bytes` bytes.
    pub fn parse(sector: &[u8; BOOT_SECTOR_BYTES], medium_bytes: u64) -> Result<Self, VolumeError> {
        let u16_at = |at: usize| u16::from_le_bytes([sector[at], sector[at + 1]]);
        let u32_at = |at: usize| u32::from(u16_at(at)) | u32::from(u16_at(at + 2)) << 16;
        let either = |short: u16, long: u32| if short != 0 { u32::from(short) } else { long };

        let sector_bytes = u32::from(u16_at(11));
        let cluster_sectors = u32::from(sector[13]);
        let reserved = u32::from(u16_at(14));
        let copies = u32::from(sector[16]);
        let root_entries = u32::from(u16_at(17));
        let media = sector[21];
        let table_sectors = either(u16_at(22), u32_at(36));
        let sectors = either(u16_at(19), u32_at(32));
        let is_fat32 = u16_at(22) == 0;

        let is_plausible = u16_at(510) == 0xAA55
            && matches!(sector[0], 0xEB | 0xE9)
            && &sector[3..11] != b"NTFS    "
            && &sector[3..11] != b"EXFAT   "
            && sector_bytes.is_power_of_two()
            && (512..=4096).contains(&sector_bytes)
            && cluster_sectors.is_power_of_two()
            && reserved != 0
            && copies != 0
            && (media == 0xF0 || media >= 0xF8)
            && table_sectors != 0
            && sectors != 0
            && (root_entries == 0) == is_fat32;
        if !is_plausible {
            return Err(VolumeError::OtherKind);
        }
        let cluster_bytes = sector_bytes * cluster_sectors;
        if cluster_bytes > CLUSTER_BYTES_MAX {
            return Err(VolumeError::Unsupported("a cluster of more than 64 KiB"));
        }
        if is_fat32 && u16_at(42) != 0 {
            return Err(VolumeError::Unsupported("a later version of FAT32"));
        }

        let in_bytes = |sectors: u64| sectors * u64::from(sector_bytes);
        let table_bytes = in_bytes(table_sectors.into());
        let root_sectors = (root_entries * 32).div_ceil(sector_bytes);
        // At most 2^16 + 255 * 2^32 + 2^12 sectors.
        let root_first = u64::from(reserved) + u64::from(copies) * u64::from(table_sectors);
        let data_first = root_first + u64::from(root_sectors);
        if in_bytes(sectors.into()) > medium_bytes {
            return Err(VolumeError::Damaged("the volume is larger than its disk"));
        }
        let data_sectors = u64::from(sectors)
            .checked_sub(data_first)
            .ok_or(VolumeError::Damaged("the volume has no room for its table"))?;
        // The number of sectors has 32 bits.
        let clusters = (data_sectors / u64::from(cluster_sectors)) as u32;
        let kind = match clusters {
            _ if is_fat32 => Kind::Fat32,
            ..FAT16_CLUSTERS_MIN => Kind::Fat12,
            FAT16_CLUSTERS_MIN..FAT32_CLUSTERS_MIN => Kind::Fat16,
            _ => return Err(VolumeError::Damaged("the volume has too many clusters")),
        };
        let table_entries = table_bytes.saturating_mul(8) / u64::from(kind.entry_bits());
        let described = u32::try_from(table_entries.saturating_sub(2)).unwrap_or(u32::MAX);
        let clusters = clusters.min(described).min(FAT32_CLUSTERS_MAX);
        if clusters == 0 {
            return Err(VolumeError::Damaged("the volume has no clusters"));
        }

        let copies = match u16_at(40) {
            flags if is_fat32 && flags & NO_MIRRORING != 0 => {
                let active = u32::from(flags & 0xF);
                if active >= copies {
                    return Err(VolumeError::Damaged("the active table does not exist"));
                }
                active..active + 1
            }
            _ => 0..copies,
        };
        let root = if is_fat32 {
            let cluster = u32_at(44);
            if !(2..clusters + 2).contains(&cluster) {
                return Err(VolumeError::Damaged("the root directory is out of range"));
            }
            Root::Chain(cluster)
        } else {
            Root::Fixed { at: in_bytes(root_first), len_bytes: root_entries * 32 }
        };
        let info = u32::from(u16_at(48));
        let has_info = is_fat32 && (1..reserved).contains(&info);
        let (signature_at, state_at) = if is_fat32 { (66, 65) } else { (38, 37) };
        let has_state = EXTENDED_SIGNATURES.contains(&sector[signature_at]);
        Ok(Self {
            kind,
            cluster_bytes,
            clusters,
            table_at: in_bytes(reserved.into()),
            table_bytes,
            copies,
            root,
            data_at: in_bytes(data_first),
            info_at: has_info.then(|| in_bytes(info.into())),
            state_at: has_state.then_some(state_at),
        })
    }

    /// Returns whether a cluster has this number.
    pub fn contains(&self, cluster: u32) -> bool {
        (2..self.clusters + 2).contains(&cluster)
    }

    /// Returns where a cluster is.
    pub fn cluster_at(&self, cluster: u32) -> u64 {
        self.data_at + u64::from(cluster - 2) * u64::from(self.cluster_bytes)
    }
}

impl Kind {
    /// Returns the width of the table's entries.
    pub fn entry_bits(self) -> u32 {
        match self {
            Self::Fat12 => 12,
            Self::Fat16 => 16,
            Self::Fat32 => 32,
        }
    }
}
