//! The first program, and the end of the machine after it.
//!
//! The program is that of `init=` on the command line, or else the first existing one of
//! [`init::DEFAULTS`]. Words of the command line after `--` are its arguments. If there is none, or
//! with `init=none`, the prompt runs instead.

#![forbid(unsafe_code)]

use alloc::string::String;
use alloc::vec::Vec;

use path_walk::LastLink;

use crate::arch::boot_stage::{self, Stage};
use crate::arch::reset;
use crate::console;
use crate::drivers;
use crate::drivers::char::serial;
use crate::fs;
use crate::fs::device_cache;
use crate::fs::namespace::lookup::{Caller, look_up_path};
use crate::monitor::{self, Machine, boot_record, device};
use crate::process::exec::Command;
use crate::process::exit_status::ExitStatus;
use crate::process::{init, init_status};
use crate::tty::console_terminal;

/// The value of `init=` that means no first program.
const NONE: &str = "none";

/// Runs the first program, if there is one, and ends the machine with its status. Returns if there
/// is none, or if it can't be started, which is logged.
pub fn run(machine: &Machine) {
    let Some(command) = find(machine) else {
        return;
    };
    let path = String::from_utf8_lossy(&command.path).into_owned();
    let mut monitor = monitor::Session::new();
    log::info!("the first program is {path}");
    device::offer();
    boot_stage::mark(Stage::FirstProgram);
    if let Err(error) = init::start(command) {
        log::error!("{path} can't be run: {error}");
        return;
    }
    if machine.boot.options.is_quiet {
        serial::end_log();
    }
    boot_record::take();
    if let Err(error) = console_terminal::take_input(init_status::wake) {
        log::error!("programs get no input: {error}");
    }
    let status = loop {
        match init_status::wait_or(|| console_terminal::has_attention() || device::is_asked()) {
            Some(status) => break status,
            None => device::serve(machine),
        }
        if console_terminal::has_attention() {
            monitor.run_beside_programs(machine);
            console_terminal::give_input_back();
        }
    };
    log::info!("the first program has ended: {status}");
    end(machine, status)
}

/// Returns the first program with its arguments.
fn find(machine: &Machine) -> Option<Command> {
    let path = match &machine.boot.options.init {
        Some(path) if path == NONE => return None,
        Some(path) => path.as_str(),
        None => {
            let caller = Caller::root(fs::root());
            let is_there =
                |path: &&str| look_up_path(&caller, path.as_bytes(), LastLink::Follow).is_ok();
            init::DEFAULTS.into_iter().find(is_there)?
        }
    };
    let line = machine.boot.information.command_line.bytes();
    let (_, further) = command_line::split_at_init(line);
    let mut arguments = Vec::new();
    arguments.push(path.as_bytes().to_vec());
    arguments.extend(further.map(|argument| argument.bytes().collect::<Vec<u8>>()));
    let environment = init::ENVIRONMENT.iter().map(|string| string.as_bytes().to_vec()).collect();
    Some(Command { path: path.as_bytes().to_vec(), arguments, environment })
}

/// Switches the machine off. The status is written to a port of QEMU, where `tools/run` reads it.
fn end(machine: &Machine, status: ExitStatus) {
    console::flush();
    if reset::is_qemu() {
        reset::report_status(status.shell_status());
    }
    device_cache::close_all();
    drivers::table::shut_down();
    let Some(acpi) = &machine.acpi else {
        log::error!("the machine can't be switched off: there are no ACPI tables");
        return;
    };
    match acpi.power_off() {
        Ok(way) => {
            let error = way.execute(machine.clock);
            log::error!("the machine can't be switched off: {error}");
        }
        Err(error) => log::error!("the machine can't be switched off: {error}"),
    }
}
