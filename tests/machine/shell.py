"""busybox's shell in interactive use: on the serial line, and once with keyboard and
framebuffer."""

import re

from machine.glyphs import screen_text
from machine.shell import PROMPT, REQUEST, Typist, machine

CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH, ESCAPE = "\x03", "\x04", "\x1a", "\x1c", "\x1b"
QUESTION = re.escape("> " + REQUEST)
JOB = r"{}  *{}  +{}\r\n"


def jobs_are_controlled():
    with machine() as qemu:
        shell = Typist(qemu)
        shell.start("cat")
        shell.type("line\r", "line\r\nline\r\n")
        shell.type(CTRL_C, r"\^C\r\n", PROMPT)
        assert shell.run("echo $?") == "130\n"
        shell.start("sleep 100")
        shell.type(CTRL_Z, r"\^Z" + JOB.format(r"\[1\]\+", "Stopped", "sleep 100"), PROMPT)
        assert re.fullmatch(r"\[1\]\+  Stopped +sleep 100\n", shell.run("jobs"))
        assert shell.run("bg") == "[1] sleep 100\n"
        assert re.fullmatch(r"\[1\]\+  Running +sleep 100\n", shell.run("jobs"))
        shell.start("fg")
        shell.type(CTRL_Z, r"\^Z\[1\]\+  Stopped", PROMPT)
        # The signal stays pending until the job continues.
        shell.run("kill %1")
        assert shell.run("fg") == "sleep 100\nTerminated\n"
        assert shell.run("jobs") == ""
        shell.start("sleep 100")
        shell.type(CTRL_BACKSLASH, r"\^\\Quit\r\n", PROMPT)
        assert shell.run("echo $?") == "131\n"


def pipelines_stop_and_continue():
    with machine() as qemu:
        shell = Typist(qemu)
        shell.start("(read a; echo got $a) | cat | tr a-z A-Z")
        shell.type(CTRL_Z, r"\^Z\[1\]\+  Stopped", PROMPT)
        assert shell.run("jobs -l").count("\n") == 3
        # The subshell, cat and tr.
        assert shell.run("ps -o stat | grep -c ^T") == "3\n"
        shell.start("fg")
        shell.type("text\r", r"^GOT TEXT\r\n", PROMPT)
        assert shell.run("echo $?; jobs") == "0\n"
        # A job in the background can't read typed input.
        shell.run("cat &")
        shell.wait_until("jobs | grep -q Stopped")
        assert "Stopped (tty input)" in shell.run("jobs")
        shell.start("fg")
        shell.type("text\r", r"text\r\ntext\r\n")
        shell.type(CTRL_D, PROMPT)
        # Ctrl-S stops the output, Ctrl-Q restarts it.
        shell.type("\x13echo held\r")
        qemu.settle()
        shell.type("\x11", r"held\r\nheld\r\n", PROMPT)


def lines_are_edited():
    with machine() as qemu:
        shell = Typist(qemu)
        assert shell.run("sh -c 'trap \"echo caught\" INT; kill -INT $$'") == "caught\n"
        shell.type("cat <<END\r", QUESTION)
        shell.type("home is $HOME\r", QUESTION)
        shell.type("END\r", r"^home is /root\r\n", PROMPT)
        shell.type("sh\r", PROMPT)
        assert shell.run("echo $PPID") != shell.run("echo $$")
        shell.type(CTRL_D, PROMPT)
        # History, completion by Tab, an abandoned line; without keys that send an Escape, see below.
        shell.run("echo first")
        shell.run("echo second")
        shell.type("\x10\x10", "echo first")
        shell.type("\r", r"^first\r\n", PROMPT)
        shell.type("ls -d /pro\t", "/proc/")
        shell.type("\r", r"^/proc/\r\n", PROMPT)
        shell.type("nonsense" + CTRL_C, r"\^C\r\n", PROMPT)
        # A line of several rows, with corrections.
        word = "x" * 200
        shell.type(f"echo {word}\x01\x06\x06\x06\x06\x06-n y\x05\x7f\r", PROMPT)
        # Characters of several bytes, in the shell's and in the terminal's line editing.
        assert shell.run("echo grüße € | cut -c1-50") == "grüße €\n"
        shell.start("cat")
        shell.type("grüß\x7f\x7fun\r", r"^grun\r\n")
        shell.type("one two\x17three\x15four\r", r"^four\r\n")
        shell.type("\x16\x03\r", r"^\x03\r\n")
        shell.type("last" + CTRL_D, "last")
        shell.type(CTRL_D, PROMPT)
        # Typed input isn't echoed.
        shell.start("stty -echo; read a; stty echo; echo got $a")
        shell.type("secret\r", r"^got secret\r\n", PROMPT)
        assert "secret\r\ngot" not in qemu.output
        assert "rows 40; columns 100" in shell.run("stty rows 40 cols 100; stty -a")
        assert shell.run("sh -c 'trap \"echo resized\" WINCH; stty rows 30'") == "resized\n"


