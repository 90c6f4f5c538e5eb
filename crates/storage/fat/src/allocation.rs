//! Free clusters: how many there are, and how chains get and lose them.

use ::volume::{Medium, VolumeError};

use crate::table::{Link, Table};

/// Clusters that follow each other on the disk and in their chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub first: u32,
    pub count: u32,
}

impl<M: Medium> Table<M> {
    /// Returns the number of free clusters. Counts them if it isn't known.
    pub fn free_clusters(&mut self) -> Result<u32, VolumeError> {
        match self.state.free {
            Some(free) if free > 0 || self.state.is_counted => Ok(free),
            _ => self.count_free(),
        }
    }

    fn count_free(&mut self) -> Result<u32, VolumeError> {
        if !self.freed.is_empty() {
            self.flush()?;
        }
        let mut free = 0;
        for cluster in 2..self.geometry.clusters + 2 {
            free += u32::from(self.entry(cluster)? == 0);
        }
        self.state.free = Some(free);
        self.state.is_counted = true;
        Ok(free)
    }

    /// Makes a chain of at most `count` clusters that follow each other, after `previous` on the disk
    /// if that is free.
    pub fn allocate(&mut self, previous: Option<u32>, count: u32) -> Result<Run, VolumeError> {
        if self.state.free == Some(0) && self.free_clusters()? == 0 {
            return Err(VolumeError::NoSpace);
        }
        let first = match self.find_free(previous)? {
            Some(first) => first,
            None => {
                self.flush()?;
                self.find_free(previous)?.ok_or(VolumeError::NoSpace)?
            }
        };
        let window_entries = self.window_entries();
        let window_end = (first / window_entries + 1).saturating_mul(window_entries);
        let limit = window_end.min(self.geometry.clusters + 2).min(first.saturating_add(count));
        let mut end = first + 1;
        while end < limit && self.entry(end)? == 0 {
            end += 1;
        }
        let mark = self.end_mark();
        self.write_entries(first, end - first, |cluster| {
            if cluster + 1 == end { mark } else { cluster + 1 }
        })?;
        self.state.free = self.state.free.and_then(|free| free.checked_sub(end - first));
        self.state.next_free = end;
        self.state.info_is_stale = true;
        Ok(Run { first, count: end - first })
    }

    /// Returns a free cluster, if there is one without those of chains that were freed since the last
    /// flush.
    fn find_free(&mut self, previous: Option<u32>) -> Result<Option<u32>, VolumeError> {
        if let Some(next) = previous.map(|previous| previous + 1)
            && self.geometry.contains(next)
            && self.entry(next)? == 0
        {
            return Ok(Some(next));
        }
        let start = self.state.next_free;
        let start = if self.geometry.contains(start) { start } else { 2 };
        for cluster in (start..self.geometry.clusters + 2).chain(2..start) {
            if self.entry(cluster)? == 0 {
                return Ok(Some(cluster));
            }
        }
        if self.freed.is_empty() {
            self.state.free = Some(0);
            self.state.is_counted = true;
        }
        Ok(None)
    }

    /// Writes all changes to the disk. Then frees the chains that were released before.
    pub fn flush(&mut self) -> Result<(), VolumeError> {
        self.medium.flush()?;
        self.flushes = self.flushes.wrapping_add(1);
        let mut result = Ok(());
        while let Some((first, is_directory)) = self.freed.pop() {
            // They count as free since they were released.
            let free = self.state.free;
            result = result.and(self.free_chain(first, is_directory));
            self.state.free = free;
        }
        result
    }

    /// Releases a chain from the cluster `first` on: it is freed after the next flush, when nothing on
    /// the disk leads to it.
    pub fn release(&mut self, first: u32, is_directory: bool) -> Result<(), VolumeError> {
        let Some(count) = self.len_of(first)? else {
            // What is damaged is freed as far as possible.
            return self.free_chain(first, is_directory);
        };
        if self.freed.try_reserve(1).is_err() {
            self.flush()?;
            return self.free_chain(first, is_directory);
        }
        self.freed.push((first, is_directory));
        let clusters = self.geometry.clusters;
        self.state.free = self.state.free.map(|free| (free + count).min(clusters));
        self.state.info_is_stale = true;
        Ok(())
    }

    /// Returns the number of clusters of a chain; `None` if it has no end.
    fn len_of(&mut self, first: u32) -> Result<Option<u32>, VolumeError> {
        let mut cluster = first;
        for count in 1..=self.geometry.clusters {
            match self.link(cluster) {
                Ok(Link::Next(next)) => cluster = next,
                Ok(Link::End) => return Ok(Some(count)),
                Ok(Link::Free | Link::Bad) | Err(VolumeError::Damaged(_)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Frees a chain from the cluster `first` on. Clusters of directories are discarded.
    pub fn free_chain(&mut self, first: u32, is_directory: bool) -> Result<(), VolumeError> {
        let window_entries = self.window_entries();
        let mut first = first;
        loop {
            if self.link(first)?.is_outside() {
                return Err(VolumeError::Damaged("a chain has a free or bad cluster"));
            }
            let mut end = first + 1;
            let next = loop {
                match self.link(end - 1) {
                    Ok(Link::Next(next)) if next == end && !end.is_multiple_of(window_entries) => {
                        end += 1;
                    }
                    next => break next,
                }
            };
            // The first cluster is one of the chain.
            end -= u32::from(next.is_ok_and(Link::is_outside));
            if is_directory {
                let at = self.geometry.cluster_at(first);
                let len_bytes = u64::from(end - first) * u64::from(self.geometry.cluster_bytes);
                self.medium.discard(at..at + len_bytes);
            }
            self.write_entries(first, end - first, |_| 0)?;
            let clusters = self.geometry.clusters;
            self.state.free = self.state.free.map(|free| (free + (end - first)).min(clusters));
            self.state.info_is_stale = true;
            match next? {
                Link::Next(next) => first = next,
                Link::End => return Ok(()),
                Link::Free | Link::Bad => {
                    return Err(VolumeError::Damaged("a chain has a free or bad cluster"));
                }
            }
        }
    }
}
