//! `layout`: lists and selects keyboard layouts.

use core::fmt::{self, Write};

use crate::drivers::char::keyboard::{self, Layout};
use crate::monitor::arguments::ArgumentError;
use crate::monitor::command::{Command, Error, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "layout",
    usage: "[NAME]",
    summary: "Shows the keyboard's layouts, or chooses one.",
    example: "layout de",
    words: |_, found| Layout::ALL.into_iter().for_each(|layout| found(layout.name())),
    run: Run::Always(|mut arguments, out| {
        let name = arguments.word();
        arguments.end()?;
        match name.map(|name| (name, Layout::from_name(name))) {
            None => Ok(list(out)?),
            Some((_, Some(layout))) => {
                keyboard::set_layout(layout);
                Ok(())
            }
            Some((name, None)) => {
                list(out)?;
                Err(Error::Argument(ArgumentError::unknown(name)))
            }
        }
    }),
};

/// Lists all layouts, with a star at the one in use.
fn list(out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "  name  for")?;
    for layout in Layout::ALL {
        let mark = if layout == keyboard::layout() { '*' } else { ' ' };
        writeln!(out, "{mark} {:4}  {}", layout.name(), layout.description())?;
    }
    Ok(())
}
