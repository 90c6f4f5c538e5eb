//! `echo`: writes its arguments.

use core::fmt::{self, Write};

use crate::monitor::command::{Command, NO_WORDS, Run};

pub(in crate::monitor) const COMMAND: Command = Command {
    name: "echo",
    usage: "[TEXT]",
    summary: "Writes TEXT; \\e is Escape, text in double quotes is kept whole.",
    example: "echo \\e[32mgreen\\e[0m",
    words: NO_WORDS,
    run: Run::Machine(|_, mut arguments, out| Ok(echo(arguments.rest(), out)?)),
};

fn echo(text: &str, out: &mut dyn Write) -> fmt::Result {
    // A quote without a second one is an ordinary character.
    let are_paired = text.matches('"').count().is_multiple_of(2);
    for (index, part) in text.split("\\e").enumerate() {
        out.write_str(if index > 0 { "\x1B" } else { "" })?;
        for piece in part.split(|c| c == '"' && are_paired) {
            out.write_str(piece)?;
        }
    }
    out.write_str("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test_case]
    fn quotes_are_taken_off_in_pairs() {
        let echoed = |text| {
            let mut out = heapless::String::<64>::new();
            echo(text, &mut out).expect("it fits");
            out
        };
        assert_eq!(echoed("a \"b | c\" \\e[0m"), "a b | c \x1B[0m\n");
        assert_eq!(echoed("5\" disk"), "5\" disk\n");
    }
}
