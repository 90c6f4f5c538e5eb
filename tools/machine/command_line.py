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


def for_grub(line):
    """Returns the words of a command line, quoted for GRUB's script language."""
    options, arguments = split(line)
    words = ['"' + re.sub(r'([\\$"])', r"\\\1", word.replace('"', "")) + '"'
             for word in re.findall(r'(?:"[^"]*"|\S)+', options)]
    if arguments:
        words.append("--")
    for argument in arguments:
        if not argument or argument.startswith(_MARK):
            argument = _MARK + argument
        words.append("'" + argument.replace("'", "'\\''") + "'")
    return " ".join(words)
