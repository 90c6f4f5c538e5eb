//! The observations of a CPU by the watchdog.

use super::cpu::SchedCpu;

/// How long a CPU may be silent, or not switch while threads wait.
const PATIENCE_NS: u64 = 5_000_000_000;

/// The last counts of a CPU, and when they changed. The thread of the watchdog that watches the CPU
/// owns them.
pub(super) struct Watch {
    pub(super) cpu: &'static SchedCpu,
    heartbeats: Option<u64>,
    switches: u64,
    alive_ns: Option<u64>,
    switched_ns: Option<u64>,
    is_reported: bool,
}

impl Watch {
    /// Returns the state of a CPU that was not observed yet.
    pub(super) fn new(cpu: &'static SchedCpu) -> Self {
        Self {
            cpu,
            heartbeats: None,
            switches: 0,
            alive_ns: None,
            switched_ns: None,
            is_reported: false,
        }
    }

    /// Records an observation. Returns what the CPU doesn't do, if it hangs and that is to be
    /// reported: once, until it answers again.
    pub(super) fn observe(&mut self, heartbeats: u64, now_ns: u64) -> Option<&'static str> {
        let switches = self.cpu.switches();
        if self.heartbeats.replace(heartbeats) != Some(heartbeats) {
            self.alive_ns = Some(now_ns);
        }
        if core::mem::replace(&mut self.switches, switches) != switches || self.cpu.runnable() < 2 {
            self.switched_ns = Some(now_ns);
        }
        let is_silent = |since: Option<u64>| {
            since.is_some_and(|since_ns| now_ns.saturating_sub(since_ns) > PATIENCE_NS)
        };
        let defect = if is_silent(self.alive_ns) {
            Some("takes no interrupts")
        } else if is_silent(self.switched_ns) {
            Some("doesn't switch, though threads wait")
        } else {
            None
        };
        let was_reported = core::mem::replace(&mut self.is_reported, defect.is_some());
        defect.filter(|_| !was_reported)
    }
}
