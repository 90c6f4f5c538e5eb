//! `help`: the commands.

use super::{COMMANDS, Command};
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "help",
    usage: "",
    summary: "Lists the commands.",
    run: |_, _| {
        for command in COMMANDS {
            println!("{:10}{:18}{}", command.name, command.usage, command.summary);
        }
    },
};
