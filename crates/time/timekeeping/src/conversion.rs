//! Conversion between ticks of the time stamp counter and nanoseconds.

/// Nanoseconds in a second.
pub const NS_PER_SECOND: u64 = 1_000_000_000;

/// A factor, as `mantissa / 2^shift`. It has at least 63 significant bits, so a product
/// below 2^62 has an error of at most 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Factor {
    mantissa: u64,
    shift: u32,
}

impl Factor {
    /// Returns `numerator / denominator`, rounded down. Both are above 0 and have at most
    /// 40 bits.
    fn new(numerator: u64, denominator: u64) -> Self {
        let (numerator, denominator) = (u128::from(numerator), u128::from(denominator.max(1)));
        let scaled = |shift: u32| (numerator << shift) / denominator;
        // The shift loses no bit of the numerator.
        let shifts = 0..=numerator.leading_zeros();
        let fits = |shift: &u32| u64::try_from(scaled(*shift)).is_ok();
        let shift = shifts.take_while(fits).last().unwrap_or(0);
        Self { mantissa: scaled(shift) as u64, shift }
    }

    /// Multiplies `count`, rounded down; `u64::MAX` if the product is larger.
    #[inline]
    fn multiply(self, count: u64) -> u64 {
        // The shift is below 128.
        let product = (u128::from(count) * u128::from(self.mantissa)).wrapping_shr(self.shift);
        u64::try_from(product).unwrap_or(u64::MAX)
    }
}

/// The kernel's clock as a function of the boot CPU's time stamp counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversion {
    base_tsc: u64,
    base_ns: u64,
    ns_per_tick: Factor,
    ticks_per_ns: Factor,
}

/// The parts of a clock from which the time is computed:
/// `base_ns + ((counter - base_tsc) * mantissa >> shift)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factors {
    /// The value of the counter at the base.
    pub base_tsc: u64,
    /// The time at the base, in nanoseconds.
    pub base_ns: u64,
    /// The mantissa of the nanoseconds for each tick.
    pub mantissa: u64,
    /// The exponent, below 128.
    pub shift: u32,
}

impl Conversion {
    /// Returns the parts from which [`ns_at`](Self::ns_at) computes the time.
    pub fn factors(&self) -> Factors {
        let Factor { mantissa, shift } = self.ns_per_tick;
        Factors { base_tsc: self.base_tsc, base_ns: self.base_ns, mantissa, shift }
    }

    /// Returns a clock that is 0 when the counter is at `start_tsc`. `frequency_hz`, the
    /// counter's ticks per second, is above 0 and below 2^40.
    pub fn new(frequency_hz: u64, start_tsc: u64) -> Self {
        Self {
            base_tsc: start_tsc,
            base_ns: 0,
            ns_per_tick: Factor::new(NS_PER_SECOND, frequency_hz),
            ticks_per_ns: Factor::new(frequency_hz, NS_PER_SECOND),
        }
    }

    /// Returns this clock with another frequency, for use from `now_tsc` on. The new
    /// clock counts from `start_tsc`; if it would then go back at `now_tsc`, it continues
    /// at this clock's time instead.
    #[must_use]
    pub fn refined(&self, frequency_hz: u64, start_tsc: u64, now_tsc: u64) -> Self {
        let refined = Self::new(frequency_hz, start_tsc);
        let now_ns = self.ns_at(now_tsc);
        if refined.ns_at(now_tsc) >= now_ns {
            return refined;
        }
        Self { base_tsc: now_tsc, base_ns: now_ns, ..refined }
    }

    /// Returns the time in nanoseconds when the counter is at `tsc`, rounded down. Before
    /// the clock's start it is the time of the start, because the counters of CPUs may
    /// differ.
    #[inline]
    pub fn ns_at(&self, tsc: u64) -> u64 {
        let ticks = tsc.saturating_sub(self.base_tsc);
        self.base_ns.saturating_add(self.ticks_to_ns(ticks))
    }

    /// Returns [`ns_at`](Self::ns_at) for a CPU whose counter is at `tsc`, where `offset` is as for
    /// [`to_boot_cpu`]. For a counter that is less than 2^63 ticks from the start of the clock.
    #[inline]
    pub fn ns_on(&self, tsc: u64, offset: i64) -> u64 {
        let ticks = tsc.wrapping_add_signed(offset).wrapping_sub(self.base_tsc);
        if ticks.cast_signed() < 0 {
            return self.base_ns;
        }
        self.base_ns.wrapping_add(self.ns_per_tick.multiply(ticks))
    }

    /// Returns the counter's value when [`ns_at`](Self::ns_at) reaches `ns`. It is at
    /// most two ticks late, and within the first year never early. `u64::MAX` if the
    /// counter can't reach it.
    #[inline]
    pub fn tsc_at(&self, ns: u64) -> u64 {
        let ticks = self.ticks_per_ns.multiply(ns.saturating_sub(self.base_ns));
        // The factors and both products are rounded down.
        self.base_tsc.saturating_add(ticks).saturating_add(2)
    }

    /// Returns the duration of `ticks` in nanoseconds, rounded down.
    #[inline]
    pub fn ticks_to_ns(&self, ticks: u64) -> u64 {
        self.ns_per_tick.multiply(ticks)
    }
}

/// Returns the boot CPU's counter when a CPU's counter is at `tsc`. `offset` is the boot
/// CPU's counter minus that of the CPU: negative if the CPU is ahead.
#[inline]
pub fn to_boot_cpu(tsc: u64, offset: i64) -> u64 {
    tsc.saturating_add_signed(offset)
}

/// Returns a CPU's counter when the boot CPU's is at `tsc`; 0 if that would be negative.
/// `offset` as for [`to_boot_cpu`].
#[inline]
pub fn from_boot_cpu(tsc: u64, offset: i64) -> u64 {
    tsc.saturating_add_signed(offset.saturating_neg())
}

#[cfg(test)]
mod tests;
