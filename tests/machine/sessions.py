"""Interactive sessions: the same keys on the serial line and the keyboard, the same text
on the serial line and every kind of screen; then floods of input and random bytes."""

import random
import re
import threading

from machine.glyphs import cell_size, screen_pixels, screen_text
from machine.images import image
from machine.qemu import COLUMNS, ROWS, VGA_TEXT, Qemu
from machine.tools import ovmf

NEEDED = ("-m", "128")
# The CPU time that a machine may take to print a quarter of a MiB of text, in seconds.
LONG_CPU_S = 250
LARGE = ("-vga", "none", "-device", "VGA,vgamem_mb=64")
SCREENS = {
    # GRUB's gfxpayload, more arguments for QEMU
    "text": ("", ()),
    "640x480": ("640x480x32", ()),
    "1024x768": ("1024x768x24", ()),
    "3840x2160": ("3840x2160x32", LARGE),
}

PROMPT = "farjump> "
QUESTION = "-- more: Space, Enter, End, q --"
BLACK, RED, BLUE, GREY, YELLOW = ((0, 0, 0), (0xAA, 0, 0), (0, 0, 0xAA), (0xAA,) * 3,
                                  (0xFF, 0xFF, 0x55))

# Named keys: the bytes of a terminal, and QEMU's names.
NAMED = {
    "enter": ("\r", ["ret"]),
    "tab": ("\t", ["tab"]),
    "left": ("\x1b[D", ["left"]),
    "up": ("\x1b[A", ["up"]),
    "home": ("\x1b[H", ["home"]),
    "end": ("\x1b[F", ["end"]),
    "space": (" ", ["spc"]),
    "ctrl-c": ("\x03", ["ctrl", "c"]),
    "ctrl-k": ("\x0b", ["ctrl", "k"]),
    "ctrl-l": ("\x0c", ["ctrl", "l"]),
    "ctrl-r": ("\x12", ["ctrl", "r"]),
    "ctrl-w": ("\x17", ["ctrl", "w"]),
    "shift-pageup": ("\x1b[5;2~", ["shift", "pgup"]),
    "shift-pagedown": ("\x1b[6;2~", ["shift", "pgdn"]),
}

# A session, and the screen after it: as many rows as the smallest screen has.
TYPED = (
    "cho one<home>e<enter>"
    "echo two words<ctrl-w>lines<enter>"
    "echo abd<left>c<enter>"
    "<up><up><enter>"
    "<ctrl-r>one<enter>"
    "hel<tab>tic<tab><enter>"
    "he<tab><tab>lp time | find SINCE<enter>"
    "help ticks | count<enter>"
    "help ticks > serial<enter>"
    "echo \\e[31mred\\e[0m plain<enter>"
)
TICKS_HELP = ["Shows the timer's interrupts and the time since the start.", "usage    ticks",
              "example  ticks"]
SHOWN = [
    "farjump> echo one",
    "one",
    "farjump> echo two lines",
    "two lines",
    "farjump> echo abcd",
    "abcd",
    "farjump> echo two lines",
    "two lines",
    "farjump> echo one",
    "one",
    "farjump> help ticks",
    *TICKS_HELP,
    "farjump> he",
    "heap     help     hexdump",
    "farjump> help time | find SINCE",
    "Shows the time since the start, and the time of day.",
    "farjump> help ticks | count",
    "3",
    "farjump> help ticks > serial",
    "farjump> echo \\e[31mred\\e[0m plain",
    "red plain",
    "farjump> abc^C",
    "farjump>",
]
assert len(SHOWN) == ROWS

# The serial line's text of the session, from the first machine that ended it.
_sent = {}


# ------------------------------------------------------------ keys and screens --

def by_serial(qemu, keys):
    """Types on the serial line; names of keys are in `<>`."""
    qemu.send_keys(re.sub(r"<([a-z-]+)>", lambda match: NAMED[match[1]][0], keys))


