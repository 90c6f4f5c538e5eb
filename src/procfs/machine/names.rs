//! `version`, `cmdline`.

use boot_information::Text as BootText;
use spin::Once;

use crate::fs::error::FsError;
use crate::fs::generated::Text;
use crate::process::uts;

/// The command line, as the loader has passed it.
static COMMAND_LINE: Once<BootText<'static>> = Once::new();

/// Sets the command line.
pub(in crate::procfs) fn set_command_line(line: BootText<'static>) {
    COMMAND_LINE.call_once(|| line);
}

pub(in crate::procfs) fn command_line(_: &(), text: &mut Text) -> Result<(), FsError> {
    let bytes = COMMAND_LINE.get().into_iter().flat_map(|line| line.bytes());
    for byte in bytes {
        text.push(&[*byte])?;
    }
    text.push(b"\n")
}

pub(in crate::procfs) fn version(_: &(), text: &mut Text) -> Result<(), FsError> {
    writeln!(text, "{} version {} ({})", uts::SYSTEM, uts::RELEASE, uts::VERSION)
}
