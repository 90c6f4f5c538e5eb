"""tools/run with a user's program: the kernel's command line and modules, and the exit
status.

A small program replaces the kernel, so that the tools are tested without it: it prints its
command line and its modules' names on the serial line, writes its status, and switches the
machine off.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import tempfile

from machine import ROOT
from machine.tools import call

STAND_IN = r"""
bits 32
section .text
header: dd 0xE85250D6, 0, end - header, -(0xE85250D6 + end - header)
        dw 0, 0
        dd 8
end:
global _start
_start: lea esi, [ebx + 8]
next:   mov eax, [esi]
        cmp eax, 1
        je line
        cmp eax, 3
        je module
        test eax, eax
        jz done
skip:   mov eax, [esi + 4]
        add eax, 7
        and eax, -8
        add esi, eax
        jmp next
line:   lea edi, [esi + 8]
        call print
        jmp skip
module: lea edi, [esi + 16]
        call print
        jmp skip
print:  mov dx, 0x3fd
busy:   in al, dx
        test al, 0x20
        jz busy
        mov dx, 0x3f8
        mov al, [edi]
        inc edi
        test al, al
        jz .end
        out dx, al
        jmp print
.end:   mov al, 10
        out dx, al
        ret
done:
%ifdef STATUS
        mov al, STATUS
        out 0xe9, al
%endif
        mov ax, 0x2000
        mov dx, 0x604   ; as SeaBIOS sets the machine up
        out dx, ax
        mov dx, 0xb004  ; as OVMF does
        out dx, ax
stop:   hlt
        jmp stop
"""
# QEMU's devices by the values of BUS.
DEVICES = {"": "nvme", "nvme": "nvme", "virtio": "virtio-blk-pci",
           "ahci": "ide-hd,bus=ahci.0"}
WRONG_BUS = "run: BUS is nvme, virtio or ahci, not floppy\n"
PROGRAM = "int main(void) { return 0; }"


class Folder:
    """A directory with the replacement of the kernel and a static program, for a `with`
    statement."""

    def __init__(self, status):
        self._folder = tempfile.TemporaryDirectory(prefix="farjump ")
        self.path = pathlib.Path(self._folder.name)
        (self.path / "kernel.asm").write_text(STAND_IN)
        define = [] if status is None else [f"-DSTATUS={status}"]
        self._run("nasm", "-f", "elf32", *define, "-o", self.path / "kernel.o",
                  self.path / "kernel.asm")
        self.kernel = self.path / "kernel"
        self._run("ld", "-m", "elf_i386", "-Ttext=0x100000", "-n", "-o", self.kernel,
                  self.path / "kernel.o")
        (self.path / "p.c").write_text(PROGRAM)
        self.program = self.path / "my program"
        self._run("musl-gcc", "-static", "-o", self.program, self.path / "p.c")

    @staticmethod
    def _run(*command):
        subprocess.run([str(part) for part in command], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def run(self, line, **environment):
        """Runs tools/run with the program; returns its completed process."""
        return call("run", "--kernel", self.kernel, "--program", f"'{self.program}' {line}",
                    DISPLAY="", WAYLAND_DISPLAY="", **environment)


def status_of_the_program_is_that_of_the_tool():
    for status in (0, 1, 127, 128, 139, 255):
        with Folder(status) as folder:
            done = folder.run("")
            assert done.returncode == status, (status, done)


def machine_without_a_status_is_reported():
    with Folder(None) as folder:
        done = folder.run("")
        assert done.returncode == 125 and "without a program's status" in done.stderr, done


def command_line_and_archive_reach_the_kernel():
    with Folder(3) as folder:
        done = folder.run("""-c "two  words" '' "it's" 'a"b' 'c\\d' "''" '$x' """,
                          CMDLINE="quiet")
        lines = done.stdout.splitlines()
        # This is the form of GRUB's words, which crates/firmware/command-line reads.
        assert lines[0] == r"""quiet "init=/my program" -- -c "two  words" \'\' it\'s a\"b """ \
            r"""c\\d \'\'\'\' $x""", done
        assert lines[1:] == ["symbols", "initramfs"], done


