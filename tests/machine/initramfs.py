"""tools/initramfs: its archives, read by independent code from the format's description."""

import gzip
import hashlib
import io
import os
import pathlib
import random
import shutil
import stat
import subprocess
import tarfile
import tempfile

from machine import ROOT, cpio, trees
from machine.images import image
from machine.qemu import Qemu
from machine.tools import call, ovmf

HEAD_BYTES = 110
MOUNT_POINTS = {b"dev", b"dev/pts", b"proc", b"tmp"}


def read(archive):
    """Returns [(name, fields, data)] of an archive; `fields` has the 13 numbers of its head."""
    entries = []
    at = 0
    while True:
        assert archive[at:at + 6] == b"070701", archive[at:at + 6]
        fields = [int(archive[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name = archive[at + HEAD_BYTES:at + HEAD_BYTES + name_size]
        assert name.endswith(b"\0")
        data_at = (at + HEAD_BYTES + name_size + 3) // 4 * 4
        entries.append((name.rstrip(b"\0"), fields, archive[data_at:data_at + size]))
        at = (data_at + size + 3) // 4 * 4
        if name == b"TRAILER!!!\0":
            assert not any(archive[at:]) and len(archive) % 512 == 0
            return entries[:-1]


def made(*arguments, **environment):
    """Makes an archive; returns its bytes."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        file = pathlib.Path(folder, "archive")
        done = call("initramfs", *arguments, file, **environment)
        assert done.returncode == 0, done
        return file.read_bytes()


def fill(path):
    """Makes a tree with all kinds of files that an ordinary user can make."""
    (path / "a folder").mkdir()
    (path / "a folder" / "with blanks").write_bytes(b"12345")
    (path / "empty").write_bytes(b"")
    os.link(path / "empty", path / "second name")
    (path / "hard 1").write_bytes(b"shared")
    os.link(path / "hard 1", path / "a folder" / "hard 2")
    (path / "link").symlink_to("a folder/with blanks")
    (path / "dangling").symlink_to("/nowhere")
    os.mkfifo(path / "fifo")
    (path / os.fsdecode(b"not \xff UTF-8")).write_bytes(b"x")
    (path / "program").write_bytes(b"#!/bin/sh\n")
    (path / "program").chmod(0o4755)
    (path / "locked").mkdir(0o700)


def check_tree(archive):
    """Checks an archive of the tree that `fill` makes."""
    entries = read(archive)
    names = [name for name, _, _ in entries]
    assert names == sorted(names) and len(set(names)) == len(names)
    of = {name: (fields, data) for name, fields, data in entries}
    assert set(of) - MOUNT_POINTS == {
        b"a folder", b"a folder/with blanks", b"a folder/hard 2", b"empty", b"second name",
        b"hard 1", b"link", b"dangling", b"fifo", b"not \xff UTF-8", b"program", b"locked"}
    # Each folder is before its files.
    assert names.index(b"a folder") < names.index(b"a folder/hard 2")
    assert of[b"a folder/with blanks"][1] == b"12345"
    assert of[b"not \xff UTF-8"][1] == b"x"
    for name, target in ((b"link", b"a folder/with blanks"), (b"dangling", b"/nowhere")):
        assert stat.S_ISLNK(of[name][0][1]) and of[name][1] == target
    assert stat.S_ISFIFO(of[b"fifo"][0][1])
    assert of[b"program"][0][1] == stat.S_IFREG | 0o4755
    assert of[b"locked"][0][1] == stat.S_IFDIR | 0o700
    assert of[b"tmp"][0][1] == stat.S_IFDIR | 0o1777
    # Hard links have the same number and count; only the last name has the content.
    one, two = of[b"a folder/hard 2"], of[b"hard 1"]
    assert one[0][0] == two[0][0] and one[0][4] == two[0][4] == 2
    assert (one[1], two[1]) == (b"", b"shared")
    numbers = {fields[0] for fields, _ in of.values()}
    assert len(numbers) == len(of) - 2
    assert all(fields[2:4] == [0, 0] for fields, _ in of.values()), "owner"


def trees_survive():
    """A tree as a directory and as a tar file, plain and compressed."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        tree = pathlib.Path(folder, "tree")
        tree.mkdir()
        fill(tree)
        check_tree(made("--root", tree))
        check_tree(gzip.decompress(made("--gzip", "--root", tree)))
        tar = pathlib.Path(folder, "tree.tar.gz")
        subprocess.run(["tar", "-C", tree, "-czf", tar, "."], check=True)
        check_tree(made("--root", tar))


def same_files_make_the_same_bytes():
    archives = []
    for order in (1, -1):
        with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
            for name in ("one", "two", "three")[::order]:
                pathlib.Path(folder, name).write_text(name)
                os.utime(pathlib.Path(folder, name), (2_000_000_000 + order,) * 2)
            archives.append(made("--gzip", "--root", folder, SOURCE_DATE_EPOCH="1000000000"))
    assert archives[0] == archives[1]
    times = {fields[5] for _, fields, _ in read(gzip.decompress(archives[0]))}
    assert times == {1_000_000_000}, times


def program_is_alone_in_its_root():
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        path = pathlib.Path(folder, "a.out")
        pathlib.Path(folder, "a.c").write_text("int main(void) { return 0; }")
        subprocess.run(["musl-gcc", "-static", "-o", path, f"{folder}/a.c"], check=True)
        archive = pathlib.Path(folder, "archive")
        done = call("initramfs", "--program", f"{path} 'two words' x=y", archive)
        assert done.stdout == "init=/a.out -- 'two words' x=y\n", done
        of = {name: (fields, data) for name, fields, data in read(archive.read_bytes())}
        assert set(of) == MOUNT_POINTS | {b"a.out"}
        assert of[b"a.out"][1] == path.read_bytes()
        assert of[b"a.out"][0][1] == stat.S_IFREG | 0o755


def bad_trees_are_refused():
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        archive, tar = (pathlib.Path(folder, name) for name in ("archive", "a.tar"))
        with tarfile.open(tar, "w") as file:
            member = tarfile.TarInfo("../outside")
            member.size = 1
            file.addfile(member, io.BytesIO(b"x"))
        pathlib.Path(folder, "text").write_text("no tar file")
        for root, complaint in ((tar, "leads out of the tree"), (f"{folder}/none", "No such file"),
                                (f"{folder}/text", "file could not be opened")):
            done = call("initramfs", "--root", root, archive)
            assert done.returncode == 1 and complaint in done.stderr, done
            assert not archive.exists()


def userland_has_the_shell():
    of = {name: (fields, data) for name, fields, data
          in read(gzip.decompress(made("--gzip", "--userland")))}
    assert of[b"init"][1].startswith(b"#!/bin/sh\n") and of[b"init"][0][1] & 0o111
    for link in (b"bin/sh", b"bin/ls", b"sbin/init", b"usr/bin/awk"):
        assert of[link][1] == b"/bin/busybox", link
    for name in (b"etc/passwd", b"etc/group", b"etc/fstab", b"etc/profile", b"etc/hostname",
                 b"etc/motd", b"etc/inittab", b"root", b"usr/bin/run-tests", b"tests/getcwd"):
        assert name in of, name
    for name in of:
        assert not name.rpartition(b"/")[0] or name.rpartition(b"/")[0] in of, name


def contents_are_used_in_place():
    """Whole pages of a plain archive become the pages of its files, and can be written."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        root = pathlib.Path(folder, "root")
        (root / "bin").mkdir(parents=True)
        shutil.copy(trees.busybox(), root / "bin/busybox")
        data = random.Random(1).randbytes(300_001)
        (root / "data").write_bytes(data)
        archive = pathlib.Path(folder, "archive")
        done = call("initramfs", "--root", root, archive)
        assert done.returncode == 0, done
        changed = data[:5000] + b"changed" + data[5007:]
        script = ("/bin/busybox sha256sum /data; /bin/busybox cp /data /copy;"
                  " echo -n changed | /bin/busybox dd of=/data bs=1 seek=5000 conv=notrunc;"
                  " /bin/busybox sha256sum /data /copy")
        with Qemu("-m", "256", "-cdrom",
                  image(f"init=/bin/busybox -- sh -c '{script}'", initramfs=archive)) as qemu:
            in_place, pages = map(int, qemu.expect(r"(\d+) of (\d+) pages are used in place").groups())
            assert in_place > 300 and in_place <= pages, (in_place, pages)
            first, second = (hashlib.sha256(each).hexdigest() for each in (data, changed))
            qemu.expect(rf"{first}  /data")
            qemu.expect(rf"{second}  /data")
            qemu.expect(rf"{first}  /copy")
            qemu.expect("the first program has ended: exit status 0")


def small_archive_is_found_on_uefi():
    """On UEFI, GRUB puts a small archive into the first MiB."""
    subprocess.run([ROOT / "tools/programs", "farjump"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        archive = pathlib.Path(folder, "archive")
        done = call("initramfs", "--program", ROOT / "build/user/farjump", archive)
        assert done.returncode == 0, done
        with Qemu("-m", "256", "-smp", "2", "-bios", ovmf(), "-cdrom",
                  image("init=/farjump -- audit", bios_only=False, initramfs=archive)) as qemu:
            qemu.expect(r"^programs: \d+ pages, \d+ tables: all as it should be")
            qemu.expect("the first program has ended: exit status 0")


def init_that_cannot_run_is_named():
    """The error is shown with `quiet`, too, and the prompt runs instead."""
    tree = {}
    trees.add_file(tree, "plain", b"text")
    trees.add_file(tree, "text", b"text", trees.PROGRAM)
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        archive = pathlib.Path(folder, "archive")
        archive.write_bytes(cpio.pack(tree))
        for name, why in (("plain", "permission denied"), ("text", "no ELF file"),
                          ("missing", "no such file or directory")):
            with Qemu("-m", "128", "-cdrom",
                      image(f"quiet init=/{name}", initramfs=archive)) as qemu:
                qemu.expect(rf"ERROR first_program: /{name} can't be run: {why}")
                qemu.expect("farjump> ")
                assert "the first program is" not in qemu.output, qemu.output


def add_to(suite):
    for test in (trees_survive, same_files_make_the_same_bytes, program_is_alone_in_its_root,
                 bad_trees_are_refused, userland_has_the_shell, contents_are_used_in_place,
                 small_archive_is_found_on_uefi, init_that_cannot_run_is_named):
        suite.add(f"initramfs::{test.__name__}", test)
