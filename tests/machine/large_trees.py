"""Trees with what is large or at a limit: a directory of many files, a file of 3 GiB, the longest names
and links, nested directories."""

import hashlib
import os
import re

from machine.disks import MIB, NAMES, Disks, Ext2, host, run

BLOCK_BYTES = 4096
# The files in one directory. With 100000, a machine takes some minutes.
FILES = int(os.environ.get("LARGE_TREE_FILES", "2000"))
SIZE_BYTES = (64 + FILES // 500) * MIB
KIND = Ext2(BLOCK_BYTES, inodes=FILES + 20_000)
BIG_BYTES = 3 << 30
# Places in the file that have a mark; the rest are holes.
MARKS = (0, (1 << 31) - 5, (1 << 31) + 4096, BIG_BYTES - 12)
LONGEST_NAME = "ü" * 127 + "x"
# A short one has its text in the inode up to 59 bytes; the longest one fills a block but for a byte.
LINKS = (59, 60, 4095)
DEPTH = 500
# One in so many files has its number as its contents; the others are empty.
FULL_EACH = 50

DEFINITIONS = r"""names() { ls $1 | LC_ALL=C sort | md5sum; }
contents() { (cd $1; ls | LC_ALL=C sort | xargs cat | md5sum); }
mark() {
dd if=$1 bs=1 count=12 skip=$2 2>/dev/null
}
put() {
printf '%012d' $2 | dd of=$1 bs=1 conv=notrunc seek=$2 2>/dev/null
}
many() {
mkdir $1
cd $1
for i in $(seq 0 $(($2-1))); do >f$i; done
for i in $(seq 0 $3 $(($2-1))); do echo $i >f$i; done
cd /
}
text() { head -c $1 /dev/zero | tr '\0' x; }
long() { printf '\303\274%.0s' $(seq 127); echo x; }
down() {
cd $1
for i in $(seq $2); do mkdir d || return; cd d; done
echo deep >end
cd /
}
below() {
cd $1
for i in $(seq $2); do cd d || return; done
cat end
cd /
}"""


def mark_at(place):
    return f"{place:012}"


def expected(files):
    """Returns the lines that `names` and `contents` print for the directory of many files."""
    names = sorted(f"f{number}" for number in range(files))
    contents = "".join(f"{name[1:]}\n" for name in names if int(name[1:]) % FULL_EACH == 0)
    return [f"{hashlib.md5(text.encode()).hexdigest()}  -\n"
            for text in ("".join(f"{name}\n" for name in names), contents)]


def make_tree(tree):
    (tree / "many").mkdir()
    for number in range(FILES):
        full = number % FULL_EACH == 0
        (tree / f"many/f{number}").write_text(f"{number}\n" if full else "")
    with (tree / "big").open("wb") as file:
        for place in MARKS:
            file.seek(place)
            file.write(mark_at(place).encode())
        file.truncate(BIG_BYTES)
    (tree / LONGEST_NAME).write_text("long\n")
    for length in LINKS:
        (tree / f"link{length}").symlink_to("x" * length)
    deep = tree.joinpath("deep", *["d"] * DEPTH)
    deep.mkdir(parents=True)
    (deep / "end").write_text("deep\n")
    os.link(tree / LONGEST_NAME, tree / "linked")


def look_at(typist, folder):
    """Checks the tree in the machine."""
    names, contents = expected(FILES)
    assert typist.run(f"names {folder}/many") == names
    assert typist.run(f"contents {folder}/many") == contents
    assert typist.run(f"stat -c %s {folder}/big") == f"{BIG_BYTES}\n"
    for place in MARKS:
        assert typist.run(f"mark {folder}/big {place}; echo") == mark_at(place) + "\n"
    for length in LINKS:
        assert typist.run(f"readlink {folder}/link{length} | wc -c") == f"{length + 1}\n"
    assert typist.run(f"below {folder}/deep {DEPTH}") == "deep\n"
    assert typist.run(f"cat {folder}/$(long)") == "long\n"
    assert typist.run(f"stat -c %h {folder}/linked") == "2\n"


def large_tree_of_the_host_is_read(bus):
    with Disks(bus) as disks:
        tree = disks.folder / "tree"
        tree.mkdir()
        make_tree(tree)
        disks.add(KIND, SIZE_BYTES, tree)
        with disks.machine() as (_, typist):
            typist.define(DEFINITIONS)
            run(typist, f"mount -t ext2 -o ro /dev/{disks.names[0]} /a")
            look_at(typist, "/a")
            run(typist, "umount /a")


def large_tree_of_programs_is_read_by_the_host(bus):
    with Disks(bus) as disks:
        path = disks.add(KIND, SIZE_BYTES)
        with disks.machine() as (_, typist):
            typist.define(DEFINITIONS)
            mount = f"mount -t ext2 /dev/{disks.names[0]} /a"
            run(typist, mount, f"many /a/many {FILES} {FULL_EACH}",
                f"truncate -s {BIG_BYTES} /a/big", *(f"put /a/big {place}" for place in MARKS),
                "n=$(long); echo long >/a/$n; ln /a/$n /a/linked",
                *(f"ln -s $(text {length}) /a/link{length}" for length in LINKS),
                "mkdir /a/deep", f"down /a/deep {DEPTH}")
            look_at(typist, "/a")
            run(typist, "umount /a", mount)
            look_at(typist, "/a")
            run(typist, "umount /a")
        KIND.check(path)
        extracted = disks.folder / "extracted"
        extracted.mkdir()
        # All but the big file, whose holes would be written.
        for name in ("many", "deep", LONGEST_NAME, *(f"link{length}" for length in LINKS)):
            host("debugfs", "-R", f'rdump "/{name}" {extracted}', path)
        found = sorted((extracted / "many").iterdir(), key=lambda one: one.name)
        names = "".join(f"{one.name}\n" for one in found)
        contents = "".join(one.read_text() for one in found)
        assert [f"{hashlib.md5(text.encode()).hexdigest()}  -\n" for text in (names, contents)] \
            == expected(FILES)
        assert (extracted / LONGEST_NAME).read_text() == "long\n"
        for length in LINKS:
            assert os.readlink(extracted / f"link{length}") == "x" * length
        assert extracted.joinpath("deep", *["d"] * DEPTH, "end").read_text() == "deep\n"
        shown = host("debugfs", "-R", "stat /big", path).decode()
        assert re.search(rf"Size: {BIG_BYTES}\b", shown), shown
        with path.open("rb") as disk:
            for place in MARKS:
                block = host("debugfs", "-R", f"bmap /big {place // BLOCK_BYTES}", path).split()[-1]
                disk.seek(int(block) * BLOCK_BYTES + place % BLOCK_BYTES)
                # The second mark ends in the next block.
                assert disk.read(5) == mark_at(place)[:5].encode(), (block, place)


def add_to(suite):
    for bus in NAMES:
        suite.add(f"large_trees::large_tree_of_the_host_is_read ({bus})",
                  lambda bus=bus: large_tree_of_the_host_is_read(bus))
        suite.add(f"large_trees::large_tree_of_programs_is_read_by_the_host ({bus})",
                  lambda bus=bus: large_tree_of_programs_is_read_by_the_host(bus))
