//! The heap of a program: brk(2).

use x86_64::VirtAddr;

use crate::program_break::ProgramBreak;
use crate::range::{PAGE_BYTES, whole_pages};
use crate::{
    Access, Attributes, Backing, Limits, Overlap, PageRange, Region, RegionError, RegionFlags,
    Regions, Removed, Sharing,
};

impl<B> Regions<B> {
    /// Begins an empty heap at `start`, after the image of a program whose data has
    /// `image_data_bytes` bytes.
    ///
    /// # Errors
    /// [`TooLow`](RegionError::TooLow) or [`OutOfBounds`](RegionError::OutOfBounds) if
    /// nothing can be mapped there.
    pub fn start_heap(
        &mut self,
        start: VirtAddr,
        image_data_bytes: u64,
    ) -> Result<(), RegionError> {
        let start = start.as_u64();
        if start < self.bounds.lowest {
            return Err(RegionError::TooLow);
        }
        if start > self.bounds.end {
            return Err(RegionError::OutOfBounds);
        }
        self.program_break = ProgramBreak { start, end: start, image_data_bytes };
        Ok(())
    }

    /// Returns the start of the heap.
    pub fn heap_start(&self) -> VirtAddr {
        VirtAddr::new(self.program_break.start)
    }

    /// Returns the end of the heap: the program break.
    pub fn heap_end(&self) -> VirtAddr {
        VirtAddr::new(self.program_break.end)
    }
}

impl<B: Backing> Regions<B> {
    /// Moves the program break to `end`, as a program passes it: brk(2). `backing`,
    /// anonymous memory, backs new pages. Returns the removed regions.
    ///
    /// brk(2) itself has no error: it returns [`heap_end`](Self::heap_end), after an error
    /// the old break. `commit` is as for [`map`](Self::map).
    ///
    /// # Errors
    /// An error changes nothing:
    /// - [`TooLow`](RegionError::TooLow), if the break would be below the heap's start;
    /// - [`Occupied`](RegionError::Occupied), if there would be less than a page between the heap
    ///   and the next region, or its guard gap;
    /// - [`DataLimit`](RegionError::DataLimit), also if the heap and the image's data together
    ///   are more than RLIMIT_DATA;
    /// - the other errors of [`map`](Self::map) and [`unmap`](Self::unmap).
    pub fn set_program_break(
        &mut self,
        end: u64,
        backing: B,
        limits: &Limits,
        commit: impl FnOnce(u64) -> bool,
    ) -> Result<Removed<B>, RegionError> {
        let heap = self.program_break;
        if end < heap.start || heap == ProgramBreak::NONE {
            return Err(RegionError::TooLow);
        }
        if (end - heap.start).saturating_add(heap.image_data_bytes) > limits.data_bytes {
            return Err(RegionError::DataLimit);
        }
        let pages_end = whole_pages(end).filter(|&pages_end| pages_end <= self.bounds.end);
        let new = pages_end.ok_or(RegionError::OutOfBounds)?;
        let old = whole_pages(heap.end).ok_or(RegionError::OutOfBounds)?;
        let removed = if new < old {
            self.unmap(PageRange::new(new, old), limits)?
        } else if new > old {
            let next = self.tree.first_above(old);
            if next.is_some_and(|next| new + PAGE_BYTES > next.guarded_start()) {
                return Err(RegionError::Occupied);
            }
            let attributes = Attributes {
                access: Access::READ | Access::WRITE,
                sharing: Sharing::Private,
                flags: RegionFlags::empty(),
            };
            let region = Region::new(PageRange::new(old, new), attributes, backing);
            self.map(region, Overlap::Refused, limits, commit)?
        } else {
            Removed::NOTHING
        };
        self.program_break.end = end;
        Ok(removed)
    }
}
