"""The kernel's command line, as words for grub.cfg.

The words before ` -- ` are the kernel's options; double quotes enclose words with blanks. The
words after it are the arguments of the first program, quoted as in a shell.

GRUB joins its words to a line for the kernel: it puts a word with a blank in double quotes,
writes a `\\` before each `\\`, `'` and `"`, and drops empty words. Therefore two single quotes
are put before an argument that is empty or begins with two single quotes; the kernel removes
them.
Source: GRUB, grub-core/lib/cmdline.c.
"""

import re
import shlex

_MARK = "''"


def split(line):
    """Returns (the options as text, the arguments as a list)."""
    options, _, rest = f"{line} ".partition(" -- ")
    return options, shlex.split(rest)


def _words(line):
    """Returns (the words of the options, the words after them) that GRUB gets."""
    options, arguments = split(line)
    words = [word.replace('"', "") for word in re.findall(r'(?:"[^"]*"|\S)+', options)]
    marked = [_MARK + argument if not argument or argument.startswith(_MARK) else argument
              for argument in arguments]
    return words, ["--", *marked] if marked else []


def for_grub(line):
    """Returns the words of a command line, quoted for GRUB's script language."""
    options, others = _words(line)
    return " ".join(['"' + re.sub(r'([\\$"])', r"\\\1", word) + '"' for word in options]
                    + ["'" + word.replace("'", "'\\''") + "'" for word in others])


def for_kernel(line, first=""):
    """Returns the line that the kernel gets from GRUB for the words of a command line, with the
    word `first` before them."""
    options, others = _words(line)
    words = [re.sub(r"([\\'\"])", r"\\\1", word) for word in [first, *options, *others] if word]
    return " ".join(f'"{word}"' if " " in word else word for word in words)
