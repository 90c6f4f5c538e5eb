"""Makes trees of files for an initramfs: {path: cpio.Node}."""

import contextlib
import os
import pathlib
import shlex
import stat
import subprocess
import tarfile

from . import BUILD, ROOT
from .cpio import Node

DIRECTORY, FILE, PROGRAM, LINK = (stat.S_IFDIR | 0o755, stat.S_IFREG | 0o644,
                                  stat.S_IFREG | 0o755, stat.S_IFLNK | 0o777)
# The directories on which the kernel mounts its own file systems.
MOUNT_POINTS = {b"dev": DIRECTORY, b"dev/pts": DIRECTORY, b"proc": DIRECTORY,
                b"tmp": stat.S_IFDIR | 0o1777}


class TreeError(Exception):
    """The tree can't be made; the text is the reason."""


def newest_mtime():
    """Returns SOURCE_DATE_EPOCH of the environment, the latest time of a file, or None."""
    value = os.environ.get("SOURCE_DATE_EPOCH")
    return int(value) if value else None


def _clamped(mtime):
    newest = newest_mtime()
    # The format has 32 bits.
    return min(max(int(mtime), 0), 0xFFFF_FFFF if newest is None else newest)


def _new(mode, data=b""):
    return Node(mode, data, newest_mtime() or 0)


def add_mount_points(tree):
    """Adds the directories on which the kernel mounts file systems, if they are missing."""
    for name, mode in MOUNT_POINTS.items():
        tree.setdefault(name, _new(mode))


def add_file(tree, path, data, mode=FILE):
    """Adds a file, and the directories above it."""
    path = os.fsencode(path)
    tree[path] = _new(mode, data)
    add_parents(tree, path)


def add_directory(tree, path):
    """Adds a directory and those above it, if they are missing."""
    path = os.fsencode(path)
    tree.setdefault(path, _new(DIRECTORY))
    add_parents(tree, path)


def add_parents(tree, path):
    """Adds the directories above a path, if they are missing."""
    while b"/" in path:
        path = path.rpartition(b"/")[0]
        tree.setdefault(path, _new(DIRECTORY))


def write_to(tree, top):
    """Writes the tree below an empty directory. The files belong to the user who runs this; everybody
    may read them, and run the programs."""
    written = {}
    for name in sorted(tree):
        node, path = tree[name], os.path.join(os.fsencode(top), name)
        kind = stat.S_IFMT(node.mode)
        if kind == stat.S_IFDIR:
            os.mkdir(path)
        elif id(node) in written:
            os.link(written[id(node)], path, follow_symlinks=False)
        elif kind == stat.S_IFLNK:
            os.symlink(node.data, path)
        elif kind == stat.S_IFREG:
            pathlib.Path(os.fsdecode(path)).write_bytes(node.data)
            os.chmod(path, 0o755 if node.mode & 0o111 else 0o644)
        elif kind == stat.S_IFIFO:
            os.mkfifo(path)
        else:
            raise TreeError(f"{os.fsdecode(name)} is a device, which only root can make")
        written[id(node)] = path
    # Directories change when files are made in them, so they come last.
    for name in sorted(tree, reverse=True):
        path, mtime = os.path.join(os.fsencode(top), name), tree[name].mtime
        os.utime(path, (mtime, mtime), follow_symlinks=False)


def from_directory(top):
    """Returns the tree below a directory."""
    tree, nodes = {}, {}
    top = os.fsencode(top)

    def add(path):
        status = os.lstat(path)
        name = os.path.relpath(path, top)
        if stat.S_ISSOCK(status.st_mode):
            return
        key = (status.st_dev, status.st_ino)
        if stat.S_ISDIR(status.st_mode) or key not in nodes:
            data = b""
            if stat.S_ISREG(status.st_mode):
                data = pathlib.Path(os.fsdecode(path)).read_bytes()
            elif stat.S_ISLNK(status.st_mode):
                data = os.readlink(path)
            nodes[key] = Node(status.st_mode, data, _clamped(status.st_mtime),
                              (os.major(status.st_rdev), os.minor(status.st_rdev)))
        tree[name] = nodes[key]

    def stop(error):
        raise error

    for folder, folders, files in os.walk(top, onerror=stop):
        for name in folders + files:
            add(os.path.join(folder, name))
    return tree


def from_tar(path):
    """Returns the tree in a tar file, plain or packed by gzip, bzip2 or xz."""
    kinds = {tarfile.REGTYPE: stat.S_IFREG, tarfile.AREGTYPE: stat.S_IFREG,
             tarfile.DIRTYPE: stat.S_IFDIR, tarfile.SYMTYPE: stat.S_IFLNK,
             tarfile.CHRTYPE: stat.S_IFCHR, tarfile.BLKTYPE: stat.S_IFBLK,
             tarfile.FIFOTYPE: stat.S_IFIFO}
    tree = {}
    with tarfile.open(path, errors="surrogateescape") as archive:
        for member in archive:
            name = _tar_name(member.name)
            if not name:
                continue
            if member.islnk():
                target = _tar_name(member.linkname)
                if target not in tree:
                    raise TreeError(f"{path}: {member.name} is a link to {member.linkname}, "
                                    "which is not before it")
                tree[name] = tree[target]
            elif member.isreg() or member.type in kinds:
                kind = stat.S_IFREG if member.isreg() else kinds[member.type]
                data = b""
                if member.isreg():
                    data = archive.extractfile(member).read()
                elif member.issym():
                    data = os.fsencode(member.linkname)
                tree[name] = Node(kind | (0o777 if member.issym() else member.mode & 0o7777),
                                  data, _clamped(member.mtime),
                                  (member.devmajor, member.devminor)
                                  if kind in (stat.S_IFCHR, stat.S_IFBLK) else (0, 0))
            else:
                raise TreeError(f"{path}: {member.name} is of an unknown kind, {member.type!r}")
            add_parents(tree, name)
    return tree


