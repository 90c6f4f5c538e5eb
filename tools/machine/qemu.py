"""A QEMU that boots an image: its serial line, its screen, its keys, its monitor."""

import codecs
import contextlib
import json
import os
import pathlib
import queue
import re
import socket
import subprocess
import tempfile
import threading
import time

# The length in seconds after which a step of a test is taken for a hang. Long,
# because the machines that run tests may be slow and shared.
TIMEOUT_S = 60

COLUMNS, ROWS = 80, 25
VGA_TEXT = 0xB8000
BIOS_ROM = range(0xE0000, 0x100000)

# QEMU's names for the keys that make a character on a US keyboard.
KEYS = {
    " ": ["spc"], "\n": ["ret"], "\r": ["ret"], "\b": ["backspace"], "-": ["minus"],
    "=": ["equal"], ".": ["dot"], ",": ["comma"], "/": ["slash"], "_": ["shift", "minus"],
    "\\": ["backslash"], "|": ["shift", "backslash"], "[": ["bracket_left"],
    ">": ["shift", "dot"],
}


class Timeout(AssertionError):
    """What was waited for did not come."""


class Qemu:
    """A running QEMU; use it in a `with` statement.

    arguments: what goes on QEMU's command line beside the connections.
    has_serial: without it the machine has no serial port at all.
    com1: a device of QEMU's in place of the board's own COM1.
    gdb: offers the gdb stub at `self.gdb_socket`.
    Leave `paused` on to look at the machine before its first instruction.
    """

    def __init__(self, *arguments, has_serial=True, com1=None, gdb=False, paused=False):
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-")
        folder = pathlib.Path(self._folder.name)
        self.log = folder / "qemu.log"
        self.gdb_socket = folder / "gdb"
        command = ["qemu-system-x86_64", "-S", "-display", "none", "-no-reboot",
                   "-d", "guest_errors,cpu_reset", "-D", str(self.log),
                   "-qmp", f"unix:{folder}/qmp,server=on,wait=off"]
        if has_serial:
            command += ["-chardev", f"socket,id=com1,path={folder}/com1,server=on,wait=off",
                        *(["-serial", "none", "-device", f"{com1},chardev=com1"] if com1
                          else ["-serial", "chardev:com1"])]
        else:
            # QEMU's machines have one unless it is taken out of the board.
            command += ["-serial", "none"]
        if gdb:
            command += ["-gdb", f"unix:{self.gdb_socket},server=on,wait=off"]
        self.process = subprocess.Popen(command + [str(a) for a in arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)
        self.output = ""
        self.events = []
        self._seen = 0
        self._news = threading.Condition()
        self._may_read = threading.Lock()
        self._answers = queue.Queue()
        self._qmp = self._connect(folder / "qmp")
        self._qmp_lock = threading.Lock()
        threading.Thread(target=self._read_qmp, daemon=True).start()
        self.qmp("qmp_capabilities")
        self._serial = None
        if has_serial:
            self._serial = self._connect(folder / "com1")
            threading.Thread(target=self._read_serial, daemon=True).start()
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
        end = time.monotonic() + TIMEOUT_S
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
                if time.monotonic() > end:
                    raise
                time.sleep(0.01)

    # ------------------------------------------------------------- serial --

    def _read_serial(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while True:
            try:
                data = self._serial.recv(65536)
            except OSError:
                data = b""
            if not data:
                with self._news:
                    self._serial_ended = True
                    self._news.notify_all()
                return
            with self._may_read, self._news:
                self.output += decoder.decode(data)
                self._news.notify_all()

    _serial_ended = False

    @contextlib.contextmanager
    def reading_stopped(self):
        """Takes nothing from the serial line while the block runs."""
        with self._may_read:
            yield

    def expect(self, pattern, timeout_s=TIMEOUT_S):
        """Waits until the regular expression stands in the serial output behind
        what was waited for last; returns the match."""
        end = time.monotonic() + timeout_s
        with self._news:
            while True:
                match = re.compile(pattern, re.MULTILINE).search(self.output, self._seen)
                if match:
                    self._seen = match.end()
                    return match
                rest = end - time.monotonic()
                if rest <= 0 or (self._serial_ended and self.process.poll() is not None):
                    raise Timeout(f"no {pattern!r} in the serial output:\n"
                                  + self.output[self._seen:][-3000:])
                self._news.wait(min(rest, 0.2))

    def send(self, text):
        """Types on the serial line."""
        self.send_bytes(text.encode())

    def send_bytes(self, data):
        """Sends bytes to the serial port, as fast as it takes them."""
        self._serial.sendall(data)

    def command(self, line, prompt="farjump> "):
        """Types a command at the prompt; returns what it printed."""
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

    def qmp(self, command, **arguments):
        """Runs a command of QEMU's machine protocol."""
        with self._qmp_lock:
            request = {"execute": command}
            if arguments:
                request["arguments"] = arguments
            self._qmp.sendall(json.dumps(request).encode())
            answer = self._answers.get(timeout=TIMEOUT_S)
        if "error" in answer:
            raise AssertionError(f"QEMU: {command}: {answer['error']['desc']}")
        return answer["return"]

    def monitor(self, line):
        """Runs a command of QEMU's human monitor; returns its text."""
        return self.qmp("human-monitor-command", **{"command-line": line})

    def read_memory(self, address, length):
        """Returns bytes of physical memory."""
        with tempfile.NamedTemporaryFile() as file:
            self.qmp("pmemsave", val=address, size=length, filename=file.name)
            return pathlib.Path(file.name).read_bytes()

    def press(self, *keys):
        """Presses keys together, by QEMU's names."""
        self.qmp("send-key", keys=[{"type": "qcode", "data": key} for key in keys],
                 **{"hold-time": 20})
        time.sleep(0.04)

    def type_keys(self, text):
        """Types on the emulated keyboard."""
        for c in text:
            keys = KEYS.get(c) or (["shift", c.lower()] if c.isupper() else [c])
            self.press(*keys)

    def screen(self):
        """Returns the VGA text screen as lines."""
        cells = self.read_memory(VGA_TEXT, 2 * COLUMNS * ROWS)
        text = bytes(cells[::2]).decode("cp437")
        return [text[row * COLUMNS:(row + 1) * COLUMNS].rstrip() for row in range(ROWS)]

    def expect_screen(self, pattern, timeout_s=TIMEOUT_S):
        """Waits until the regular expression stands on the text screen."""
        end = time.monotonic() + timeout_s
        while True:
            lines = "\n".join(self.screen())
            match = re.compile(pattern, re.MULTILINE).search(lines)
            if match:
                return match
            if time.monotonic() > end:
                raise Timeout(f"no {pattern!r} on the screen:\n{lines}")
            time.sleep(0.1)

    def screendump(self, path):
        """Saves a picture of the screen as PNG."""
        path = os.path.abspath(path)
        self.qmp("screendump", filename=path, format="png")

    # ---------------------------------------------------------------- end --

    def wait_end(self, timeout_s=TIMEOUT_S):
        """Waits until QEMU ends by itself; returns (status, cause), where the
        cause is QEMU's: guest-shutdown, guest-reset, …"""
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Timeout("the machine goes on; its last output:\n"
                          + self.output[-3000:]) from None
        time.sleep(0.05)
        causes = [event["data"].get("reason") for event in self.events
                  if event["event"] == "SHUTDOWN"]
        return status, causes[-1] if causes else None

    def has_triple_faulted(self):
        """Tells whether the processor shut down outside of the BIOS, from QEMU's
        log. (SeaBIOS triple-faults on purpose when it starts a second time.)"""
        log = self.log.read_text(errors="replace") if self.log.exists() else ""
        # Behind each stands the processor's state, unless QEMU has ended.
        states = (re.search(r"[ER]IP=([0-9a-f]+)", text) for text in log.split("Triple fault")[1:])
        return any(state is None or int(state[1], 16) not in BIOS_ROM for state in states)
