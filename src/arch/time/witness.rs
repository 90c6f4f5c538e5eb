//! Witnesses: clocks that are independent of the time stamp counter, to compare the kernel's clock
//! with.

use timekeeping::comparison::Edge;

use crate::arch::time::clock::now_ns;

/// A clock of known frequency.
pub trait Witness {
    /// Returns its frequency in Hz.
    fn hz(&self) -> u32;
    /// Returns its bits: it wraps to 0 after this value.
    fn mask(&self) -> u64;
    /// Waits for the next edge, without giving the CPU up. `None` if none comes, or it was
    /// observed too late.
    fn next_edge(&self) -> Option<Edge>;
}

/// Edges that are observed within this time, in nanoseconds, are narrow: a few reads of a device.
const NARROW_NS: u64 = 20_000;

/// Returns the first narrow one of up to `attempts` edges of `witness`, or else the narrowest.
/// Threads and interrupts may delay the others. `None` if there is no edge.
pub fn narrow_edge(witness: &dyn Witness, attempts: usize) -> Option<Edge> {
    let mut best: Option<Edge> = None;
    for _ in 0..attempts {
        let Some(edge) = witness.next_edge() else {
            continue;
        };
        if best.is_none_or(|best| edge.width_ns() < best.width_ns()) {
            best = Some(edge);
        }
        if edge.width_ns() <= NARROW_NS {
            break;
        }
    }
    best
}

/// Reads a device until it returns another value than at first: the edge to that value. `None` if
/// it returns the same for `limit_ns` nanoseconds. Doesn't give the CPU up.
pub fn edge(limit_ns: u64, read: impl Fn() -> u64) -> Option<Edge> {
    let mut earliest_ns = now_ns();
    let end_ns = earliest_ns.saturating_add(limit_ns);
    let first = read();
    loop {
        let before_ns = now_ns();
        let count = read();
        let latest_ns = now_ns();
        if count != first {
            return Some(Edge { count, earliest_ns, latest_ns });
        }
        if latest_ns >= end_ns {
            return None;
        }
        earliest_ns = before_ns;
    }
}
