//! The fields of a register, one per line.

use core::fmt::{self, Write};

use registers::{Field, Layout};

/// The fields that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Choice {
    /// Fields that are set, and fields that have a meaning while they are clear.
    Notable,
    /// All fields.
    All,
}

/// Writes a register: its name, its value and its fields.
pub(in crate::monitor) fn write(
    out: &mut dyn Write,
    layout: &Layout,
    value: u64,
    choice: Choice,
) -> fmt::Result {
    writeln!(out, "{:10} {value:#018x}  {}", layout.name, layout.purpose)?;
    for field in layout.fields {
        match (field.of(value), choice) {
            (0, Choice::All) => write_row(out, field, "0", field.clear.unwrap_or(field.meaning))?,
            (0, Choice::Notable) => {}
            (set, _) if field.bits == 1 => {
                debug_assert_eq!(set, 1);
                write_row(out, field, "1", field.meaning)?;
            }
            (set, _) => write_row(out, field, format_args!("{set:#x}"), field.meaning)?,
        }
    }
    if choice == Choice::Notable {
        for field in layout.notably_clear_in(value) {
            write_row(out, field, "0", field.clear.unwrap_or(field.meaning))?;
        }
    }
    match layout.unnamed_in(value) {
        0 => Ok(()),
        unnamed => writeln!(out, "  and bits without a name here: {unnamed:#x}"),
    }
}

fn write_row(
    out: &mut dyn Write,
    field: &Field,
    value: impl fmt::Display,
    words: &str,
) -> fmt::Result {
    let Field { bit, bits, name, .. } = field;
    if *bits == 1 {
        write!(out, "  {bit:>5}")?;
    } else {
        write!(out, "  {:2}-{bit:<2}", bit + bits - 1)?;
    }
    writeln!(out, "  {name:<11} {value:<4} {words}")
}
