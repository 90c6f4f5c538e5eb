//! The initial files: the contents of the archives that the loader has put into memory.
//!
//! A module is an initramfs if its first bytes are those of a cpio archive or of gzip data; its
//! name doesn't matter. Damage ends the unpacking of the module; as on Linux, the files before it
//! are kept.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use ::initramfs::{Entries, Entry, EntryKind, LinkKey, Part, Parts};
use path_walk::LastLink;

use super::attributes::{DeviceNumber, FileKind, Mode};
use super::error::FsError;
use super::file::open;
use super::file::open_flags::OpenFlags;
use super::io::SliceSource;
use super::namespace::change::{self, NewTime};
use super::namespace::lookup::{self, Caller};
use super::namespace::path::Path;
use super::namespace::{create, remove};
use super::new_inode::NewKind;
use crate::boot::Boot;
use crate::mm::kernel::frames::{AllocatedFrames, SharedFrame};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::mm::kernel::loader_memory;

/// The largest module that can be unpacked, in bytes: GRUB loads modules below 4 GiB.
const UNPACKED_MAX_BYTES: usize = 4 << 30;

/// The first bytes of a cpio archive.
const MAGICS: [&[u8]; 2] = [b"070701", b"070702"];

/// Unpacks all modules that are an initramfs into the tree with this root.
pub(super) fn unpack_modules(boot: &Boot, root: &Path) {
    for module in boot.information.modules.iter() {
        let range = loader_memory::place(&module);
        if !loader_memory::head(&range).is_some_and(|head| is_initramfs(&head)) {
            continue;
        }
        if let Some(module) = loader_memory::take(range.clone()) {
            let in_place = unpack(module.bytes(), root, FRAME_BYTES as usize);
            put_in_place(in_place, module.into_frames());
        } else if let Some(bytes) = loader_memory::lend(range) {
            unpack(bytes, root, usize::MAX);
        }
    }
}

/// Returns whether a module that begins with `head` is an initramfs.
fn is_initramfs(head: &[u8; 6]) -> bool {
    MAGICS.contains(&head.as_slice()) || ::initramfs::is_gzip(head)
}

/// Whole pages of a file that are whole frames of the module.
pub(super) struct InPlace {
    path: Path,
    /// The first of the frames, counted from the start of the module.
    first: usize,
    count: usize,
}

/// Adds the pages to their files. The other frames are freed.
fn put_in_place(files: Vec<InPlace>, frames: AllocatedFrames) {
    let mut frames: Vec<_> = SharedFrame::each_of(frames).map(Some).collect();
    let mut pages = 0;
    for InPlace { path, first, count } in files {
        let own = frames[first..first + count].iter_mut().filter_map(Option::take);
        let result =
            (0..).zip(own).try_for_each(|(index, frame)| path.inode().pages().put(index, frame));
        pages += count;
        if let Err(error) = result {
            log::warn!("inode {}: {error}", path.inode().number());
        }
    }
    log::info!("{pages} of {} pages are used in place", frames.len());
}

/// Unpacks `bytes` into the tree with this root; logs the number of files, and damage. Returns the
/// pages that can be used in place: those whose distance from the start of `bytes` is a multiple of
/// `page_bytes`.
pub(super) fn unpack(bytes: &[u8], root: &Path, page_bytes: usize) -> Vec<InPlace> {
    let mut unpacker = Unpacker {
        caller: Caller::root(root),
        module: None,
        page_bytes,
        in_place: Vec::new(),
        files: 0,
        failed: 0,
    };
    for part in Parts::new(bytes, UNPACKED_MAX_BYTES) {
        unpacker.module = matches!(part, Ok(Part::InPlace(_))).then_some(bytes);
        let result = match part {
            Ok(Part::InPlace(entries)) => unpacker.unpack(entries),
            Ok(Part::Unpacked { bytes, .. }) => unpacker.unpack(Entries::new(&bytes)),
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            log::warn!("{error}");
        }
    }
    log::info!("{} files", unpacker.files);
    if unpacker.failed > 0 {
        log::warn!("{} files could not be made", unpacker.failed);
    }
    unpacker.in_place
}

/// The number of failures that are logged separately.
const LOGGED_FAILURES: usize = 8;

struct Unpacker<'a> {
    caller: Caller<'a>,
    /// The module, as long as the unpacked bytes are a part of it.
    module: Option<&'a [u8]>,
    page_bytes: usize,
    in_place: Vec<InPlace>,
    files: usize,
    failed: usize,
}

