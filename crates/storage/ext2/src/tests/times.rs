//! Times, which inodes of 128 bytes hold in seconds, and others in nanoseconds.

use volume::{Kind, Time};

use super::host;
use super::session::{NOW, Session};

const SECOND: i64 = 1_000_000_000;

fn stored(session: &mut Session, time: i64) -> i64 {
    let node = session.find("f");
    session.set(node, |attributes| {
        attributes.accessed = Time(time);
        attributes.modified = Time(time.saturating_add(1));
        attributes.changed = Time(time.saturating_sub(1));
    });
    let attributes = session.attributes(node).changeable;
    assert!(
        attributes.changed <= attributes.accessed && attributes.accessed <= attributes.modified
    );
    attributes.accessed.0
}

#[test]
fn small_inodes_have_seconds() {
    let mut session = Session::make(1024, &["-t", "ext2", "-I", "128"]);
    session.create("f", Kind::Regular);
    assert_eq!(stored(&mut session, NOW.0), NOW.0 / SECOND * SECOND);
    assert_eq!(stored(&mut session, -1), -SECOND);
    assert_eq!(stored(&mut session, 1 << 62), i64::from(i32::MAX) * SECOND);
    assert_eq!(stored(&mut session, i64::MIN), i64::from(i32::MIN) * SECOND);
    session.close();
}

#[test]
fn large_inodes_have_nanoseconds_and_later_years() {
    let mut session = Session::make(1024, &["-t", "ext2", "-I", "256"]);
    session.create("f", Kind::Regular);
    let year_2200 = 7_258_118_400 * SECOND + 5;
    for time in [0, 1, -1, NOW.0, (1 << 31) * SECOND + 7, (1 << 32) * SECOND, year_2200, i64::MAX] {
        assert_eq!(stored(&mut session, time), time);
    }
    assert_eq!(stored(&mut session, i64::MIN), i64::from(i32::MIN) * SECOND + 145_224_192);
    stored(&mut session, NOW.0);
    let mut bytes = session.close();
    let printed = host::debugfs(&mut bytes, &["stat /f"]);
    // The extra field: the nanoseconds, shifted by 2 bits.
    let extra = std::format!("atime: 0x{:08x}:{:08x}", NOW.0 / SECOND, (NOW.0 % SECOND) << 2);
    assert!(printed.contains(&extra), "{printed}");
    assert!(
        printed.contains("crtime: 0x6553f100")
            && printed.contains("Size of extra inode fields: 32"),
        "{printed}"
    );
}

#[test]
fn nanoseconds_are_less_than_a_second() {
    let mut session = Session::make(1024, &["-t", "ext2", "-I", "256"]);
    session.create("f", Kind::Regular);
    stored(&mut session, 5 * SECOND);
    let mut bytes = session.close();
    host::debugfs(&mut bytes, &["sif f mtime_extra 0xfffffffc", "sif f atime_extra 0xffffffff"]);
    let mut session = Session::open(bytes);
    let node = session.find("f");
    let attributes = session.attributes(node).changeable;
    assert_eq!(attributes.modified, Time(6 * SECOND - 1));
    // A time of the year 2378 doesn't fit.
    assert_eq!(attributes.accessed, Time(i64::MAX));
}
