//! The vDSO: a page of code that every program has, and before it a page of data.
//!
//! All programs share both frames. Only the kernel writes the data: when it makes them, and when
//! the time of day is set. During a write, the number at the start of the data is odd, so that a
//! program reads them again.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicI64, AtomicU32, Ordering, fence};

use ::address_space::{Access, Sharing};
use spin::Once;
use vdso_image::ClockData;

use super::backing::{MappedObject, PageError};
use crate::arch::time::clock;
use crate::arch::user::vdso;
use crate::mm::kernel::frames::{Purpose, SharedFrame};
use crate::sync::{Rank, SpinMutex};

/// The two pages of the vDSO.
pub struct Vdso {
    /// The data, which lies in the page before the code.
    pub data: Arc<dyn MappedObject>,
    /// The image with the code.
    pub image: Arc<dyn MappedObject>,
    data_frame: SharedFrame,
}

/// One of the pages.
struct Page {
    frame: SharedFrame,
    name: &'static str,
}

static VDSO: Once<Option<Vdso>> = Once::new();

/// The time of day when the kernel's clock was 0, in nanoseconds since 1970.
static REAL_TIME_START_NS: AtomicI64 = AtomicI64::new(0);

/// Protects the writes of the data; held for some writes; not taken by interrupt handlers.
static WRITER: SpinMutex<()> = SpinMutex::new(Rank::Files, ());

/// The number at the start of the data.
static SEQUENCE: AtomicU32 = AtomicU32::new(0);

/// Returns the vDSO; `None` if there was no memory for it. The first call makes it. That has to be
/// after the other CPUs have started, because their counters decide whether programs can compute
/// the time.
pub fn get() -> Option<&'static Vdso> {
    VDSO.call_once(|| {
        let vdso = try_make();
        if let Some(vdso) = &vdso {
            vdso.publish();
        }
        vdso
    })
    .as_ref()
}

/// Sets the time of day when the kernel's clock was 0, in nanoseconds since 1970.
pub fn set_real_time_start(start_ns: i64) {
    REAL_TIME_START_NS.store(start_ns, Ordering::Relaxed);
    if let Some(Some(vdso)) = VDSO.get() {
        vdso.publish();
    }
}

fn try_make() -> Option<Vdso> {
    let image = vdso_image::build(vdso::code(), &vdso::functions());
    let image = image.expect("the code and the names of its functions fit");
    let image_frame = SharedFrame::try_new_zeroed(Purpose::Files)?;
    image_frame.bytes(0..image.len()).write(&image);
    let data_frame = SharedFrame::try_new_zeroed(Purpose::Files)?;
    let data = Page { frame: data_frame.try_clone().ok()?, name: "[vvar]" };
    let image = Page { frame: image_frame, name: "[vdso]" };
    Some(Vdso { data: Arc::try_new(data).ok()?, image: Arc::try_new(image).ok()?, data_frame })
}

impl Vdso {
    /// Writes the data for computing the time.
    fn publish(&self) {
        let factors = clock::steady_conversion().map(|conversion| conversion.factors());
        let _writer = WRITER.lock();
        let data = ClockData {
            is_usable: factors.is_some(),
            base_tsc: factors.map_or(0, |factors| factors.base_tsc),
            base_ns: factors.map_or(0, |factors| factors.base_ns),
            mantissa: factors.map_or(0, |factors| factors.mantissa),
            shift: factors.map_or(0, |factors| factors.shift),
            real_time_start_ns: REAL_TIME_START_NS.load(Ordering::Relaxed),
        };
        let before = SEQUENCE.load(Ordering::Relaxed);
        let (changing, after) = (before.wrapping_add(1), before.wrapping_add(2));
        self.write(0, &changing.to_le_bytes());
        let bytes = data.to_bytes(changing);
        self.write(size_of::<u32>(), &bytes[size_of::<u32>()..]);
        self.write(0, &after.to_le_bytes());
        SEQUENCE.store(after, Ordering::Relaxed);
    }

    /// Writes to the data, in order with all other writes.
    fn write(&self, start: usize, bytes: &[u8]) {
        fence(Ordering::SeqCst);
        self.data_frame.bytes(start..start + bytes.len()).write(bytes);
        fence(Ordering::SeqCst);
    }
}

impl MappedObject for Page {
    fn page(&self, index: u64) -> Result<SharedFrame, PageError> {
        match index {
            0 => self.frame.try_clone().map_err(|_| PageError::NoMemory),
            _ => Err(PageError::Unavailable),
        }
    }

    fn allows(&self, access: Access, sharing: Sharing) -> bool {
        !access.contains(Access::WRITE) || sharing == Sharing::Private
    }

    fn write_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