def by_keyboard(qemu, keys):
    """Types on the keyboard; names of keys are in `<>`."""
    for name, c in re.findall(r"<([a-z-]+)>|(.)", keys):
        if name:
            qemu.tap(*NAMED[name][1])
        else:
            qemu.type_keys(c)


class Screen:
    """The text and the colours on a screen."""

    def __init__(self, qemu, name):
        self._qemu, self._is_text = qemu, name == "text"
        self.rows, self.columns = ROWS, COLUMNS
        if not self._is_text:
            width, height, _ = screen_pixels(qemu)
            cell_width, cell_height = cell_size(width, height)
            self.rows, self.columns = height // cell_height, width // cell_width

    def lines(self):
        """Returns all rows, without blanks at their ends."""
        return self._qemu.screen() if self._is_text else screen_text(self._qemu)[0]

    def expect(self, lines):
        """Waits until the screen shows exactly these rows."""
        lines = lines + [""] * (self.rows - len(lines))
        self._qemu.wait_for(lambda: self.lines() == lines, lambda: "\n".join(
            ["not seen:", *lines, "but:", *self.lines()]))

    def colours(self, row, first, last):
        """Returns the set of colours in some cells of a row."""
        if self._is_text:
            data = self._qemu.read_memory(VGA_TEXT + 2 * (row * COLUMNS + first),
                                          2 * (last + 1 - first))
            numbers = {part for c, attribute in zip(data[::2], data[1::2])
                       for part in [attribute >> 4] + [attribute & 15] * (c != 0x20)}
            return {tuple((0xAA if number & bit else 0) + (0x55 if number & 8 else 0)
                          for bit in (4, 2, 1)) for number in numbers}
        width, height, pixels = screen_pixels(self._qemu)
        cell_width, cell_height = cell_size(width, height)
        starts = (3 * (y * width + x)
                  for y in range(row * cell_height, (row + 1) * cell_height)
                  for x in range(first * cell_width, (last + 1) * cell_width))
        return {tuple(pixels[at:at + 3]) for at in starts}

    def expect_colours(self, row, first, last, colours):
        """Waits until some cells of a row have these colours."""
        self._qemu.wait_for(
            lambda: self.colours(row, first, last) == colours,
            lambda: f"{row} {first} {last}: {self.colours(row, first, last)}, not {colours}")


def machine(screen, *arguments, **options):
    video, more = SCREENS[screen]
    return Qemu(*NEEDED, "-cdrom", image(video=video), "-boot", "d", *more, *arguments,
                **options)


def run_session(qemu, type_on):
    """Types the session; returns the output to the serial line."""
    type_on(qemu, "clear<enter>")
    qemu.expect(re.escape("\x1b[2J" + PROMPT))
    begin = len(qemu.output)
    type_on(qemu, TYPED)
    # Ctrl-C drops input that was typed before it.
    qemu.expect(r"plain\r\nfarjump> ")
    type_on(qemu, "abc<ctrl-c>")
    qemu.expect(r"abc\^C\r\nfarjump> ")
    return qemu.output[begin:]


def check_sent(sent):
    """Compares the serial text of a session with that of the other machines."""
    assert sent == _sent.setdefault("session", sent), (sent, _sent["session"])
    # The text of `> serial` is on the serial line only.
    assert sent.count("\r\n".join(TICKS_HELP).replace("usage    ticks", "usage    ticks ")) == 2
    # The terminal at the line has its own colours.
    assert "\r\n\x1b[31mred\x1b[0m plain\r\n" in sent, sent


# ------------------------------------------------------------------- sessions --

