"""Machines with Secure Boot, whose firmware allows only what the owner of a key has signed."""

import contextlib
import os
import pathlib
import signal
import subprocess
import tempfile

from .tools import call


def board(key, folder):
    """Returns QEMU's arguments for a board with Secure Boot, whose owner has the keys beside `key`.
    The machine starts with the same variables each time; their file is in `folder`."""
    done = call("find-ovmf", "--secure-boot")
    assert done.returncode == 0, done
    code, empty = done.stdout.split()
    variables = pathlib.Path(folder, "variables")
    done = call("secure-boot", "variables", f"{key}.secure-boot", empty, variables)
    assert done.returncode == 0, done
    return ("-M", "q35,smm=on", "-nic", "none",
            "-global", "driver=cfi.pflash01,property=secure,value=on",
            "-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,unit=1,format=raw,snapshot=on,file={variables}")


@contextlib.contextmanager
def tpm(model):
    """Runs a TPM 2.0; yields QEMU's arguments for one machine with it, and a function that ends it
    at once. `model` is tis or crb."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        socket = pathlib.Path(folder, "socket")
        number = pathlib.Path(folder, "number")
        # It ends with its machine, if there is one.
        subprocess.run(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={folder}", "--terminate",
                        "--ctrl", f"type=unixio,path={socket}", "--daemon", "--pid", f"file={number}"],
                       check=True)

        def end():
            with contextlib.suppress(OSError):
                os.kill(int(number.read_text()), signal.SIGKILL)

        try:
            yield ("-chardev", f"socket,id=tpm,path={socket}", "-tpmdev", "emulator,id=tpm,chardev=tpm",
                   "-device", f"tpm-{model},tpmdev=tpm"), end
        finally:
            end()
