"""Sealed images: they boot as they were sealed, and are refused if anything differs."""

import gzip
import hashlib
import pathlib
import re
import tempfile

from machine import ROOT, flips, trees
from machine.images import build_image, kernel_path, unpack
from machine.once import once
from machine.qemu import Qemu
from machine.sealed import Sealed, section
from machine.tools import call

# For these points of the curve, anybody can make signatures. Source: "Taming the many EdDSAs".
WEAK_KEY = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
MARK = b"Farjump seal key"
BLOCK = 4096

made = once(Sealed)


def refusal(image):
    """Boots an image; returns the text with which the kernel refuses it, which is on the screen
    and on the serial line."""
    with Qemu("-m", "128", "-cdrom", image) as qemu:
        match = qemu.expect(r"refused: ([^\r\x1b]+)\x1b|farjump> |panic: ")
        assert match[1], qemu.output[-2000:]
        qemu.expect("then reset the machine")
        qemu.expect_screen("refused: ")
        # Nothing reads commands.
        assert "farjump> " not in qemu.output, qemu.output[-2000:]
        return match[1]


def root_of(image):
    """Returns the root of the hash tree of an image, by its definition."""
    data = bytearray(image.read_bytes())
    *_, start, length, tree = re.search(
        rb"^medium (\d+) ([0-9a-f]{64}) (\d+) (\d+) (\d+)$", bytes(data), re.M).groups()
    hashes_bytes = length_of_tree(len(data))
    for begin, size in ((int(start), int(length)), (int(tree), hashes_bytes)):
        data[begin:begin + size] = bytes(size)
    level = bytes(data)
    while len(level) > BLOCK:
        level = b"".join(hashlib.sha256(block.ljust(BLOCK, b"\0")).digest()
                         for block in blocks_of(level))
    return hashlib.sha256(level.ljust(BLOCK, b"\0")).hexdigest()