def session_is_the_same(name):
    """Runs the session on the serial line, then on the keyboard; then checks colours."""
    with machine(name) as qemu:
        qemu.expect(PROMPT)
        screen = Screen(qemu, name)
        for type_on in (by_serial, by_keyboard):
            check_sent(run_session(qemu, type_on))
            screen.expect(SHOWN)
        red = SHOWN.index("red plain")
        assert screen.colours(red, 0, 2) == {RED, BLACK}
        assert screen.colours(red, 4, 8) == {GREY, BLACK}

        by_keyboard(qemu, "clear<enter>echo \\e[31mred\\e[0m plain<enter>color yellow blue<enter>")
        screen.expect(["farjump> echo \\e[31mred\\e[0m plain", "red plain",
                       "farjump> color yellow blue", "farjump>"])
        screen.expect_colours(1, 4, 8, {YELLOW, BLUE})
        assert screen.colours(1, 0, 2) == {RED, BLUE}
        assert screen.colours(screen.rows - 1, 0, 79) == {BLUE}
        # Typed text has these colours, too, and Ctrl-L keeps the line.
        by_keyboard(qemu, "echo<ctrl-l>")
        screen.expect(["farjump> echo"])
        screen.expect_colours(0, 9, 12, {YELLOW, BLUE})
        if name != "text":
            # The cursor stays visible when the text below it disappears.
            by_keyboard(qemu, "xy<left><left>")
            screen.expect_colours(0, 14, 14, {YELLOW, BLUE})
            by_keyboard(qemu, "<ctrl-k>")
            screen.expect_colours(0, 14, 14, {BLUE})
            assert screen.colours(0, 13, 13) == {YELLOW}


def pager_and_scroll_back_show_all_rows(name):
    """The pager, after input on the keyboard and on request, and the scroll-back."""
    dump = "hexdump rust_main 1000"
    with machine(name) as qemu:
        qemu.expect(PROMPT)
        screen = Screen(qemu, name)
        page = screen.rows - 1
        # There is no pager on the serial line.
        text = qemu.command(dump).splitlines()
        assert len(text) == 257, text
        # A line that is wider than the screen continues in the next row.
        lines = [line[at:at + screen.columns].rstrip() for line in text
                 for at in range(0, len(line), screen.columns)]
        assert QUESTION not in qemu.output

        by_keyboard(qemu, f"clear<enter>{dump}<enter>")
        screen.expect(lines[:page] + [QUESTION])
        by_keyboard(qemu, "<space>")
        screen.expect(lines[page:2 * page] + [QUESTION])
        by_keyboard(qemu, "x<enter>")
        screen.expect(lines[page + 1:2 * page + 1] + [QUESTION])
        by_keyboard(qemu, "q")
        screen.expect(lines[page + 1:2 * page + 1] + ["farjump>"])

        shown = [f"farjump> {dump}", *lines[:2 * page + 1], "farjump>"]
        half = screen.rows // 2
        for type_on in (by_keyboard, by_serial):
            type_on(qemu, "<shift-pageup>")
            screen.expect(shown[-screen.rows - half:-half])
            type_on(qemu, "<shift-pagedown>")
            screen.expect(shown[-screen.rows:])
            type_on(qemu, "<shift-pageup>")
            screen.expect(shown[-screen.rows - half:-half])
            # A typed character scrolls back down.
            type_on(qemu, "e")
            shown[-1] += " e" if shown[-1] == "farjump>" else "e"
            screen.expect(shown[-screen.rows:])
        by_keyboard(qemu, "<ctrl-c>")
        qemu.expect(r"ee\^C\r\nfarjump> ")

        by_serial(qemu, f"{dump} | more<enter>")
        qemu.expect(re.escape(QUESTION))
        by_serial(qemu, "q")
        qemu.expect(PROMPT)
        by_keyboard(qemu, f"{dump} | count<enter>")
        qemu.expect(r"\n257\r\nfarjump> ")


