//! The files of a process.
//!
//! | module | what |
//! | --- | --- |
//! | [`entries`] | the table of them |
//! | [`stat`] | `stat`, `statm`, `wchan`: numbers for programs |
//! | [`status`] | `status`: the same for people |
//! | [`maps`] | `maps`, `smaps` |
//! | [`strings`] | `cmdline`, `environ`, `auxv`, `comm` |
//! | [`links`] | `exe`, `cwd`, `root` |
//! | [`descriptors`] | `fd`, `fdinfo` |
//! | [`mounts`] | `mounts`, `mountinfo` |
//! | [`limits`] | `limits` |
//! | [`tasks`] | `task` |

mod descriptors;
mod entries;
mod limits;
mod links;
mod maps;
mod memory_end;
mod mounts;
mod stat;
mod status;
mod strings;
mod tasks;

pub(super) use stat::TICK_NS;

use super::target::Target;
use crate::fs::error::FsError;
use crate::fs::generated::{Node, Row, What};

/// The entry that only processes have.
const PROCESS_ROWS: &[Row<Target>] =
    &[Row { name: "task", mode: 0o555, what: What::Directory(tasks::directory) }];

/// Returns the directory of a process.
pub(super) fn node(target: Target) -> Result<Node, FsError> {
    entries::node(target, PROCESS_ROWS)
}
