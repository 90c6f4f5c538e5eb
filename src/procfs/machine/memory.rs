//! `meminfo`, `vmstat`.

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::mm::kernel::frames::{self, Purpose};
use crate::mm::kernel::layout::FRAME_BYTES;
use crate::mm::user::commit;

/// Files are only in memory, so their pages aren't available for anything else.
///
/// Source: proc(5), /proc/meminfo.
pub(in crate::procfs) fn meminfo(_: &(), text: &mut Text) -> Result<(), FsError> {
    const FRAME_KIB: u64 = FRAME_BYTES / 1024;
    let counts = frames::counts();
    let used = |purpose| counts.used_for(purpose) as u64;
    let (managed, free) = (counts.managed as u64, counts.free as u64);
    let (files, programs, heap) = (used(Purpose::Files), used(Purpose::User), used(Purpose::Heap));
    let tables = used(Purpose::PageTables) + used(Purpose::UserTables);
    let rows = [
        ("MemTotal", managed),
        ("MemFree", free),
        ("MemAvailable", free),
        ("Buffers", 0),
        ("Cached", files),
        ("SwapCached", 0),
        ("Active", programs),
        ("Inactive", files),
        ("Active(anon)", programs),
        ("Inactive(anon)", files),
        ("Active(file)", 0),
        ("Inactive(file)", 0),
        ("Unevictable", 0),
        ("Mlocked", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("Dirty", 0),
        ("Writeback", 0),
        ("AnonPages", programs),
        ("Mapped", 0),
        ("Shmem", files),
        ("KReclaimable", 0),
        ("Slab", heap),
        ("SReclaimable", 0),
        ("SUnreclaim", heap),
        ("KernelStack", used(Purpose::Stacks)),
        ("PageTables", tables),
        ("NFS_Unstable", 0),
        ("Bounce", 0),
        ("WritebackTmp", 0),
        ("CommitLimit", managed / 2),
        ("Committed_AS", commit::committed_pages()),
    ];
    for (name, frames) in rows {
        let pad = 15 - name.len();
        writeln!(text, "{name}:{:pad$}{:8} kB", "", frames * FRAME_KIB)?;
    }
    Ok(())
}

/// Source: Linux, mm/vmstat.c, `vmstat_text`.
pub(in crate::procfs) fn vmstat(_: &(), text: &mut Text) -> Result<(), FsError> {
    let counts = frames::counts();
    let traffic = frames::traffic();
    let used = |purpose| counts.used_for(purpose) as u64;
    for (name, number) in [
        ("nr_free_pages", counts.free as u64),
        ("nr_anon_pages", used(Purpose::User)),
        ("nr_file_pages", used(Purpose::Files)),
        ("nr_shmem", used(Purpose::Files)),
        ("nr_page_table_pages", used(Purpose::PageTables) + used(Purpose::UserTables)),
        ("nr_dirty", 0),
        ("nr_writeback", 0),
        ("pgpgin", 0),
        ("pgpgout", 0),
        ("pswpin", 0),
        ("pswpout", 0),
        ("pgalloc_normal", traffic.allocated),
        ("pgfree", traffic.freed),
    ] {
        writeln!(text, "{name} {number}")?;
    }
    Ok(())
}