def programs_of_the_whole_screen_work():
    with machine() as qemu:
        shell = Typist(qemu)
        shell.run("stty rows 24 cols 80")
        shell.type("vi /tmp/file\r", r"\x1b\[\?1049h", r"- /tmp/file 1/1 100%")
        # vi redraws for the keys that it has read so far, so on a busy host a word may be split.
        # vi recognizes the Escape key by a pause after it.
        shell.type("ifirst line\rsecond")
        qemu.settle()
        shell.type(ESCAPE, r"- /tmp/file \[Modified\] 2/2")
        shell.type(":w\r", r"'/tmp/file' 2L, 18C")
        shell.type("klA, longer")
        qemu.settle()
        shell.type(ESCAPE, r"- /tmp/file \[Modified\] 1/2")
        shell.type(":wq\r", r"2L, 26C", r"\x1b\[\?1049l", PROMPT)
        assert shell.run("cat /tmp/file") == "first line, longer\nsecond\n"
        shell.type("top\r", r"Mem: \d+K used", r"\d+ root .* top")
        shell.type("q", PROMPT)
        shell.type("seq 100 | less\r", r"K23\r\n")
        shell.type(" ", r"K46\r\n")
        # less makes the terminal raw only while it waits for a key, and ignores the LF that an Enter
        # is in the other mode.
        shell.type("G", r"K100\r\n")
        qemu.settle()
        shell.type("/77\r", r"\x1b\[7m77\x1b\[m")
        shell.type("q", PROMPT)
        assert "icanon" in shell.run("stty -a") and "-echo " not in shell.run("stty -a")
        shell.run("stty raw -echo; stty sane")
        # Ctrl-C soon ends a program that floods the line.
        shell.type("yes\r", r"(y\r\n){50}")
        shell.type(CTRL_C, r"\^C", PROMPT)
        # The same for a single write that would take long. Until Ctrl-C is typed, it writes no more
        # than the socket holds, however late that is: some 270 writes by QEMU, of a byte or more.
        shell.run("yes | head -c 1000000 >/tmp/big")
        begin = len(qemu.output)
        with qemu.reading_stopped():
            shell.type("dd if=/tmp/big bs=1M\r")
            qemu.wait_for(lambda: qemu.unread_bytes() > 100,
                          lambda: f"only {qemu.unread_bytes()} bytes are written")
            shell.type(CTRL_C)
        shell.type("", r"(y\r\n){50}", r"\^C", PROMPT)
        assert len(qemu.output) - begin < 1_000_000
        shell.type("exit\r", r"built-in shell", PROMPT)


def one_terminal_answers():
    """One terminal answers a program's request for the cursor's position: for input on the serial
    line the terminal at its other end, which is this test, for input on the keyboard the
    kernel's."""
    with machine() as qemu:
        shell = Typist(qemu)
        shell.start("printf '\\033[6n'; read a")
        qemu.expect(re.escape(REQUEST))
        # The answer is echoed.
        shell.type("\x1b[7;11R\r", r"\^\[\[7;11R\r\n", PROMPT)
        qemu.type_keys("true\n")
        qemu.expect(r"true\r\n~ # ")
        qemu.settle()
        qemu.type_keys("printf 'a\\033[6n'; read a\n")
        qemu.expect(r"read a\r\na\^\[\[\d+;2R")
        qemu.type_keys("\n")
        qemu.expect(r"~ # ")
        qemu.settle()
        assert REQUEST not in qemu.output[qemu.output.rindex("true"):]


