"""A sealed image, and what can be done to it."""

import gzip
import pathlib
import re
import subprocess
import tempfile

from .images import build_image, kernel_path, unpack
from .tools import call

# Words that GRUB and the kernel quote.
COMMAND_LINE = 'init=none seal=scrub test="a b" -- "it\'s" \\ ""'


class Sealed:
    """A sealed image, its keys, and the files on it; they are made once."""

    def __init__(self, bios_only=True):
        self._bios_only = bios_only
        self._folder = tempfile.TemporaryDirectory(prefix="farjump-")
        self.path = pathlib.Path(self._folder.name)
        self.key, self.other_key = self.path / "key", self.path / "other"
        for key in self.key, self.other_key:
            done = call("seal", "new-key", key)
            assert done.returncode == 0, done
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
        places = {"kernel": "farjump", "kernel_signature": "farjump.sig", "grub_cfg": "grub/grub.cfg"}
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
                            "--locales=", "--fonts=", "--themes=", "-o", image, tree, *uefi, "-volid", "FARJUMP"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return image


def section(kernel, name):
    """Returns (the place, the size) of a section in a kernel's file."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(kernel)
        file.flush()
        text = subprocess.run(["readelf", "-SW", file.name], check=True, stdout=subprocess.PIPE,
                              text=True).stdout
    place, size = re.search(rf" \.{name} +PROGBITS +[0-9a-f]+ ([0-9a-f]+) ([0-9a-f]+)", text).groups()
    return int(place, 16), int(size, 16)
