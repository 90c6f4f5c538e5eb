"""The chain under UEFI: the firmware starts only the owner's GRUB, GRUB loads only the owner's
files, and nobody gets a shell or edits a command line in between."""

import base64
import re
import shutil
import subprocess

from machine import flips, images, trees
from machine.boot_states import booting, save_before_reads
from machine.once import once
from machine.sealed import Sealed
from machine.secure_boot import board, tpm
from machine.tools import call, ovmf


@once
def made():
    """Returns (the sealed image, QEMU's arguments for its owner's board)."""
    sealed = Sealed(bios_only=False)
    return sealed, board(sealed.key, sealed.path)


@once
def started():
    """Returns the state of the owner's board before it has read from a medium: its firmware takes
    most of a boot."""
    sealed, arguments = made()
    with booting(sealed.image, arguments) as qemu:
        state = save_before_reads(qemu, sealed.path)
        assert state, qemu.output
        return state


def booted(image, *arguments, is_secure=True, state=None):
    """Boots an image on the board, or by UEFI without Secure Boot."""
    return booting(image, made()[1] if is_secure else ("-bios", ovmf()), *arguments, state=state)


def tried(image, is_secure=True):
    """Boots an image; on the board, from its saved state."""
    return booted(image, is_secure=is_secure, state=started() if is_secure else None)


def refused(image, text, is_secure=True):
    """Checks that the firmware or GRUB refuses an image with this text, before the kernel."""
    with tried(image, is_secure) as qemu:
        match = qemu.expect(f"{text}|{flips.STARTED}|farjump> ")
        assert re.search(text, match[0]), qemu.output[-2000:]


