//! `sym`: names for addresses, and addresses of names.

use x86_64::VirtAddr;

use super::Command;
use crate::println;
use crate::symbols::{self, Instruction};

pub(super) const COMMAND: Command = Command {
    name: "sym",
    usage: "NAME or 0xADDRESS",
    summary: "Finds functions by a part of their name, or the one at an address.",
    run: |_, text| show(text),
};

/// The most functions that are listed.
const SHOWN_MAX: usize = 20;

fn show(text: &str) {
    if let Some(digits) = text.strip_prefix("0x") {
        match u64::from_str_radix(digits, 16).ok().and_then(|it| VirtAddr::try_new(it).ok()) {
            Some(address) => println!("{}", Instruction(address)),
            None => println!("sym: {text}: no address of this processor"),
        }
        return;
    }
    let mut found = symbols::find(text);
    for function in found.by_ref().take(SHOWN_MAX) {
        println!("{:#018x} {:6} bytes  {}", function.start, function.len_bytes, function.name);
    }
    match found.count() {
        0 => {}
        more => println!("and {more} more"),
    }
    if symbols::find(text).next().is_none() {
        println!("sym: no function has \"{text}\" in its name");
    }
}