def _tar_name(name):
    parts = [part for part in os.fsencode(name).split(b"/") if part not in (b"", b".")]
    if b".." in parts:
        raise TreeError(f"{name}: '..' leads out of the tree")
    return b"/".join(parts)


def from_program(line):
    """Returns (tree, words for the kernel's command line) of one program. `line` is the path
    and the arguments of the program, quoted as in a shell."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise TreeError(f"PROGRAM: {error}: {line}") from None
    if not words:
        raise TreeError("PROGRAM: the path of an executable is missing")
    path = pathlib.Path(words[0])
    if not path.is_file():
        raise TreeError(f"there is no file {path}")
    data = path.read_bytes()
    if why := _why_not_static(data):
        raise TreeError(f"{path} {why}; link it by gcc -static or musl-gcc -static")
    name = path.name
    if any(c in "\"'\\" or not c.isprintable() for c in name):
        raise TreeError(f"the name of {path} can't stand on a command line; rename it")
    tree = {}
    add_file(tree, name, data, PROGRAM)
    init = f'"init=/{name}"' if " " in name else f"init=/{name}"
    return tree, " -- ".join([init] + [shlex.join(words[1:])] * (len(words) > 1))


def _why_not_static(data):
    """Returns the reason why an executable can't run alone, or an empty text."""
    if data[:2] == b"#!":
        return "is a script, which needs its interpreter: see ROOT"
    if data[:5] != b"\x7fELF\x02" or len(data) < 64:
        return "is no 64-bit ELF file"
    if int.from_bytes(data[18:20], "little") != 62:
        return "is not for x86_64"
    table = int.from_bytes(data[32:40], "little")
    size, count = (int.from_bytes(data[at:at + 2], "little") for at in (54, 56))
    kinds = {int.from_bytes(data[at:at + 4], "little")
             for at in range(table, table + size * count, size or 1)}
    return "needs an interpreter, so it isn't static" if 3 in kinds else ""


def busybox():
    """Returns the path of a static busybox: BUSYBOX of the environment, the file that
    tools/setup has fetched, or the host's."""
    choices = [os.environ.get("BUSYBOX", ""), BUILD / "busybox/bin/busybox", "/bin/busybox",
               "/usr/bin/busybox", "/usr/sbin/busybox"]
    for choice in map(pathlib.Path, filter(None, choices)):
        if choice.is_file() and not _why_not_static(choice.read_bytes()):
            return choice
    raise TreeError("there is no static busybox; run make setup, or set BUSYBOX to one")


def programs():
    """Builds the programs of user/ by tools/programs; returns their directory."""
    subprocess.run([ROOT / "tools/programs"], check=True, stdout=subprocess.DEVNULL)
    return BUILD / "user"


def userland():
    """Returns the tree of the shell: busybox with its links, the files of user/root, and the
    programs of user/, with the tests in /tests."""
    tree = {}
    path = busybox()
    add_file(tree, "bin/busybox", path.read_bytes(), PROGRAM)
    applets = subprocess.run([path, "--list-full"], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.split()
    for applet in applets:
        if applet not in ("bin/busybox", "linuxrc"):
            add_file(tree, applet, b"/bin/busybox", LINK)
    for name in ("root", "sys", "run", "mnt", "var/log", "home"):
        add_directory(tree, name)
    for name, node in from_directory(ROOT / "user/root").items():
        if stat.S_ISREG(node.mode):
            # Git stores only the permission to execute.
            add_file(tree, name, node.data, PROGRAM if node.mode & 0o100 else FILE)
    add_programs(tree, "usr/bin")
    return tree


def add_programs(tree, place, tests=None):
    """Adds the programs of user/ to the directory `place`, and the tests that `tests`
    names, or all, to /tests."""
    built = programs()
    for path in sorted(built.iterdir()):
        if path.is_file() and not path.suffix:
            add_file(tree, f"{place}/{path.name}", path.read_bytes(), PROGRAM)
    for path in sorted((built / "tests").iterdir()):
        if not path.suffix and (tests is None or path.name in tests):
            add_file(tree, f"tests/{path.name}", path.read_bytes(), PROGRAM)


def benchmarks():
    """Returns the tree for bench/programs: they, the first of them as /init, and busybox if there
    is one, for those that run it."""
    subprocess.run([ROOT / "tools/bench-programs"], check=True, stdout=subprocess.DEVNULL)
    tree = {}
    add_file(tree, "init", (BUILD / "bench/bench").read_bytes(), PROGRAM)
    add_file(tree, "exit0", (BUILD / "bench/exit0").read_bytes(), PROGRAM)
    with contextlib.suppress(TreeError):
        add_file(tree, "bin/busybox", busybox().read_bytes(), PROGRAM)
    return tree
