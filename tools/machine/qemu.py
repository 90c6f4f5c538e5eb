"""Boots an image in QEMU; accesses its serial line, screen, keyboard and monitor."""

import codecs
import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import queue
import re
import select
import shlex
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time

from . import cost
from .waiting import HANG_CPU_S, HANG_S, HangLimit, Timeout, wait_for

COLUMNS, ROWS = 80, 25
INTERRUPT_FLAG = 1 << 9
# Longer than the kernel's delays for the rest of a key's sequence, and for drawing.
SOON_NS = 500_000_000
# The time after which a settled machine is looked at again.
STAYS_S = 0.05
# Bytes a second.
UNLIMITED = 1 << 40
VGA_TEXT = 0xB8000
BIOS_ROM = range(0xE0000, 0x100000)

# QEMU's names for the keys of characters on a US keyboard.
KEYS = {
    " ": ["spc"], "\n": ["ret"], "\r": ["ret"], "\b": ["backspace"], "-": ["minus"],
    "=": ["equal"], ".": ["dot"], ",": ["comma"], "/": ["slash"], "_": ["shift", "minus"],
    "\\": ["backslash"], "|": ["shift", "backslash"], "[": ["bracket_left"],
    ">": ["shift", "dot"], ";": ["semicolon"], "'": ["apostrophe"],
}


class Ended(AssertionError):
    """The machine has ended: QEMU gives no answer any more, or none but that."""


# QEMU's trace events of the keyboard: a byte of a key's code, a byte that was read, a reset.
KEYBOARD_EVENTS = ("ps2_put_keycode", "pckbd_kbd_read_data", "ps2_kbd_reset")
# The prefix of a released key's code, where the controller translates codes.
RELEASED = "0xf0"
ACKNOWLEDGE = "0xfa"


@dataclasses.dataclass
class State:
    """A machine's state, saved to a file, and the output on COM1 until then."""
    path: pathlib.Path
    output: str


# The boards' network cards have no ROM that boots from them, which takes a tenth of a boot.
NO_BOOT_ROMS = ("-global", "e1000.romfile=", "-global", "e1000e.romfile=")


