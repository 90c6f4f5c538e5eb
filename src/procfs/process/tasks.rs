//! `task`: a directory for each thread.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::fs::error::FsError;
use crate::fs::generated::{Directory, Found, Node};
use crate::procfs::numbers::{list_number, pid_of};
use crate::procfs::process::entries;
use crate::procfs::target::Target;

/// Where the threads begin among the entries.
const FIRST_THREAD: u64 = 2;

struct Tasks(Target);

pub(super) fn directory(target: &Target) -> Result<Arc<dyn Directory>, FsError> {
    Ok(Arc::try_new(Tasks(target.clone()))?)
}

impl Directory for Tasks {
    fn find(&self, name: &[u8]) -> Result<Node, FsError> {
        let tid = pid_of(name).ok_or(FsError::NotFound)?;
        entries::node(self.0.with_thread(tid)?, &[])
    }

    fn list(&self, cursor: u64, found: Found<'_>) -> Result<(), FsError> {
        let process = self.0.process().map_err(|_| FsError::NotFound)?;
        let mut numbers = Vec::new();
        // For threads that begin meanwhile, a few more.
        numbers.try_reserve(process.thread_count() + 8)?;
        process.for_each_thread(|thread| {
            if numbers.len() < numbers.capacity() {
                numbers.push(u64::from(thread.tid().number()));
            }
        });
        if numbers.is_empty() {
            // A process that has ended.
            numbers.push(u64::from(self.0.pid().number()));
        }
        numbers.sort_unstable();
        for number in numbers.into_iter().filter(|number| *number + FIRST_THREAD >= cursor) {
            if !list_number(number, FIRST_THREAD, found)? {
                break;
            }
        }
        Ok(())
    }
}
