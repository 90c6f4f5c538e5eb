//! The files of the whole machine.
//!
//! | module | what |
//! | --- | --- |
//! | [`cpus`] | `cpuinfo` |
//! | [`features`] | the names of the CPU's features |
//! | [`memory`] | `meminfo`, `vmstat` |
//! | [`time`] | `stat`, `uptime` |
//! | [`load`] | `loadavg` |
//! | [`devices`] | `devices`, `filesystems`, `partitions`, `diskstats`, `swaps`, `interrupts` |
//! | [`farjump_files`] | the directory `farjump` |
//! | [`profile`] | the samples of the profiler |
//! | [`names`] | `version`, `cmdline` |
//! | [`sys`] | the directory `sys` |

mod cpus;
mod devices;
mod farjump_files;
mod features;
mod load;
mod memory;
mod names;
mod profile;
mod sys;
mod time;

pub(super) use cpus::cpuinfo;
pub(super) use devices::{devices, diskstats, filesystems, interrupts, partitions, swaps};
pub(super) use farjump_files::ROWS as FARJUMP;
pub(super) use load::loadavg;
pub(super) use memory::{meminfo, vmstat};
pub(super) use names::{command_line, set_command_line, version};
pub(super) use sys::ROWS as SYS;
pub(super) use time::{stat, uptime};
