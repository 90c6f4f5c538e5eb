"""Downloads and unpacks Debian's Linux kernel, with which Farjump is compared."""

import fcntl
import re
import subprocess

from . import BUILD

_PACKAGE = "linux-image-cloud-amd64"
FOLDER = BUILD / "linux"


def kernel():
    """Returns the path of a Linux kernel, which is downloaded the first time."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found := sorted(FOLDER.glob("boot/vmlinuz-*"))):
            _download()
            found = sorted(FOLDER.glob("boot/vmlinuz-*"))
    return found[-1]


def _download():
    depends = subprocess.run(["apt-cache", "depends", _PACKAGE], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    package = re.search(r"Depends: (linux-image-\S+)", depends)[1]
    subprocess.run(["apt-get", "download", "-qq", package], cwd=FOLDER, check=True)
    archive = next(FOLDER.glob("*.deb"))
    subprocess.run(["dpkg", "-x", archive, FOLDER], check=True)
    archive.unlink()


def machine(path, archive, options=(), arguments=()):
    """Returns QEMU's arguments for a Linux whose first program is /init of the archive.

    options: words for its command line.
    arguments: those of the first program.
    """
    append = ["console=ttyS0", "quiet", "panic=-1", "transparent_hugepage=never", *options, "--",
              *arguments]
    return ("-kernel", str(path), "-initrd", str(archive), "-append", " ".join(append))
