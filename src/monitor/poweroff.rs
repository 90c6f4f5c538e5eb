//! `poweroff`.

use super::Command;
use crate::arch::reset;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "poweroff",
    usage: "",
    summary: "Switches the machine off.",
    run: |_, _| {
        reset::power_off();
        println!("This machine can't be switched off from here. It is safe to do so by hand.");
    },
};
