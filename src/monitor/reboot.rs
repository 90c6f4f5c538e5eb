//! `reboot`.

use super::Command;
use crate::arch::reset;

pub(super) const COMMAND: Command = Command {
    name: "reboot",
    usage: "",
    summary: "Restarts the machine.",
    run: |_, _| reset::reboot(),
};