def long_output_is_ended():
    """Ctrl-C on either device ends long output and `watch`."""
    endless = "hexdump ffff800000100000 4000000"
    with machine("text") as qemu:
        qemu.expect(PROMPT)

        def is_ended(type_on):
            begin = len(qemu.output)
            qemu.wait_for(lambda: len(qemu.output) > begin + 100_000,
                          lambda: qemu.output[begin:][-3000:])
            type_on(qemu, "<ctrl-c>")
            # The prompt is at the start of a row, even if a line was interrupted.
            qemu.expect(r"^farjump> ")
            assert qemu.output[begin:].count("\n") < 0x400_0000 // 16
            assert " ticks of " in qemu.command("ticks")

        by_serial(qemu, endless + "<enter>")
        qemu.expect(r"hexdump .*\r\n")
        is_ended(by_serial)
        by_serial(qemu, endless + "<enter>")
        qemu.expect(r"hexdump .*\r\n")
        is_ended(by_keyboard)
        by_keyboard(qemu, endless + "<enter>")
        qemu.expect(re.escape(QUESTION))
        by_keyboard(qemu, "<end>")
        is_ended(by_keyboard)
        for type_on in (by_serial, by_keyboard):
            type_on(qemu, "watch ticks<enter>")
            for _ in range(2):
                qemu.expect(r"\d+ ticks of")
            type_on(qemu, "<ctrl-c>")
            qemu.expect(PROMPT)
            assert " ticks of " in qemu.command("ticks")


# ------------------------------------------------------ one without the other --

def keyboard_and_screen_are_enough():
    with machine("text", has_serial=False) as qemu:
        qemu.expect_screen("^farjump>")
        by_keyboard(qemu, "clear<enter>")
        screen = Screen(qemu, "text")
        screen.expect(["farjump>"])
        by_keyboard(qemu, TYPED + "abc<ctrl-c>")
        screen.expect(SHOWN)


def serial_line_is_enough(arguments):
    with Qemu(*NEEDED, *arguments()) as qemu:
        qemu.expect(PROMPT)
        check_sent(run_session(qemu, by_serial))


ALONE = {
    "without_keyboard": lambda: ("-M", "pc,i8042=off", "-cdrom", image(), "-boot", "d"),
    "without_screen_on_a_bios": lambda: ("-vga", "none", "-cdrom", image(), "-boot", "d"),
    "without_screen_on_uefi": lambda: ("-vga", "none", "-bios", ovmf(), "-cdrom",
                                       image(bios_only=False)),
}


# ---------------------------------------------------------------- floods of input --

def paste(qemu, data):
    """Sends bytes without waiting for their echo."""
    thread = threading.Thread(target=qemu.send_bytes, args=(data,), daemon=True)
    thread.start()
    return thread


def wait_output(qemu, ending):
    """Waits until the output ends with `ending`. (`expect` would search all of the output
    each time.)"""
    def is_there():
        assert "The kernel has stopped" not in qemu.output[-5000:], qemu.output[-5000:]
        return qemu.output.endswith(ending)
    qemu.wait_for(is_there, lambda: qemu.output[-3000:], cpu_s=LONG_CPU_S)


def pasted_text_comes_back_whole():
    """Pastes a quarter of a MiB at once, with the line's flow control."""
    source = random.Random(1)
    lines = []
    while sum(map(len, lines)) < 1 << 18:
        length = source.choice((0, 1, 60, 79, 80, 200))
        lines.append("".join(map(chr, source.choices(range(0x20, 0x7F), k=length))) + "\n")
    text = "".join(lines)
    with machine("text") as qemu:
        qemu.expect(PROMPT)
        qemu.send("cat\r")
        qemu.expect(r"cat\r\n")
        begin = len(qemu.output)
        paste(qemu, text.encode() + b"\x04")
        summary = f"{len(text)} characters, {len(lines)} lines\r\n{PROMPT}"
        wait_output(qemu, summary)
        back = qemu.output[begin:-len(summary)]
        assert back == text.replace("\n", "\r\n"), "the echoed text differs"
        assert ", 0 overruns" in qemu.command("info")
        qemu.send("cat\rabc\x04")
        qemu.expect(r"^abc\r\n3 characters, 0 lines\r\nfarjump> ")