def length_of_tree(length):
    """Returns the length of the hash tree of a medium of some length."""
    blocks, total = -(-length // BLOCK), 0
    while blocks > 1:
        blocks = -(-blocks * 32 // BLOCK)
        total += blocks
    return total * BLOCK


def blocks_of(data):
    return (data[at:at + BLOCK] for at in range(0, len(data), BLOCK))


def hashes_are_those_of_other_programs():
    """The root, and the hashes of the modules, by Python's SHA-256."""
    image = made().image
    text = call("seal", "verify", "--key", made().key, image).stdout
    assert f"root {root_of(image)}" in text, (root_of(image), text)
    for name, data in ("symbols", gzip.decompress(made().file("farjump.symbols"))), (
            "initramfs", made().file("initramfs")):
        line = f"module {name}: {len(data)} bytes, {hashlib.sha256(data).hexdigest()}"
        assert line in text, (line, text)


def sealed_image_boots_and_is_verified():
    """The whole chain: the words of the command line are those that GRUB passes, and the medium is
    checked before the first program."""
    with Qemu("-m", "128", "-cdrom", made().image) as qemu:
        qemu.expect("seal: before the kernel: a BIOS verifies nothing")
        qemu.expect(r"sr0: all \d+ KiB of the image are right")
        qemu.expect("farjump> ")
        key = call("seal", "public-key", made().key).stdout.strip()
        text = qemu.command("seal")
        assert f"key           {key}" in text, text
        for part in ("its text", "its rodata", "its command line", "the module symbols",
                     "the module initramfs", "the medium sr0", "a BIOS verifies nothing"):
            assert f"  {part}" in text, (part, text)
        root = re.search(r"^root +([0-9a-f]{64})$", text, re.M)[1]
        assert text == qemu.command("cat /proc/farjump/seal")
        assert "are right" in qemu.command("seal scrub")
        assert "scrap" in qemu.command("seal scrap"), qemu.output[-400:]
    done = call("seal", "verify", "--key", key, made().image)
    assert done.returncode == 0 and f"root {root}" in done.stdout, done
    assert "Each byte of the image is as it was sealed." in done.stdout, done


def stick_may_be_longer_than_its_image():
    """What follows the image is in its last block, too, if that isn't whole."""
    image = made().image
    if image.stat().st_size % BLOCK == 0:
        longer = made().path / "longer"
        longer.write_bytes(made().archive.read_bytes() + bytes(BLOCK // 2))
        image = made().sealed("longer.iso", archive=longer)
    assert image.stat().st_size % BLOCK
    stick = made().path / "stick"
    stick.write_bytes(image.read_bytes() + b"x" * 5000)
    done = call("seal", "verify", "--key", made().key, stick)
    assert done.returncode == 0 and "5000 bytes after the image aren't sealed" in done.stdout, done
    with Qemu("-m", "128", "-M", "q35", "-drive", f"format=raw,snapshot=on,file={stick}") as qemu:
        qemu.expect(r"seal: sda: all \d+ KiB of the image are right")


def run_boots_a_sealed_image():
    """As in docs/verified-boot.md; with a program, whose status is that of tools/run."""
    done = call("run", "--program", f"{trees.busybox()} sh -c 'exit 7'", SEAL=made().key,
                CMDLINE="seal=scrub")
    assert done.returncode == 7 and "of the image are right" in done.stdout, done


def images_are_reproducible():
    assert made().sealed("again.iso").read_bytes() == made().image.read_bytes()


def kernel_without_a_key_says_so():
    kernel = made().kernel()
    at = kernel.index(MARK) + len(MARK)
    plain = kernel[:at] + bytes(32) + kernel[at + 32:]
    with Qemu("-m", "128", "-cdrom", made().with_files("plain", kernel=plain)) as qemu:
        qemu.expect("the image is sealed, but this kernel has no key")
        qemu.expect("farjump> ")
        assert "This kernel isn't sealed" in qemu.command("seal")


def other_keys_are_refused():
    other = made().sealed("other.iso", key=made().other_key)
    with tempfile.TemporaryDirectory() as folder:
        unpack(other, folder)
        manifest = pathlib.Path(folder, "boot/seal").read_bytes()
    assert refusal(made().with_files("foreign", seal=manifest)) \
        == "the manifest isn't signed by the kernel's key"
    kernel = made().kernel()
    at = kernel.index(MARK) + len(MARK)
    weak = kernel[:at] + WEAK_KEY + kernel[at + 32:]
    assert refusal(made().with_files("weak", kernel=weak)) \
        == "the kernel's key is weak: anybody can sign for it"


def changed_kernel_is_refused():
    kernel = made().kernel()
    for name in "text", "rodata":
        start, size = section(kernel, name)
        # The last bytes: padding, which is no code.
        changed = bytearray(kernel)
        changed[start + size - 1] ^= 1
        found = refusal(made().with_files(name, kernel=bytes(changed)))
        assert found == f"the kernel's {name} differs from what was sealed", (name, found)


def changed_command_line_is_refused():
    cfg = made().file("grub/grub.cfg")
    for old, new in ((b'"init=none"', b'"init=nope"'), (b'"seal=scrub"', b""), (b"'it'", b"'is'")):
        assert old in cfg, cfg
        image = made().with_files(f"line{len(new)}", grub_cfg=cfg.replace(old, new))
        assert refusal(image) == "the command line isn't one that was sealed"


def changed_modules_are_refused():
    cfg, archive = made().file("grub/grub.cfg"), made().file("initramfs")
    symbols, files = re.findall(rb"^ *(module2 .*(?:symbols|initramfs))$", cfg, re.M)[:2]
    sealed = re.search(rb"^ *module2 .* seal$", cfg, re.M)[0]
    changed = archive[:-1] + bytes([archive[-1] ^ 1])
    for name, files_of_it, text in (
            ("cut", {"initramfs": archive[:-1]},
             f'the module "initramfs" has {len(archive) - 1} bytes, {len(archive)} were sealed'),
            ("grown", {"initramfs": archive + b"x"},
             f'the module "initramfs" has {len(archive) + 1} bytes, {len(archive)} were sealed'),
            ("changed", {"initramfs": changed},
             'the module "initramfs" differs from what was sealed'),
            ("swapped", {"grub_cfg": cfg.replace(symbols, b"@").replace(files, symbols)
                         .replace(b"@", files)},
             "module 1 isn't the one that was sealed at its place"),
            ("missing", {"grub_cfg": cfg.replace(files, b"")},
             'the module "initramfs" is missing'),
            ("more", {"grub_cfg": cfg.replace(files, files + b"\n" + files)},
             "module 3 isn't the one that was sealed at its place"),
            ("no-manifest", {"grub_cfg": cfg.replace(sealed, b"")},
             "the loader has loaded no manifest, or several"),
            ("two-manifests", {"grub_cfg": cfg.replace(sealed, sealed + b"\n" + sealed)},
             "the loader has loaded no manifest, or several")):
        found = refusal(made().with_files(name, **files_of_it))
        assert found == text, (name, found)


def flipped_bits_of_the_medium_are_refused():
    """One bit of each region; tools/flips makes more."""
    image = made().image
    for name, parts in flips.regions(image).items():
        place, = flips.flips(parts, 1, name)
        copy = flips.flipped(image, place, made().path / "flipped.iso")
        result, text = flips.outcome(copy)
        assert result != flips.BOOTED, (name, place, result, text)
        done = call("seal", "verify", "--key", made().key, copy)
        assert done.returncode == 1, (name, place, done)


def medium_is_checked_in_the_background():
    image = build_image(kernel_path(), made().path / "background.iso", "init=none seal=background",
                        bios_only=True, seal=made().key)
    with Qemu("-m", "128", "-cdrom", image) as qemu:
        qemu.expect("farjump> ")
        qemu.wait_for(lambda: "are right" in qemu.output, lambda: qemu.output[-2000:])
        assert "the medium sr0" in qemu.command("seal"), qemu.output[-800:]
    gap = flips.regions(image)["directories, gaps, padding, backup GPT"][-1]
    with Qemu("-m", "128", "-cdrom",
              flips.flipped(image, (gap[-1], 0), made().path / "background-flip.iso")) as qemu:
        qemu.expect("refused: sr0 differs from what was sealed")


def flipped_gap_is_refused_by_its_place():
    """What nothing else reads is found by the check of the medium alone."""
    image = made().image
    gap = flips.regions(image)["directories, gaps, padding, backup GPT"][-1]
    place = gap[-1]
    copy = flips.flipped(image, (place, 0), made().path / "gap.iso")
    result, text = flips.outcome(copy)
    assert result == flips.KERNEL and text \
        == f"sr0 differs from what was sealed, from byte {place // 4096 * 4096} on", (result, text)
    done = call("seal", "verify", "--key", made().key, copy)
    assert done.returncode == 1 and f"differs: bytes {place // 4096 * 4096} to" in done.stdout, done


def medium_that_is_no_disk_is_refused():
    """The loader's disk may be one that the kernel doesn't find."""
    with Qemu("-m", "128", "-drive", f"if=none,id=s,format=raw,readonly=on,file={made().image}",
              "-device", "qemu-xhci", "-device", "usb-storage,drive=s,bootindex=0") as qemu:
        qemu.expect("refused: no disk has the manifest that was loaded")


def bad_calls_are_explained():
    path = made().path
    (path / "text").write_text("no key")
    for arguments, complaint in (
            (("new-key", ""), "name the file for the key: make key SEAL=file"),
            (("new-key", ROOT / "build/key"), "keep a private key elsewhere"),
            (("new-key", made().key), "can't be made; a key is never replaced"),
            (("public-key", path / "text"), "isn't a private Ed25519 key"),
            (("public-key", path / "nothing"), "No such file"),
            (("verify", made().image), "--key is missing"),
            (("verify", "--key", "00", made().image), "neither the digits of a key nor a file"),
            (("verify", "--key", made().key, path / "text"), "text: "),
            (("stamp", "--key", made().key, path / "text"), "it isn't a kernel of Farjump"),
            (("shut", path / "text"), "there is no command shut")):
        done = call("seal", *arguments)
        assert done.returncode == 1 and complaint in done.stderr, done
    done = call("seal", "verify", "--key", made().other_key, made().image)
    assert done.returncode == 1 and "isn't signed by the kernel's key" in done.stdout, done
    done = call("iso", "--seal", path / "nothing", kernel_path(), path / "x.iso")
    assert done.returncode == 1 and "make key makes one" in done.stderr, done


def add_to(suite):
    for test in (sealed_image_boots_and_is_verified, hashes_are_those_of_other_programs,
                 run_boots_a_sealed_image, stick_may_be_longer_than_its_image,
                 images_are_reproducible, kernel_without_a_key_says_so, other_keys_are_refused,
                 changed_kernel_is_refused, changed_command_line_is_refused,
                 changed_modules_are_refused, flipped_bits_of_the_medium_are_refused,
                 medium_is_checked_in_the_background, flipped_gap_is_refused_by_its_place,
                 medium_that_is_no_disk_is_refused, bad_calls_are_explained):
        suite.add(f"seal::{test.__name__}", test)
