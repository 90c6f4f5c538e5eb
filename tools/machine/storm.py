"""Sends the input for tests/storm.rs."""

import random
import threading

from .waiting import Timeout


def start(qemu, request):
    """Serves the request `@storm BYTES KEYS`: sends that number of bytes, 0, 1, 2, … 255,
    0, …, to the serial port, and types that number of letters on the keyboard at the same
    time."""
    _, byte_count, key_count = request.split()

    def send_bytes():
        try:
            qemu.send_bytes(bytes(i % 256 for i in range(int(byte_count))))
        except OSError:
            pass  # The machine has ended; the test reports why.

    def press_keys():
        try:
            for _ in range(int(key_count)):
                qemu.tap(random.choice("abcdefghijklmnopqrstuvwxyz"))
        except (OSError, AssertionError, Timeout):
            pass  # As above.

    for storm in (send_bytes, press_keys):
        threading.Thread(target=storm, daemon=True).start()
