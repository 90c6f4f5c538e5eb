"""Sealed images and disks, and what can be done to them."""

import gzip
import hashlib
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading

from .disks import MIB, Ext2
from .images import build_image, kernel_path, unpack
from .tools import call
from .trees import busybox

# Words that GRUB and the kernel quote.
COMMAND_LINE = 'init=none seal=scrub test="a b" -- "it\'s" \\ ""'

# The contents of the files on a sealed disk.
SECRET, OTHER = b"secret " * 2000, b"other " * 2000


def new_key(path):
    """Makes a private key, and those for Secure Boot beside it."""
    done = call("seal", "new-key", path)
    assert done.returncode == 0, done
    return path


class Sealed:
    """A sealed image, its keys, and the files on it; they are made once."""

    def __init__(self, bios_only=True):
        self._bios_only = bios_only
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-")
        self.path = pathlib.Path(self._folder.name)
        self.key, self.other_key = (new_key(self.path / name) for name in ("key", "other"))
        files = self.path / "files"
        files.mkdir()
        (files / "text").write_text("sealed")
        self.archive = self.path / "initramfs"
        done = call("initramfs", "--root", files, self.archive)
        assert done.returncode == 0, done
        self.image = self.sealed("image.iso")
        self.tree = self.path / "tree"
        self.tree.mkdir()
        unpack(self.image, self.tree)
        subprocess.run(["chmod", "-R", "u+w", self.tree], check=True)

    def sealed(self, name, key=None, archive=None):
        """Makes an image, sealed by a key, with an initramfs."""
        return build_image(kernel_path(), self.path / name, COMMAND_LINE, bios_only=self._bios_only,
                           initramfs=archive or self.archive, seal=key or self.key)

    def file(self, name):
        """Returns the bytes of a file in /boot."""
        return (self.tree / "boot" / name).read_bytes()

    def kernel(self):
        """Returns the kernel's file, unpacked."""
        return gzip.decompress(self.file("farjump"))

    def with_files(self, name, **files):
        """Makes an image with the files of the sealed one, but for those given: the bytes of
        kernel (unpacked), kernel_signature, seal, grub_cfg, initramfs; None for no file. It isn't
        sealed again."""
        image = self.path / f"{name}.iso"
        places = {"kernel": "farjump", "kernel_signature": "farjump.sig",
                  "grub_cfg": "grub/grub.cfg"}
        uefi = () if self._bios_only else ("--efi-boot", "efi.img", "-efi-boot-part",
                                           "--efi-boot-image")
        with tempfile.TemporaryDirectory(dir=self.path) as tree:
            subprocess.run(["cp", "-rT", self.tree, tree], check=True)
            for file, data in files.items():
                data = gzip.compress(data, 6, mtime=0) if file == "kernel" else data
                place = pathlib.Path(tree, "boot", places.get(file, file))
                place.unlink()
                if data is not None:
                    place.write_bytes(data)
            subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "--compress=no",
                            "--locales=", "--fonts=", "--themes=", "-o", image, tree, *uefi,
                            "-volid", "FARJUMP"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return image


class SealedDisk:
    """A disk with two files and busybox, and images that are sealed with it; they are made once."""

    def __init__(self, bios_only=True):
        self._bios_only = bios_only
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-")
        self.path = pathlib.Path(self._folder.name)
        self._lock = threading.Lock()
        self.key = new_key(self.path / "key")
        tree = self.path / "tree"
        for folder in "bin", "dev", "proc":
            (tree / folder).mkdir(parents=True)
        shutil.copy(busybox(), tree / "bin/busybox")
        (tree / "secret").write_bytes(SECRET)
        (tree / "other").write_bytes(OTHER)
        self.disk = self.path / "disk"
        self.disk.write_bytes(bytes(8 * MIB))
        Ext2(4096).make(self.disk, tree)

    def image(self, cmdline="root=/dev/vda init=none", disk=None):
        """Returns an image, sealed with a disk."""
        disk = disk or self.disk
        name = hashlib.sha256(f"{disk} {cmdline}".encode()).hexdigest()
        image = self.path / f"{name}.iso"
        with self._lock:
            if not image.exists():
                build_image(kernel_path(), image, cmdline, bios_only=self._bios_only, seal=self.key,
                            disk=disk)
        return image

    def with_flip(self, at):
        """Returns a copy of the disk with a flipped bit."""
        copy = self.path / f"flip{at}"
        data = bytearray(self.disk.read_bytes())
        data[at] ^= 1
        copy.write_bytes(data)
        return copy


def disk_arguments(disk, device="virtio-blk-pci"):
    """Returns QEMU's arguments for a machine that boots from the CD, and has a disk, which isn't
    changed."""
    return ("-boot", "d", "-device", f"{device},drive=d,serial=d",
            "-drive", f"if=none,id=d,format=raw,snapshot=on,file={disk}")


def section(kernel, name):
    """Returns (the place, the size) of a section in a kernel's file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(kernel)
        file.flush()
        text = subprocess.run(["readelf", "-SW", file.name], check=True, stdout=subprocess.PIPE,
                              text=True).stdout
    place, size = re.search(rf" \.{name} +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)", text).groups()
    return int(place, 16), int(size, 16)
