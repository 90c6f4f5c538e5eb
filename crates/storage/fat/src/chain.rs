//! The chain of clusters of a file or directory.

use alloc::vec::Vec;

use ::volume::{Medium, VolumeError};

use crate::allocation::Run;
use crate::table::{Link, Table};

/// The most places that are remembered, of which every second one is dropped then.
const POINTS_MAX: usize = 1024;

/// A chain, with what was found out about it.
#[derive(Default)]
pub(crate) struct Chain {
    first: Option<u32>,
    /// The clusters at each multiple of `1 << shift`, as far as they are known.
    points: Vec<u32>,
    shift: u32,
    /// The index of the cluster that was used last, and the cluster.
    last: Option<(u32, u32)>,
    /// The number of clusters, if it is known.
    count: Option<u32>,
    /// The number of flushes before the chain was extended the last time.
    extended: Option<u32>,
}

impl Chain {
    /// Makes a chain from its first cluster, which need not exist.
    pub fn new(first: Option<u32>) -> Self {
        Self { first, ..Self::default() }
    }

    pub fn first(&self) -> Option<u32> {
        self.first
    }

    /// Returns whether all of the chain is on the disk.
    pub fn is_flushed<M>(&self, table: &Table<M>) -> bool {
        self.extended != Some(table.flushes)
    }

    /// Returns the number of clusters if it was found out.
    pub fn known_count(&self) -> Option<u32> {
        self.count
    }

    /// Returns the number of clusters.
    pub fn count<M: Medium>(&mut self, table: &mut Table<M>) -> Result<u32, VolumeError> {
        self.cluster(table, u32::MAX)?;
        Ok(self.count.expect("no chain has so many clusters"))
    }

    /// Returns the cluster with the index `index`; `None` if the chain is shorter.
    pub fn cluster<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        index: u32,
    ) -> Result<Option<u32>, VolumeError> {
        let Some(first) = self.first else {
            self.count = Some(0);
            return Ok(None);
        };
        if self.count.is_some_and(|count| index >= count) {
            return Ok(None);
        }
        if self.points.is_empty() {
            table.check(first)?;
            self.points.push(first);
        }
        let (mut at, mut cluster) = self.nearest(index);
        while at < index {
            cluster = match table.link(cluster)? {
                Link::Next(next) => next,
                Link::End => {
                    self.last = Some((at, cluster));
                    self.count = Some(at + 1);
                    return Ok(None);
                }
                Link::Free | Link::Bad => {
                    return Err(VolumeError::Damaged("a chain has a free or bad cluster"));
                }
            };
            at += 1;
            if at >= table.geometry.clusters {
                return Err(VolumeError::Damaged("a chain has no end"));
            }
            self.remember(at, cluster);
        }
        self.last = Some((index, cluster));
        Ok(Some(cluster))
    }

    /// Returns the clusters from the index `index` on that follow each other, at most `max_count`.
    pub fn run<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        index: u32,
        max_count: u32,
    ) -> Result<Option<Run>, VolumeError> {
        let Some(first) = self.cluster(table, index)? else {
            return Ok(None);
        };
        let mut count = 1;
        // Damage is reported when the damaged part is asked for.
        while count < max_count && table.link(first + count - 1) == Ok(Link::Next(first + count)) {
            self.remember(index + count, first + count);
            count += 1;
        }
        self.last = Some((index + count - 1, first + count - 1));
        Ok(Some(Run { first, count }))
    }

    /// Appends at most `max_count` clusters that follow each other.
    pub fn extend<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        max_count: u32,
    ) -> Result<Run, VolumeError> {
        let count = self.count(table)?;
        let previous = self.last_cluster(table, count)?;
        let run = table.allocate(previous, max_count)?;
        self.link(table, count, previous, run)?;
        Ok(run)
    }

    /// Appends a cluster of zeros.
    pub fn extend_with_zeros<M: Medium>(
        &mut self,
        table: &mut Table<M>,
    ) -> Result<(), VolumeError> {
        let count = self.count(table)?;
        let previous = self.last_cluster(table, count)?;
        let run = table.allocate(previous, 1)?;
        table.write_zeros(run.first)?;
        self.link(table, count, previous, run)
    }

    /// Frees all clusters but the first `kept`, at the next flush.
    pub fn truncate<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        kept: u32,
        is_directory: bool,
    ) -> Result<(), VolumeError> {
        let freed = if kept == 0 {
            let first = self.first;
            *self = Self { count: Some(0), ..Self::default() };
            first
        } else {
            let Some(last) = self.cluster(table, kept - 1)? else {
                return Ok(());
            };
            let Link::Next(next) = table.link(last)? else {
                return Ok(());
            };
            table.set_end(last)?;
            self.points.truncate(((kept - 1) >> self.shift) as usize + 1);
            self.last = Some((kept - 1, last));
            self.count = Some(kept);
            Some(next)
        };
        freed.map_or(Ok(()), |freed| table.release(freed, is_directory))
    }

    /// Returns the last one of `count` clusters.
    fn last_cluster<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        count: u32,
    ) -> Result<Option<u32>, VolumeError> {
        match count {
            0 => Ok(None),
            count => self.cluster(table, count - 1),
        }
    }

    fn link<M: Medium>(
        &mut self,
        table: &mut Table<M>,
        count: u32,
        previous: Option<u32>,
        run: Run,
    ) -> Result<(), VolumeError> {
        match previous {
            Some(previous) => table.set_next(previous, run.first)?,
            None => self.first = Some(run.first),
        }
        self.extended = Some(table.flushes);
        for index in 0..run.count {
            self.remember(count + index, run.first + index);
        }
        self.last = Some((count + run.count - 1, run.first + run.count - 1));
        self.count = Some(count + run.count);
        Ok(())
    }

    /// Returns the last known place up to `index`.
    fn nearest(&self, index: u32) -> (u32, u32) {
        let point = (index >> self.shift).min(self.points.len() as u32 - 1);
        let nearest = (point << self.shift, self.points[point as usize]);
        match self.last {
            Some(last) if last.0 <= index && last.0 > nearest.0 => last,
            _ => nearest,
        }
    }

    fn remember(&mut self, index: u32, cluster: u32) {
        if u64::from(index) != (self.points.len() as u64) << self.shift {
            return;
        }
        self.points.push(cluster);
        if self.points.len() > POINTS_MAX {
            let mut is_kept = false;
            self.points.retain(|_| {
                is_kept = !is_kept;
                is_kept
            });
            self.shift += 1;
        }
    }
}