def disk_is_attached_by_the_bus_that_is_named():
    """A program that prints its arguments replaces QEMU."""
    with Folder(None) as folder:
        qemu = folder.path / "qemu-system-x86_64"
        qemu.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
        qemu.chmod(0o755)
        disk = folder.path / "a disk, raw"
        disk.write_bytes(bytes(512))

        def run(**environment):
            return call("run", "--kernel", folder.kernel, "--prompt", DISK=str(disk), DISPLAY="",
                        WAYLAND_DISPLAY="", PATH=f"{folder.path}:{os.environ['PATH']}",
                        **environment)
        for bus, device in DEVICES.items():
            shown = run(BUS=bus).stdout.splitlines()
            file = str(disk).replace(",", ",,")
            assert f"if=none,id=disk,format=raw,file={file}" in shown, shown
            assert f"{device},drive=disk,serial=disk" in shown, shown
            assert ("ich9-ahci,id=ahci" in shown) == (bus == "ahci"), shown
        done = run(BUS="floppy")
        assert (done.returncode, done.stderr) == (2, WRONG_BUS), done


def root_on_a_disk_needs_no_archive():
    with Folder(None) as folder:
        done = call("run", "--kernel", folder.kernel, CMDLINE="quiet root=/dev/vda2 rw", DISPLAY="",
                    WAYLAND_DISPLAY="")
        assert done.stdout.splitlines()[-2:] == ["quiet root=/dev/vda2 rw", "symbols"], done


def machines_run_beside_each_other():
    with Folder(None) as folder, concurrent.futures.ThreadPoolExecutor(4) as pool:
        def run(number):
            return call("run", "--kernel", folder.kernel, "--prompt", CMDLINE=f"number={number}",
                        DISPLAY="", WAYLAND_DISPLAY="")
        for number, done in enumerate(pool.map(run, range(4))):
            assert done.stdout.splitlines()[-2:] == [f"number={number}", "symbols"], done


def bad_programs_are_refused():
    with Folder(0) as folder:
        (folder.path / "script").write_text("#!/bin/sh\n")
        for line, complaint in (("/nowhere", "there is no file /nowhere"),
                                ("'open", "No closing quotation"),
                                ("/bin/ls", "isn't static"),
                                (f"'{folder.path}/script'", "is a script"),
                                (f"'{folder.path}/p.c'", "is no 64-bit ELF file")):
            done = call("run", "--kernel", folder.kernel, "--program", line)
            assert done.returncode == 1 and complaint in done.stderr, (line, done)


def make_run_ends_with_the_status_of_the_program():
    """In a copy of the Makefile with replaced tools."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        path = pathlib.Path(folder)
        (path / "tools/make").mkdir(parents=True)
        (path / "build").mkdir()
        for name in ("Makefile", "tools/make/status.c"):
            (path / name).write_text((ROOT / name).read_text())
        for tool, text in (("run", 'echo "$PROGRAM"; exit 42'), ("setup", "exit 0")):
            (path / "tools" / tool).write_text(f"#!/bin/sh\n{text}\n")
            (path / "tools" / tool).chmod(0o755)
        for target in ("run", "run-uefi", "run-usb"):
            done = subprocess.run(["make", "-s", target, "PROGRAM=./a.out 'b c'"], cwd=path,
                                  stdout=subprocess.PIPE, text=True)
            assert (done.returncode, done.stdout) == (42, "./a.out 'b c'\n"), done


def add_to(suite):
    for test in (status_of_the_program_is_that_of_the_tool, machine_without_a_status_is_reported,
                 command_line_and_archive_reach_the_kernel, bad_programs_are_refused,
                 disk_is_attached_by_the_bus_that_is_named, root_on_a_disk_needs_no_archive,
                 machines_run_beside_each_other,
                 make_run_ends_with_the_status_of_the_program):
        suite.add(f"run::{test.__name__}", test)
