//! `poweroff`.

use super::Command;
use crate::arch::reset;

pub(super) const COMMAND: Command = Command {
    name: "poweroff",
    usage: "",
    summary: "Switches the machine off.",
    run: |_, _| reset::power_off(),
};