def flipped(region, name):
    """Returns a copy of the image with one bit flipped in the middle of a region."""
    image = made()[0].image
    part = flips.regions(image)[region][0]
    return flips.flipped(image, (part[len(part) // 2], 0), made()[0].path / name)


def skip_pause(qemu):
    """Ends the pause of ten seconds, in which GRUB's errors can be read."""
    qemu.expect("Press any key to continue")
    qemu.send(" ")


def sealed_image_boots():
    with booted(made()[0].image) as qemu:
        qemu.expect(r"seal: sr0: all \d+ KiB of the image are right")
        qemu.expect("farjump> ")
    with booted(made()[0].image, is_secure=False) as qemu:
        qemu.expect("farjump> ")


def firmware_refuses_any_other_grub():
    """One that is damaged, one of another owner, one that nobody has signed."""
    sealed, _ = made()
    refused(flipped("EFI partition with GRUB", "grub.iso"), "Access Denied")
    refused(sealed.sealed("other.iso", key=sealed.other_key), "Access Denied")
    refused(images.image("init=none", bios_only=False), "Access Denied")


def grub_refuses_any_other_kernel():
    """Also without Secure Boot: this GRUB checks what it opens under any firmware."""
    damaged = flipped("kernel, packed", "kernel.iso")
    refused(damaged, "error: bad signature")
    refused(damaged, "error: bad signature", is_secure=False)
    sealed, _ = made()
    other = sealed.path / "farjump"
    other.write_bytes(sealed.file("farjump"))
    done = call("secure-boot", "sign", f"{sealed.other_key}.secure-boot", other,
                SOURCE_DATE_EPOCH="1700000000")
    assert done.returncode == 0, done
    for name, signature in ("foreign", (sealed.path / "farjump.sig").read_bytes()), ("none", None):
        image = sealed.with_files(name, kernel_signature=signature)
        refused(image, "error: public key [0-9a-f]+ not found" if signature
                else r"farjump\.sig' not found")


def kernel_misses_a_module_that_grub_refuses():
    with tried(flipped("initramfs", "initramfs.iso")) as qemu:
        qemu.expect("error: bad signature")
        skip_pause(qemu)
        qemu.expect('refused: the module "initramfs" is missing')


def menu_is_locked():
    """No shell, no other command line: both ask for the name of somebody who doesn't exist."""
    with tried(flipped("kernel, packed", "menu.iso")) as qemu:
        skip_pause(qemu)
        skip_pause(qemu)
        for key in "c", "e":
            qemu.expect("GNU GRUB")
            qemu.send(key)
            qemu.expect("Enter username:")
            qemu.send("none\r\r")
        qemu.expect("GNU GRUB")
        assert "grub>" not in qemu.output and "multiboot2" not in qemu.output, qemu.output


def image_is_reproducible():
    """The dates in its signatures are those of the image."""
    sealed, _ = made()
    assert sealed.sealed("again.iso").read_bytes() == sealed.image.read_bytes()


def pcrs(qemu):
    """Returns {number: value} of the PCRs, as the kernel shows them."""
    text = qemu.command("tpm")
    assert qemu.command("cat /proc/farjump/tpm") == text
    found = {int(pcr): value
             for pcr, value in re.findall(r"^PCR (\d+) +([0-9a-f]{64})$", text, re.M)}
    assert list(found) == list(range(24)), text
    return found


def predicted(image, key):
    """Returns {number: value} of the PCRs that tools/seal predicts."""
    done = call("seal", "replay", "--key", key, image)
    assert done.returncode == 0, done
    return {int(pcr): value for pcr, value in re.findall(r"^PCR (\d+) +(\S+)$", done.stdout, re.M)}


def tpm_has_the_predicted_values():
    sealed, _ = made()
    wanted = predicted(sealed.image, sealed.key)
    assert list(wanted) == [4, 9, 11], wanted
    with tpm("crb") as (device, _), booted(sealed.image, *device) as qemu:
        qemu.expect("farjump> ")
        found = pcrs(qemu)
        assert {pcr: found[pcr] for pcr in wanted} == wanted, (found, wanted)
        assert "measured: the root, into PCR 11 of the TPM" in qemu.command("seal")
        assert qemu.command("maps").count("TPM") == 0
    with tpm("tis") as (device, _), booting(sealed.image, device) as qemu:
        qemu.expect("farjump> ")
        found = pcrs(qemu)
        # Neither the BIOS nor its GRUB knows the program and the files.
        assert found[11] == wanted[11] and found[4] != wanted[4], (found, wanted)


def event_log_explains_the_pcrs():
    """What the firmware, which here is a BIOS, has listed, and the kernel after it."""
    sealed, _ = made()
    files = sealed.path / "busybox"
    (files / "bin").mkdir(parents=True)
    shutil.copy(trees.busybox(), files / "bin/busybox")
    archive = sealed.path / "busybox.cpio"
    assert call("initramfs", "--root", files, archive).returncode == 0
    image = images.build_image(
        images.kernel_path(), sealed.path / "events.iso",
        'init=/bin/busybox -- sh -c "busybox base64 /proc/farjump/tpm-events; busybox echo the-end;'
        ' busybox cat /proc/farjump/tpm; busybox echo the-end"',
        bios_only=True, initramfs=archive, seal=sealed.key)
    with tpm("tis") as (device, _), booting(image, device) as qemu:
        encoded, text = (qemu.expect(rf"{first}[\s\S]*?the-end")[0] for first in ("AAAA", "PCR"))
    log = sealed.path / "events"
    log.write_bytes(base64.b64decode(encoded.removesuffix("the-end")))
    done = call("seal", "events", log)
    assert done.returncode == 0, done
    found = re.findall(r"^PCR .*", done.stdout, re.M)
    assert re.search("^event 11 .* Farjump: the root of the medium's hash tree$", done.stdout, re.M)
    assert [line.split()[1] for line in found] == [*map(str, range(8)), "11"], done.stdout
    shown = [line.rstrip() for line in text.splitlines()]
    assert set(found) <= set(shown), (found, shown)


def tpm_that_fails_stops_nothing():
    sealed, _ = made()
    with tpm("tis") as (device, end), booting(sealed.image, device, paused=True) as qemu:
        end()
        qemu.qmp("cont")
        qemu.expect("the TPM: it .*; nothing is measured")
        qemu.expect("farjump> ")
        assert "or it failed at the start" in qemu.command("tpm")
        assert "measured: nothing" in qemu.command("seal")


def certificate_is_on_the_medium():
    """For a firmware that enrols it from there."""
    sealed, _ = made()
    partition = flips.regions(sealed.image)["EFI partition with GRUB"][0]
    found = subprocess.run(["mtype", "-i", f"{sealed.image}@@{partition.start}",
                            "::/EFI/BOOT/SECURE.CER"], check=True, stdout=subprocess.PIPE).stdout
    assert found == (sealed.path / "key.secure-boot/secure-boot.cer").read_bytes()


def bad_calls_are_explained():
    sealed, _ = made()
    alone = sealed.path / "alone"
    alone.write_bytes(sealed.key.read_bytes())
    keys = f"{sealed.key}.secure-boot"
    for tool, arguments, environment, complaint in (
            ("iso", ("--seal", alone, images.kernel_path(), sealed.path / "x.iso"), {},
             f"new-keys {alone}.secure-boot makes all"),
            ("seal", ("new-key", sealed.path / "x"), {}, "keys are never replaced"),
            ("secure-boot", ("new-keys", keys), {}, "keys are never replaced"),
            ("secure-boot", ("variables", keys, alone, sealed.path / "x"), {},
             "this isn't a file of OVMF's variables"),
            ("secure-boot", ("variables", keys, sealed.path / "variables", sealed.path / "x"), {},
             "this file of OVMF's variables isn't empty"),
            ("run", (), {"SECURE": "1", "SEAL": ""}, "SECURE=1 needs a key")):
        (sealed.path / "x.secure-boot").mkdir(exist_ok=True)
        done = call(tool, *arguments, **environment)
        assert done.returncode in (1, 2) and complaint in done.stderr, done


def add_to(suite):
    for test in (sealed_image_boots, firmware_refuses_any_other_grub, grub_refuses_any_other_kernel,
                 kernel_misses_a_module_that_grub_refuses, menu_is_locked,
                 tpm_has_the_predicted_values, event_log_explains_the_pcrs,
                 tpm_that_fails_stops_nothing, image_is_reproducible,
                 certificate_is_on_the_medium, bad_calls_are_explained):
        suite.add(f"secure_boot::{test.__name__}", test)
