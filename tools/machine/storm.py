"""A storm of input, for tests/storm.rs."""

import random
import threading

from .waiting import Timeout


def start(qemu, request):
    """Answers `@storm BYTES KEYS`: sends that many bytes, 0, 1, 2, … 255, 0, …,
    to the serial port while it types that many letters on the keyboard."""
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
