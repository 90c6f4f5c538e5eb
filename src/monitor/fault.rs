//! `fault`: exceptions on purpose.

use core::fmt::{self, Write};

use super::arguments::Arguments;
use super::command::{Command, Error, Run};
use crate::arch::exception::Exception;
use crate::arch::page_fault::Access;
use crate::arch::provoke;
use crate::mm::violation;

pub(super) const COMMAND: Command = Command {
    name: "fault",
    usage: "NAME [ADDRESS]",
    summary: "Provokes an exception or a panic; without a name, lists them.",
    example: "fault page-fault",
    words: names,
    run: Run::Machine(|_, arguments, out| provoke_named(arguments, out)),
};

fn provoke_named(mut arguments: Arguments<'_>, out: &mut dyn Write) -> Result<(), Error> {
    let name = arguments.word().unwrap_or("");
    if let Some(access) = access_from_name(name) {
        let address = arguments.address()?;
        arguments.end()?;
        if let Err(allowed) = violation::commit(access, address) {
            writeln!(out, "{address:#018x}: {allowed}")?;
        }
        return Ok(());
    }
    arguments.end()?;
    match (name, Exception::from_name(name)) {
        ("", _) => list(out)?,
        ("panic", _) => panic!("provoked by the command fault"),
        ("reserved", _) => provoke::provoke_reserved_vector(),
        ("stack-overflow", _) => {
            provoke::overflow_stack();
        }
        ("triple", _) => crate::arch::reset::triple_fault(),
        (_, Some(exception)) => provoke::provoke(exception),
        (_, None) => writeln!(out, "{name}: no such fault; fault alone lists them")?,
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

fn list(out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "The kernel goes on:")?;
    show(out, |exception| exception.is_resumed())?;
    writeln!(out, "The kernel stops with a report:")?;
    show(out, |exception| !exception.is_resumed())?;
    writeln!(out, "  reserved\n  panic\n  stack-overflow")?;
    writeln!(out, "  read ADDRESS, write ADDRESS or execute ADDRESS, where memory forbids it")?;
    writeln!(out, "The machine resets:\n  triple")
}

fn show(out: &mut dyn Write, is_shown: impl Fn(Exception) -> bool) -> fmt::Result {
    for (exception, mnemonic, name) in Exception::ALL {
        if is_shown(exception) {
            writeln!(out, "  {mnemonic} {name}")?;
        }
    }
    Ok(())
}

/// Gives the names that can be completed.
fn names(found: &mut dyn FnMut(&str)) {
    for name in ["read", "write", "execute", "panic", "reserved", "stack-overflow", "triple"] {
        found(name);
    }
    for (_, _, name) in Exception::ALL {
        found(name);
    }
}