def every_pasted_command_is_run():
    with machine("text") as qemu:
        qemu.expect(PROMPT)
        paste(qemu, b"".join(b"echo <%d>\r" % number for number in range(10_000)))
        wait_output(qemu, f"<9999>\r\n<9999>\r\n{PROMPT}")
        numbers = re.findall(r"^<(\d+)>\r$", qemu.output, re.M)
        assert numbers == [str(number) for number in range(10_000)], len(numbers)


def nonsense_is_ignored():
    """Meaningless bytes, parts of sequences, a line without an end."""
    source = random.Random(2)
    with machine("text") as qemu:
        qemu.expect(PROMPT)

        def answers():
            # Ctrl-C ends a search, a list of completions, the pager, or `watch`.
            mark = f"mark{source.randrange(1 << 30)}"
            qemu.send_bytes(b"\x03\r\x03")
            qemu.settle()
            qemu.send(f"echo {mark}\r")
            qemu.expect(rf"^{mark}\r\nfarjump> ")
            assert "The kernel has stopped" not in qemu.output

        qemu.send_bytes(bytes(range(256)))
        answers()
        qemu.send_bytes(bytes(reversed(range(256))) * 16)
        answers()
        paste(qemu, source.randbytes(64 << 10)).join()
        answers()
        for half in (b"\x1b", b"\x1b[", b"\x1bO", b"\x1b[1;", b"\x1b[[", b"\x1b\x1b", b"\xe2\x82",
                     b"\xf0", b"ab\xc3"):
            # The rest of a sequence may be missing or different.
            for wait in (qemu.settle, lambda: None):
                qemu.send_bytes(half)
                wait()
                qemu.send_bytes(b"\x15echo half\r")
                qemu.expect(r"^half\r\nfarjump> ")
        paste(qemu, b"x" * 10_000).join()
        answers()
        assert ", 0 overruns" in qemu.command("info")


# -------------------------------------------------------------------- figures --

def drawing_costs_less_than_screens(name):
    """Counts the bytes written to the framebuffer, which is never read."""
    with machine(name) as qemu:
        qemu.expect(PROMPT)

        def drawn():
            return int(re.search(r"^screen .*, (\d+) bytes drawn$", qemu.command("info | find drawn"), re.M)[1])

        screen = Screen(qemu, name)
        video = SCREENS[name][0]
        width, height, depth_bits = map(int, video.split("x"))
        whole = width * height * depth_bits // 8
        before = drawn()
        pages = len(qemu.command("hexdump rust_main 4000").splitlines()) / screen.rows
        cost = drawn() - before
        assert pages > 10 and 0 < cost < pages * whole, (pages, cost / whole)

        qemu.command("clear")
        before = drawn()
        # The screen doesn't scroll, despite the lines of `info` and of the command.
        qemu.command("clear")
        qemu.command(f"hexdump rust_main {16 * (screen.rows - 4):x}")
        page = drawn() - before
        assert 0 < page < whole, page / whole
        print(f"{name}: {cost / whole:.2f} framebuffers for {pages:.1f} pages, "
              f"{page / whole:.2f} for one")


def add_to(suite):
    for name in SCREENS:
        for test in (session_is_the_same, pager_and_scroll_back_show_all_rows):
            suite.add(f"sessions::{test.__name__}_{name}", lambda t=test, n=name: t(n))
        if name != "text":
            suite.add(f"sessions::drawing_costs_less_than_screens_{name}",
                      lambda n=name: drawing_costs_less_than_screens(n))
    for name, arguments in ALONE.items():
        suite.add(f"sessions::serial_line_is_enough_{name}",
                  lambda a=arguments: serial_line_is_enough(a))
    for test in (long_output_is_ended, keyboard_and_screen_are_enough,
                 pasted_text_comes_back_whole, every_pasted_command_is_run,
                 nonsense_is_ignored):
        suite.add(f"sessions::{test.__name__}", test)