class Qemu:
    """A running QEMU; use it in a `with` statement.

    arguments: more arguments for QEMU's command line. A machine with a CD has the board q35, unless
        they name one: it reads the CD by DMA, in four fifths of the CPU time of pc.
    has_serial: whether the machine has a serial port.
    serial_file: the path of a file to which QEMU writes the output on COM1, in place of
        `self.output`. Such a machine has no input on COM1.
    com1: a QEMU device in place of the board's COM1.
    gdb: enables the gdb stub, at `self.gdb_socket`.
    paused: stops the machine before its first instruction.
    state: the machine goes on from this `State` of one with the same arguments. The contents of its
        disks and media may differ from what they were.
    """

    def __init__(self, *arguments, has_serial=True, serial_file=None, com1=None, gdb=False,
                 paused=False, state=None):
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-")
        folder = pathlib.Path(self._folder.name)
        self.log = folder / "qemu.log"
        self.gdb_socket = folder / "gdb"
        command = ["qemu-system-x86_64", "-S", "-display", "none", "-no-reboot",
                   "-d", "guest_errors,cpu_reset", "-D", str(self.log), *NO_BOOT_ROMS,
                   *(part for event in KEYBOARD_EVENTS for part in ("-trace", event)),
                   "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        if "-cdrom" in arguments and "-M" not in arguments:
            command += ["-M", "q35"]
        if serial_file:
            has_serial = False
            command += ["-serial", f"file:{serial_file}"]
        elif has_serial:
            command += ["-chardev", f"socket,id=com1,path={folder}/com1,server=on,wait=off",
                        *(["-serial", "none", "-device", f"{com1},chardev=com1"] if com1
                          else ["-serial", "chardev:com1"])]
        else:
            # The default of QEMU is a serial port.
            command += ["-serial", "none"]
        if gdb:
            command += ["-gdb", f"unix:{self.gdb_socket},server=on,wait=off"]
        if state:
            command += ["-incoming", f"exec:cat {shlex.quote(str(state.path))}"]
        self.process = cost.Process(command + [str(a) for a in arguments],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
        self.output = state.output if state else ""
        self.events = []
        self._seen = 0
        self._news = threading.Condition()
        self._may_read = threading.RLock()
        self._answers = queue.Queue()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._qmp = self._connect(folder / "qmp")
        self._qmp_lock = threading.Lock()
        self._qmp_reader = threading.Thread(target=self._read_qmp, daemon=True)
        self._qmp_reader.start()
        self.qmp("qmp_capabilities")
        self._serial = None
        if has_serial:
            self._serial = self._connect(folder / "com1")
            threading.Thread(target=self._read_serial, daemon=True).start()
        if state:
            self.wait_for(lambda: self.qmp("query-status")["status"] != "inmigrate",
                          lambda: f"{state.path} isn't read")
        if not paused:
            self.qmp("cont")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends QEMU, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self._folder.cleanup()

    def _connect(self, path):
        limit = HangLimit(self.process)
        while True:
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(path))
                return connection
            except OSError:
                connection.close()
                if self.process.poll() is not None:
                    raise AssertionError("QEMU doesn't start: "
                                         + self.process.stderr.read().decode()) from None
                if limit.is_over():
                    raise
                time.sleep(0.01)

    # ------------------------------------------------------------- serial --

    def _read_serial(self):
        while True:
            select.select([self._serial], [], [])
            with self._may_read:
                if not self._take():
                    return

    def _take(self):
        """Reads the bytes that have arrived on the serial line; returns whether more may
        arrive. The caller holds `_may_read`."""
        try:
            data = self._serial.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        with self._news:
            self.output += self._decoder.decode(data)
            self._serial_ended = not data
            self._news.notify_all()
        return bool(data)

    _serial_ended = False

    def drain(self):
        """Reads all output of the machine so far, and skips it: `expect` begins after it."""
        with self._may_read:
            self._catch_up()
            self._seen = len(self.output)

    def _catch_up(self):
        """Reads all output of the machine so far. The caller holds `_may_read`."""
        while self.unread_bytes() and self._take():
            pass

    def unread_bytes(self):
        """Returns the number of unread bytes of the serial line."""
        waiting = fcntl.ioctl(self._serial, termios.FIONREAD, bytes(4))
        return struct.unpack("i", waiting)[0]

    @contextlib.contextmanager
    def reading_stopped(self):
        """Reads nothing from the serial line while the block runs."""
        with self._may_read:
            yield

    def wait_for(self, condition, describe, cpu_s=HANG_CPU_S, seconds=HANG_S):
        """Waits until `condition()` returns a true value; returns that value. After the
        limits, raises Timeout with the text that `describe()` returns. All output of a machine
        that has ended is read before the last look."""
        def look():
            if self._serial and self.process.poll() is not None:
                with self._may_read:
                    self._catch_up()
            return condition()

        return wait_for(self.process, look, describe, cpu_s, seconds)

    def expect(self, pattern, limit=None):
        """Waits until the serial output after the last match matches the regular
        expression; returns the match. The default limit is `waiting.HangLimit`."""
        limit = limit or HangLimit(self.process)
        regex = re.compile(pattern, re.MULTILINE)
        is_over = False
        while True:
            with self._news:
                if match := regex.search(self.output, self._seen):
                    self._seen = match.end()
                    return match
                if is_over:
                    raise Timeout(f"no {pattern!r} in the serial output:\n"
                                  + self.output[self._seen:][-3000:])
                has_news = not self._serial_ended and self._news.wait(0.2)
            if not has_news and (self.process.poll() is not None or limit.is_over()):
                # The rest of the output is searched once more before the error.
                is_over = True
                with self._may_read:
                    self._catch_up()

    def position(self):
        """Returns the end of the last match, as an index into `output`."""
        return self._seen

    def settle(self):
        """Waits until the machine has read all input and is idle: its CPUs halt, no interrupt
        is pending, and none of their timers ends soon. The CPUs need local APICs."""
        self.wait_for(self._stays_settled, lambda: self.monitor("info registers -a"))

    def _stays_settled(self):
        """Returns whether the machine has settled, and still is a moment later: under load, a shell was
        seen idle between two steps of starting a job."""
        if not self.is_settled():
            return False
        time.sleep(STAYS_S)
        return self.is_settled()

    def is_settled(self):
        """Returns whether the machine has settled: see `settle`."""
        # First: CPUs that halted before they got the input say nothing.
        if not self._has_taken_input():
            return False
        # All states are of one moment: else a CPU could wake one whose state was read before, and halt.
        self.qmp("stop")
        try:
            halts = re.findall(r"HLT=(\d)", self.monitor("info registers -a"))
            return "0" not in halts and all(map(self._is_quiet, range(len(halts))))
        finally:
            self.qmp("cont")

    def _has_taken_input(self):
        """Returns whether the serial port has taken all bytes that were sent."""
        return not self._serial or not any(fcntl.ioctl(self._serial, termios.TIOCOUTQ, bytes(4)))

    def _is_quiet(self, cpu):
        text = self.monitor(f"info lapic {cpu}")
        clocks = re.search(r"divide by (\d+)\).* current_count = (\d+)", text)
        # QEMU's timers have a clock of 1 GHz.
        left_ns = int(clocks[1]) * int(clocks[2])
        pending = re.findall(r"^I[SR]R\s+\d", text, re.M)
        return not pending and not 0 < left_ns < SOON_NS

    def send(self, text):
        """Types on the serial line."""
        self.send_bytes(text.encode())

    def send_at_once(self, text):
        """Types on the serial line what fits the port's FIFO, of 16 bytes, so that the machine
        reads it at one moment."""
        self.qmp("stop")
        self.send(text)
        self.wait_for(self._has_taken_input, lambda: f"{text!r} isn't taken")
        self.qmp("cont")

    def send_keys(self, text):
        """Types on the serial line. The bytes of a key's sequence arrive at one moment: the kernel
        decodes them one by one if there is a pause between them, as on a busy host. The machine
        reads all input before each sequence, because the port takes what its FIFO has room for."""
        for part in re.split("(?=\x1b)", text):
            if part.startswith("\x1b"):
                self.settle()
            self.send(part)

    def send_bytes(self, data):
        """Sends bytes to the serial port, as fast as QEMU accepts them."""
        self._serial.sendall(data)

    def command(self, line, prompt="farjump> "):
        """Types a command at the prompt; returns its output."""
        self.send(line + "\r")
        self.expect(re.escape(line) + r"\r\n")
        begin = self._seen
        self.expect(re.escape(prompt))
        return self.output[begin:self._seen - len(prompt)].replace("\r\n", "\n")

    # ------------------------------------------------------------ monitor --

    def _read_qmp(self):
        try:
            for line in self._qmp.makefile():
                message = json.loads(line)
                if "event" in message:
                    with self._news:
                        self.events.append(message)
                        self._news.notify_all()
                elif "QMP" not in message:
                    self._answers.put(message)
        except (OSError, ValueError):
            pass
        # Wakes the threads that wait for an answer.
        self._answers.put(None)

    def qmp(self, command, **arguments):
        """Runs a command of QEMU's machine protocol."""
        with self._qmp_lock:
            request = {"execute": command}
            if arguments:
                request["arguments"] = arguments
            with contextlib.suppress(OSError):
                self._qmp.sendall(json.dumps(request).encode())
            answer = self._answers.get(timeout=HANG_S)
            if answer is None:
                self._answers.put(None)
                raise Ended(f"QEMU has ended; {command} has no answer")
        if "error" in answer:
            reason = f"QEMU: {command}: {answer['error']['desc']}"
            # QEMU still answers for a moment after the end of its machine.
            if command != "query-status" and self.qmp("query-status")["status"] == "shutdown":
                raise Ended(reason)
            raise AssertionError(reason)
        return answer["return"]

    def monitor(self, line):
        """Runs a command of QEMU's human monitor; returns its output."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def read_memory(self, address, length):
        """Returns bytes of physical memory."""
        with tempfile.NamedTemporaryFile() as file:
            self.qmp("pmemsave", val=address, size=length, filename=file.name)
            return pathlib.Path(file.name).read_bytes()

    def press(self, *keys):
        """Presses keys together, by QEMU's names, and releases them. Doesn't wait until the
        kernel has read them, unlike `tap`; keys are lost if there are too many."""
        for is_down in (True, False):
            for key in keys if is_down else reversed(keys):
                self._send_key(key, is_down)

    def _send_key(self, key, is_down):
        self.qmp("input-send-event", events=[
            {"type": "key", "data": {"down": is_down, "key": {"type": "qcode", "data": key}}}])

    def tap(self, *keys):
        """Presses keys together, by QEMU's names, and releases them; waits until the kernel
        has read all of their codes."""
        for is_down in (True, False):
            for key in keys if is_down else reversed(keys):
                self.set_key(key, is_down)

    def set_key(self, key, is_down):
        """Presses or releases a key, by QEMU's name; waits until the kernel has read its
        code."""
        begin = self.log.stat().st_size
        # A key may end the machine.
        with contextlib.suppress(Ended):
            self._send_key(key, is_down)
        self.wait_for(lambda: self._is_keyboard_empty(begin), lambda: f"{key} isn't read")

    def _is_keyboard_empty(self, begin):
        """Returns whether the kernel has read all key codes that were sent since the log had
        `begin` bytes. Also true after the end of the machine or a reset of the keyboard."""
        if not self._qmp_reader.is_alive():
            return True
        with self.log.open(errors="replace") as log:
            log.seek(begin)
            text = log.read()
        put = re.findall(r"^ps2_put_keycode .* keycode (\w+)$", text, re.M)
        read = re.findall(r"^pckbd_kbd_read_data (\w+)$", text, re.M)
        wanted = sum(code != RELEASED for code in put)
        return sum(code != ACKNOWLEDGE for code in read) >= wanted or "ps2_kbd_reset" in text

    def type_keys(self, text):
        """Types on the emulated keyboard."""
        for c in text:
            keys = KEYS.get(c) or (["shift", c.lower()] if c.isupper() else [c])
            self.tap(*keys)

    def screen(self):
        """Returns the VGA text screen as lines."""
        cells = self.read_memory(VGA_TEXT, 2 * COLUMNS * ROWS)
        text = bytes(cells[::2]).decode("cp437")
        return [text[row * COLUMNS:(row + 1) * COLUMNS].rstrip() for row in range(ROWS)]

    def expect_screen(self, pattern):
        """Waits until the text screen matches the regular expression."""
        regex = re.compile(pattern, re.MULTILINE)
        return self.wait_for(lambda: regex.search("\n".join(self.screen())),
                             lambda: "\n".join([f"no {pattern!r} on the screen:", *self.screen()]))

    def screendump(self, path):
        """Saves a picture of the screen as a PNG file."""
        path = os.path.abspath(path)
        self.qmp("screendump", filename=path, format="png")

    def save(self, path, goes_on=True):
        """Saves the machine's state to a file; returns it. The machine goes on, or stays stopped."""
        self.qmp("stop")
        self.drain()
        state = State(path, self.output)
        self.qmp("migrate-set-parameters", **{"max-bandwidth": UNLIMITED})
        self.qmp("migrate", uri=f"exec:cat >{shlex.quote(str(path))}")
        answer = self.wait_for(self._saved, lambda: "the state isn't saved")
        assert answer["status"] == "completed", answer
        if goes_on:
            self.qmp("cont")
        return state

    def _saved(self):
        """Returns how the state was saved, or None as long as it isn't."""
        answer = self.qmp("query-migrate")
        return answer if answer["status"] in ("completed", "failed") else None

    # ---------------------------------------------------------------- end --

    def wait_end(self):
        """Waits until QEMU ends; returns (status, cause). The cause is QEMU's name:
        guest-shutdown, guest-reset, …"""
        self.wait_for(lambda: self.process.poll() is not None,
                      lambda: "the machine still runs; its last output:\n" + self.output[-3000:])
        # The reader ends after QEMU's last message.
        self._qmp_reader.join()
        causes = [event["data"].get("reason") for event in self.events
                  if event["event"] == "SHUTDOWN"]
        return self.process.wait(), causes[-1] if causes else None

    def has_halted_for_good(self):
        """Returns whether all CPUs halt with interrupts off."""
        states = re.findall(r"\b[ER]FL=([0-9a-f]+) .* HLT=(\d)", self.monitor("info registers -a"))
        return all(halts == "1" and not int(flags, 16) & INTERRUPT_FLAG for flags, halts in states)

    def has_triple_faulted(self):
        """Returns whether the CPU shut down outside of the BIOS, according to QEMU's log.
        (SeaBIOS triple-faults on purpose when it starts a second time.)"""
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        # The CPU's state follows each entry, unless QEMU has ended.
        states = (re.search(r"[ER]IP=([0-9a-f]+)", text) for text in log.split("Triple fault")[1:])
        return any(state is None or int(state[1], 16) not in BIOS_ROM for state in states)