class Screen:
    """The text on a framebuffer."""

    def __init__(self, qemu):
        self._qemu = qemu

    def expect(self, pattern):
        """Waits until the text matches the regular expression."""
        regex = re.compile(pattern, re.M)
        self._qemu.wait_for(
            lambda: regex.search("\n".join(screen_text(self._qemu)[0])),
            lambda: "\n".join([f"no {pattern!r} on the screen:", *screen_text(self._qemu)[0]]))
        # When the machine is idle, a started program has set the terminal's mode.
        self._qemu.settle()


def keyboard_and_framebuffer_do():
    with machine(video="1024x768x32") as qemu:
        screen = Screen(qemu)
        # The cursor's cell isn't recognized as a character.
        screen.expect(r"^~ #\s*\??\s*\Z")
        qemu.type_keys("clear; cat\n")
        screen.expect(r"\A\s*\??\s*\Z")
        qemu.type_keys("abc\n")
        screen.expect(r"^abc\nabc\n")
        qemu.tap("ctrl", "c")
        screen.expect(r"^\^C\n~ #")
        qemu.type_keys("sleep 100\n")
        screen.expect(r"^~ # sleep 100\n")
        qemu.tap("ctrl", "z")
        screen.expect(r"^\^Z\[1\]\+  Stopped +sleep 100\n~ #")
        qemu.type_keys("fg\n")
        screen.expect(r"^~ # fg\nsleep 100\n")
        qemu.tap("ctrl", "backslash")
        screen.expect(r"^\^\\Quit\n~ #")
        qemu.type_keys("vi /tmp/f\n")
        screen.expect(r"^- /tmp/f 1/1 100%")
        qemu.type_keys("itext")
        qemu.tap("ret")
        qemu.type_keys("more")
        qemu.tap("esc")
        screen.expect(r"\Atext\nmore\n~\n")
        qemu.tap("up")
        qemu.type_keys("x")
        screen.expect(r"\Atex\nmore\n~\n")
        qemu.tap("shift", "semicolon")
        qemu.type_keys("wq\n")
        # vi has restored the screen.
        screen.expect(r"^\^\\Quit\n~ # vi /tmp/f\n~ #")
        qemu.type_keys("clear; cat /tmp/f\n")
        screen.expect(r"\Atex\nmore\n~ #")
        qemu.type_keys("top\n")
        screen.expect(r"^ *PID +PPID USER")
        qemu.type_keys("q")
        screen.expect(r" root .*\n~ #")
        qemu.type_keys("clear; sh\n")
        screen.expect(r"built-in shell")
        qemu.tap("ctrl", "d")
        qemu.type_keys("clear\n")
        screen.expect(r"\A~ #")
        qemu.tap("up")
        qemu.tap("up")
        screen.expect(r"\A~ # clear; sh")


def debug_build_runs_programs():
    """Its assertions hold in system calls, execs, signals and ends of programs."""
    with machine(is_debug=True) as qemu:
        shell = Typist(qemu)
        assert shell.run("seq 3 | while read n; do (exit $n) || echo $?; done") == "1\n2\n3\n"
        assert shell.run("sh -c 'kill -USR1 $$'; echo $?").endswith("138\n")


def screen_shows_no_stage_before_the_shell():
    """Stages of the boot are shown on the screen only until the first program begins."""
    with machine("") as qemu:
        Typist(qemu)
        rows = [row.rstrip() for row in qemu.screen()]
        begin = next(at for at, row in enumerate(rows) if "the first program is /init" in row)
        assert rows[begin + 1] == "" and rows[begin + 3].startswith("BusyBox"), rows


def add_to(suite):
    for test in (jobs_are_controlled, pipelines_stop_and_continue, lines_are_edited,
                 programs_of_the_whole_screen_work, one_terminal_answers,
                 debug_build_runs_programs, screen_shows_no_stage_before_the_shell,
                 keyboard_and_framebuffer_do):
        suite.add(f"shell::{test.__name__}", test)
