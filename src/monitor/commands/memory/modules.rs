//! `modules`: the files that were loaded with the kernel.

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "modules",
    usage: "",
    summary: "Lists the files that the loader has put into memory.",
    example: "modules",
    words: NO_WORDS,
    run: Run::Machine(|machine, arguments, out| {
        arguments.end()?;
        let modules = machine.boot.information.modules;
        if modules.is_empty() {
            writeln!(out, "The loader has loaded no modules.")?;
            return Ok(());
        }
        writeln!(out, "module start           KiB arguments")?;
        for (index, module) in modules.iter().enumerate() {
            let kib = module.end.saturating_sub(module.start).div_ceil(1024);
            writeln!(out, "{index:6} {:#010x} {kib:8} {}", module.start, module.arguments)?;
        }
        Ok(())
    }),
};