impl Unpacker<'_> {
    fn unpack(&mut self, entries: Entries<'_>) -> Result<(), ::initramfs::InitramfsError> {
        let mut links = BTreeMap::new();
        // Adding files changes the times of directories, so these times are set last.
        let mut directories = Vec::new();
        let mut result = Ok(());
        for entry in entries {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    result = Err(error);
                    break;
                }
            };
            match self.make(&entry, &mut links) {
                Ok(Some(path)) if path.inode().is_directory() => {
                    directories.push((path, entry.modified_s));
                    self.files += 1;
                }
                Ok(_) => self.files += 1,
                Err(error) => {
                    self.failed += 1;
                    if self.failed <= LOGGED_FAILURES {
                        log::warn!("{}: {error}", entry.name.escape_ascii());
                    }
                }
            }
        }
        for (path, modified_s) in directories {
            // Can't fail: root may set them, and the mount is writable.
            let _ = self.set_time(&path, modified_s);
        }
        result
    }

    /// Makes the file of an entry; returns its path unless the entry is only a further name.
    fn make(
        &mut self,
        entry: &Entry<'_>,
        links: &mut BTreeMap<LinkKey, Path>,
    ) -> Result<Option<Path>, FsError> {
        // As on Linux, files of an unknown kind are skipped.
        let Some(kind) = entry.kind() else {
            return Ok(None);
        };
        let mode = Mode::from_bits_truncate(entry.mode as u16);
        let key = entry.link_key();
        if let Some(first) = key.and_then(|key| links.get(&key)) {
            self.make_room(entry.name, kind)?;
            create::link_path(first, &self.caller, entry.name)?;
            if !entry.contents.is_empty() {
                // The earlier contents of the first name are replaced.
                self.in_place.retain(|other| !Arc::ptr_eq(other.path.inode(), first.inode()));
                self.fill(first, entry.contents)?;
                self.set_time(first, entry.modified_s)?;
            }
            return Ok(None);
        }
        let path = match kind {
            EntryKind::Directory => match self.make_room(entry.name, kind)? {
                Some(there) => there,
                None => create::make_directory(&self.caller, entry.name, mode)?,
            },
            _ => {
                self.make_room(entry.name, kind)?;
                self.make_file(entry, kind, mode)?
            }
        };
        let inode = path.inode();
        change::set_owner(&self.caller, &path, Some(entry.uid), Some(entry.gid))?;
        if inode.kind() != FileKind::Symlink {
            // The mode is set again, because setting the owner clears the set-ID bits.
            change::set_mode(&self.caller, &path, mode)?;
        }
        self.set_time(&path, entry.modified_s)?;
        if let Some(key) = key {
            links.insert(key, path.clone());
        }
        Ok(Some(path))
    }

    fn make_file(
        &mut self,
        entry: &Entry<'_>,
        kind: EntryKind,
        mode: Mode,
    ) -> Result<Path, FsError> {
        let number = DeviceNumber {
            major: entry.represented_device.major,
            minor: entry.represented_device.minor,
        };
        let new = match kind {
            EntryKind::Regular | EntryKind::Directory => NewKind::Regular,
            EntryKind::SymbolicLink => {
                return create::make_symlink(&self.caller, entry.contents, entry.name);
            }
            EntryKind::CharacterDevice => NewKind::CharDevice(number),
            EntryKind::BlockDevice => NewKind::BlockDevice(number),
            EntryKind::Fifo => NewKind::Fifo,
            EntryKind::Socket => NewKind::Socket,
        };
        let path = create::make_node(&self.caller, entry.name, new, mode)?;
        if kind == EntryKind::Regular {
            self.fill(&path, entry.contents)?;
        }
        Ok(path)
    }

    /// Removes the file at `name`, unless it is a directory and a directory is to be made; in that
    /// case, returns the existing directory, which stays.
    fn make_room(&self, name: &[u8], kind: EntryKind) -> Result<Option<Path>, FsError> {
        let there = match lookup::look_up_path(&self.caller, name, LastLink::Keep) {
            Ok(there) => there,
            Err(FsError::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        match (there.inode().is_directory(), kind) {
            (true, EntryKind::Directory) => return Ok(Some(there)),
            (true, _) => remove::remove_directory(&self.caller, name)?,
            (false, _) => remove::remove_file(&self.caller, name)?,
        }
        Ok(None)
    }

    /// Sets the contents of a file: pages that are whole frames of the module are used in place,
    /// the others are copied.
    fn fill(&mut self, path: &Path, contents: &[u8]) -> Result<(), FsError> {
        let flags = OpenFlags::WRITE_ONLY | OpenFlags::TRUNCATE;
        let file = open::open_found(&self.caller, path.clone(), flags)?;
        let module = self.module.filter(|_| contents.len() >= self.page_bytes);
        let offset = module.map(|module| contents.as_ptr().addr() - module.as_ptr().addr());
        let (first, count) = match offset {
            Some(offset) if offset.is_multiple_of(self.page_bytes) => {
                (offset / self.page_bytes, contents.len() / self.page_bytes)
            }
            _ => (0, 0),
        };
        if count > 0 {
            file.set_size(contents.len() as u64)?;
            self.in_place.try_reserve(1).map_err(|_| FsError::NoMemory)?;
            self.in_place.push(InPlace { path: path.clone(), first, count });
        }
        let rest = &contents[count * self.page_bytes..];
        let written =
            file.write_at((contents.len() - rest.len()) as u64, &mut SliceSource::new(rest))?;
        if written < rest.len() { Err(FsError::NoSpace) } else { Ok(()) }
    }

    fn set_time(&self, path: &Path, modified_s: u32) -> Result<(), FsError> {
        let time = NewTime::Ns(i64::from(modified_s) * 1_000_000_000);
        change::set_times(&self.caller, path, time, time)
    }
}
