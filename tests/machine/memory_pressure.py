"""A machine whose memory is full: writing back makes progress, and the files are whole afterwards."""

from machine import shell
from machine.disks import MIB, Disks, Ext2, run

MEMORY_MIB = 96
# 2.7 MB each.
FILES, LINES = 3, 400_000


def files_are_whole_after_memory_was_full(kind):
    """A program takes all memory again and again while files are copied. A copy that fails for lack of memory
    is tried again."""
    with Disks() as disks:
        path = disks.add(kind, 64 * MIB)
        with shell.machine("quiet", "-m", str(MEMORY_MIB), *disks.arguments()) as qemu:
            typist = shell.Typist(qemu)
            run(typist, f"mkdir /a; mount -t {kind.name} /dev/nvme0n1 /a",
                f"seq {LINES} >/a/x; sync; echo >/tmp/go",
                # It has one endless line in memory.
                "h() { while [ -s /tmp/go ]; do tail /dev/zero; done >/dev/null 2>&1; }",
                "c() { until cp /a/x /a/y$1 2>/dev/null; do n=$((n+1)); done; }")
            typist.run("h &")
            for number in range(FILES):
                typist.run(f"c {number}")
            # The shell's own commands: there may be no memory for another process.
            typist.run("true >/tmp/go; wait")
            run(typist, f"umount /a; mount -t {kind.name} /dev/nvme0n1 /a",
                "for i in /a/y*; do cmp /a/x $i; done", "umount /a")
            assert "all as it should be" in typist.run("farjump audit")
        kind.check(path)


def add_to(suite):
    suite.add("memory_pressure::files_are_whole_after_memory_was_full",
              lambda: files_are_whole_after_memory_was_full(Ext2(1024)))
