//! Witnesses: clocks that don't depend on the time stamp counter, with which the kernel's clock is
//! compared.

use timekeeping::comparison::Edge;

use crate::arch::time::clock::now_ns;

/// A clock of known frequency.
pub trait Witness {
    /// Returns its frequency in Hz.
    fn hz(&self) -> u32;
    /// Returns the largest count, after which the clock wraps to 0.
    fn mask(&self) -> u64;
    /// Waits for the next edge, without a switch to another thread. `None` if there is none, or if
    /// it was observed too late.
    fn next_edge(&self) -> Option<Edge>;
}

/// The largest width of a narrow edge, in nanoseconds: the time of a few reads of a device.
const NARROW_NS: u64 = 20_000;

/// Returns the first narrow edge of `witness`, of up to `attempts`; if none is narrow, the
/// narrowest. Threads and interrupts may delay the observation of an edge. `None` if there is no
/// edge.
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

/// Reads a device until its value changes; returns that change as an edge. `None` if the value is
/// the same for `limit_ns` nanoseconds. Doesn't switch to another thread.
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
