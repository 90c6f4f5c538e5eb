"""The kernel's command line, as words for grub.cfg.

Before ` -- ` are the kernel's options: words, in which double quotes hold blanks together.
After it are the arguments of the first program, quoted as in a shell.

GRUB writes a line for the kernel from its words: a word with a blank is put in double quotes,
and `\\`, `'` and `"` get a `\\` in front. An empty word is lost. So an argument that is empty, or
begins with two single quotes, gets two single quotes in front, which the kernel removes.
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
    """Returns the words of a command line as GRUB's script language needs them."""
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
