//! Chains that are released stay on the disk until a flush.

use ::volume::{Volume, VolumeError};

use super::disk::{Disk, NOW};
use super::host::mkfs;

#[test]
fn chain_is_freed_after_a_flush() {
    for (kib, options) in [(400, "-F 12 -s 2"), (9000, "-F 16 -s 2"), (300, "-F 32 -s 1")] {
        let disk = Disk::new(mkfs(kib, options));
        let mut fat = disk.open();
        let root = fat.root();
        let free = fat.free();
        let file = fat.make(root, "file", &[1; 20_000]);
        fat.commit().unwrap();
        let first = fat.nodes.get(crate::nodes::Key::of(file)).unwrap().entry;
        let first = first.first_cluster(fat.table.geometry.kind).unwrap();
        fat.remove(root, b"file", file).unwrap();
        fat.forget(file, NOW).unwrap();
        assert_eq!(fat.free(), free, "it counts as free");
        assert_ne!(fat.table.entry(first).unwrap(), 0, "{options}");
        fat.commit().unwrap();
        assert_eq!(fat.table.entry(first).unwrap(), 0, "{options}");
        assert_eq!(fat.free(), free);
    }
}

#[test]
fn full_volume_uses_what_was_just_released() {
    let disk = Disk::new(mkfs(300, "-F 12 -s 1"));
    let mut fat = disk.open();
    let root = fat.root();
    let room = fat.free() as usize * 512;
    for name in ["first", "second"] {
        let file = fat.make(root, name, &[]);
        assert_eq!(fat.write(file, 0, &std::vec![1; room]), Ok(()));
        assert_eq!(fat.write(file, room as u64, &[1]), Err(VolumeError::NoSpace));
        fat.remove(root, name.as_bytes(), file).unwrap();
        fat.forget(file, NOW).unwrap();
    }
    fat.close().unwrap();
}
