//! `fault`: exceptions on purpose.

use super::Command;
use crate::arch::exception::Exception;
use crate::arch::provoke;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "fault",
    usage: "NAME",
    summary: "Provokes an exception or a panic; without a name, lists them.",
    run: |_, name| match (name, Exception::from_name(name)) {
        ("", _) => list(),
        ("panic", _) => panic!("provoked by the command fault"),
        ("reserved", _) => provoke::provoke_reserved_vector(),
        ("triple", _) => crate::arch::reset::triple_fault(),
        (_, Some(exception)) => provoke::provoke(exception),
        (_, None) => println!("{name}: no such fault; fault alone lists them"),
    },
};

fn list() {
    println!("The kernel goes on:");
    show(|exception| exception.is_resumed());
    println!("The kernel stops with a report:");
    show(|exception| !exception.is_resumed());
    println!("  reserved  panic");
    println!("The machine resets:\n  triple");
}

fn show(is_shown: impl Fn(Exception) -> bool) {
    for (exception, mnemonic, name) in Exception::ALL {
        if is_shown(exception) {
            println!("  {mnemonic} {name}");
        }
    }
}
