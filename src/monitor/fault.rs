//! `fault`: exceptions on purpose.

use super::arguments::{ArgumentError, Arguments};
use super::{Command, report_error};
use crate::arch::exception::Exception;
use crate::arch::page_fault::Access;
use crate::arch::provoke;
use crate::mm::violation;
use crate::println;

pub(super) const COMMAND: Command = Command {
    name: "fault",
    usage: "NAME [ADDRESS]",
    summary: "Provokes an exception or a panic; without a name, lists them.",
    run: |_, text| report_error(&COMMAND, provoke_named(text)),
};

fn provoke_named(text: &str) -> Result<(), ArgumentError<'_>> {
    let mut arguments = Arguments::new(text);
    let name = arguments.word().unwrap_or("");
    if let Some(access) = access_from_name(name) {
        let address = arguments.address()?;
        arguments.end()?;
        if let Err(allowed) = violation::commit(access, address) {
            println!("{address:#018x}: {allowed}");
        }
        return Ok(());
    }
    arguments.end()?;
    match (name, Exception::from_name(name)) {
        ("", _) => list(),
        ("panic", _) => panic!("provoked by the command fault"),
        ("reserved", _) => provoke::provoke_reserved_vector(),
        ("stack-overflow", _) => {
            provoke::overflow_stack();
        }
        ("triple", _) => crate::arch::reset::triple_fault(),
        (_, Some(exception)) => provoke::provoke(exception),
        (_, None) => println!("{name}: no such fault; fault alone lists them"),
    }
    Ok(())
}

fn access_from_name(name: &str) -> Option<Access> {
    match name {
        "read" => Some(Access::Read),
        "write" => Some(Access::Write),
        "execute" => Some(Access::Execute),
        _ => None,
    }
}

fn list() {
    println!("The kernel goes on:");
    show(|exception| exception.is_resumed());
    println!("The kernel stops with a report:");
    show(|exception| !exception.is_resumed());
    println!("  reserved\n  panic\n  stack-overflow");
    println!("  read ADDRESS, write ADDRESS or execute ADDRESS, where memory forbids it");
    println!("The machine resets:\n  triple");
}

fn show(is_shown: impl Fn(Exception) -> bool) {
    for (exception, mnemonic, name) in Exception::ALL {
        if is_shown(exception) {
            println!("  {mnemonic} {name}");
        }
    }
}
