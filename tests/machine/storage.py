"""Disks: what programs read and write is what the host has in the image, and the other way round."""

import hashlib
import random
import re
import tempfile
import typing

from machine import shell
from machine.images import image
from machine.partitions import write_gpt, write_mbr
from machine.qemu import Qemu

MIB = 1 << 20


# ------------------------------------------------------------------- images --

def random_disk(size_bytes, seed):
    """Returns the file of a disk with random contents."""
    disk = tempfile.NamedTemporaryFile(prefix="farjump-disk-")
    disk.write(random.Random(seed).randbytes(size_bytes))
    return disk


def read(disk, start, length):
    with open(disk.name, "rb") as file:
        file.seek(start)
        return file.read(length)


class Bus(typing.NamedTuple):
    """A way to attach disks, and what the kernel calls them."""

    device: str  # QEMU's device
    disk: str  # the first disk
    partition: str  # its partitions, without their numbers
    driver: str
    ids: str  # of the PCI function
    model: str  # before the serial number
    error: str  # what the device reports about a sector that can't be read
    tries: int  # how often the driver reads such a sector


BUSES = {
    "nvme": Bus("nvme", "nvme0n1", "nvme0n1p", "nvme", "1b36:0010", "QEMU NVMe Ctrl",
                "unrecovered read error (status 2/0x81)", 3),
    "virtio": Bus("virtio-blk-pci", "vda", "vda", "virtio-blk", "1af4:1001", "virtio",
                  "device or driver error", 1),
    "ahci": Bus("ide-hd", "sda", "sda", "ahci", "8086:2922", "QEMU HARDDISK",
                "command aborted", 1),
}


def attached(bus, drive, serial, options=""):
    """Returns QEMU's arguments for a disk with the contents of `drive`."""
    device = BUSES[bus].device
    if bus != "ahci":
        return "-device", f"{device},drive={drive},serial={serial}{options}"
    return ("-device", f"ich9-ahci,id=ahci-{drive}",
            "-device", f"{device},bus=ahci-{drive}.0,drive={drive},serial={serial}{options}")


def arguments(bus, disk, name="d", options="", drive=""):
    """Returns QEMU's arguments for a disk with the contents of a file."""
    disk.flush()
    return ("-drive", f"if=none,id={name},format=raw,file={disk.name}{drive}",
            *attached(bus, name, f"serial-{name}", options))


def sectors_of(sector_bytes):
    return f",logical_block_size={sector_bytes},physical_block_size={sector_bytes}"


# -------------------------------------------------------------------- tests --

def programs_read_what_the_host_has_written(bus, sector_bytes, cpus, options=""):
    """GPT; whole devices and partitions, by sizes that aren't those of a sector, by several processes
    at once."""
    sectors = 24 * MIB // sector_bytes
    disk = random_disk(sectors * sector_bytes, seed=1)
    first, second = (MIB // sector_bytes, 9 * MIB // sector_bytes - 1), (
        9 * MIB // sector_bytes, 23 * MIB // sector_bytes - 1)
    write_gpt(disk, [first, second], sectors, sector_bytes)
    more = arguments(bus, disk, options=sectors_of(sector_bytes) + options)
    _, whole, part, *_ = BUSES[bus]
    # This board has no disk drive that Farjump finds.
    with disk, shell.machine("quiet", "-M", "pc", *more, cpus=cpus) as qemu:
        typist = shell.Typist(qemu)
        shown = typist.run("cat /proc/partitions")
        found = re.findall(r"^ 259 +(\d+) +(\d+) (\S+)$", shown, re.M)
        assert found == [("0", str(24 * 1024), whole), ("1", str(8 * 1024), f"{part}1"),
                         ("2", str(14 * 1024), f"{part}2")], shown
        assert re.match(r"brw-rw---- .* 259, +2 ", typist.run(f"ls -l /dev/{part}2"))
        for option, number in ("--getsize64", 8 * MIB), ("--getss", sector_bytes):
            shown = typist.run(f"blockdev {option} /dev/{part}1")
            assert shown == f"{number}\n", shown
        for device, start, length in ((whole, 0, 24), (f"{part}1", 1, 8), (f"{part}2", 9, 14)):
            expected = hashlib.sha256(read(disk, start * MIB, length * MIB)).hexdigest()
            assert typist.run(f"sha256sum < /dev/{device}") == f"{expected}  -\n", device
        # Pieces that begin and end within sectors.
        piece = hashlib.sha256(read(disk, MIB + 7 * 1001, 5 * 1001)).hexdigest()
        assert typist.run(f"dd if=/dev/{part}1 bs=1001 skip=7 count=5 2>/dev/null | sha256sum"
                          ) == f"{piece}  -\n"
        # The end: fewer bytes, then none.
        assert typist.run(f"dd if=/dev/{part}1 bs=1M skip=7 count=9 2>/dev/null | wc -c"
                          ) == f"{MIB}\n"
        # 8 readers at once, each on its own part.
        typist.run(f"D=/dev/{part}1")
        typist.run("r() { dd if=$D bs=64k skip=$1 count=16 | sha256sum > /tmp/$1; }")
        typist.run("for i in 0 16 32 48 64 80 96 112; do r $i 2>/dev/null & done; wait")
        for index in range(8):
            expected = hashlib.sha256(read(disk, MIB + index * MIB, MIB)).hexdigest()
            assert typist.run(f"cat /tmp/{16 * index}") == f"{expected}  -\n", index


def programs_write_what_the_host_reads(bus, sector_bytes):
    """MBR; whole sectors, parts of sectors, the end of a partition; nothing else changes."""
    sectors = 8 * MIB // sector_bytes
    disk = random_disk(sectors * sector_bytes, seed=2)
    start = MIB // sector_bytes
    write_mbr(disk, [(0x83, start, start), (0x0C, 3 * start, 2 * start)], sector_bytes)
    disk.flush()
    expected = bytearray(read(disk, 0, 8 * MIB))
    more = arguments(bus, disk, options=sectors_of(sector_bytes))
    part = BUSES[bus].partition
    with disk, shell.machine("quiet", *more) as qemu:
        typist = shell.Typist(qemu)
        typist.run("seq 1 30000 > /tmp/numbers")
        numbers = "".join(f"{n}\n" for n in range(1, 30001)).encode()
        typist.run(f"dd if=/tmp/numbers of=/dev/{part}2 bs=777 seek=5 conv=fsync")
        at = 3 * MIB + 5 * 777
        expected[at:at + len(numbers)] = numbers
        typist.run(f"dd if=/tmp/numbers of=/dev/{part}1 bs=64k conv=fsync")
        expected[MIB:MIB + len(numbers)] = numbers
        # Only the room up to the end of the partition is written.
        shown = typist.run(
            f"dd if=/tmp/numbers of=/dev/{part}2 bs=512 seek=4095 count=2 conv=fsync")
        assert "No space left on device" in shown, shown
        end = 3 * MIB + 4095 * 512
        expected[end:end + 512] = numbers[:512]
        typist.type("poweroff -f\r")
        assert qemu.wait_end()[0] == 0
        assert read(disk, 0, 8 * MIB) == expected


def errors_of_a_disk_are_reported_and_the_rest_goes_on(bus):
    disk = random_disk(4 * MIB, seed=3)
    disk.flush()
    node = (f"driver=raw,node-name=d,file.driver=blkdebug,file.image.driver=file,"
            f"file.image.filename={disk.name},file.inject-error.0.event=read_aio,"
            f"file.inject-error.0.sector=2048")
    whole, error = BUSES[bus].disk, BUSES[bus].error
    with disk, shell.machine("quiet", "-blockdev", node, *attached(bus, "d", "1")) as qemu:
        typist = shell.Typist(qemu)
        shown = typist.run(f"dd if=/dev/{whole} of=/tmp/a bs=64k")
        assert "Input/output error" in shown, shown
        good = hashlib.sha256(read(disk, 0, MIB)).hexdigest()
        assert typist.run("sha256sum < /tmp/a") == f"{good}  -\n"
        last = hashlib.sha256(read(disk, 2 * MIB, 2 * MIB)).hexdigest()
        assert typist.run(f"dd if=/dev/{whole} bs=64k skip=32 2>/dev/null | sha256sum"
                          ) == f"{last}  -\n"
        found = re.findall(rf"{whole}: Read at sector (\d+): (.*)", typist.run("dmesg"))
        # First with the pages around it, which are read ahead, and then alone.
        tries = BUSES[bus].tries
        assert found[-tries:] == [("2048", error)] * tries and len(found) <= 3 * tries, found
        assert all(1920 <= int(sector) <= 2048 and text == error for sector, text in found), found


def disks_of_two_controllers_are_listed(bus, names):
    first, second = random_disk(MIB, seed=4), random_disk(2 * MIB, seed=5)
    more = [*arguments(bus, first, "a"), *arguments(bus, second, "b")]
    with first, second, Qemu("-m", "128", "-boot", "d", "-cdrom", image(), *more,
                             "-smp", "4") as qemu:
        qemu.expect("farjump> ")
        shown = qemu.command("disks")
        found = re.findall(rf"^(\S+) +259:(\d) +0 +(\d+) +512 rw +{BUSES[bus].model} serial-(.)$",
                           shown, re.M)
        expected = [(names[0], "0", "1024", "a"), (names[1], "1", "2048", "b")]
        assert found == expected, shown
        address = re.search(rf"^(\S+) {BUSES[bus].ids}", qemu.command("lspci"), re.M)[1]
        shown = qemu.command(f"lspci {address}")
        assert f"  driver         {BUSES[bus].driver}\n" in shown, shown


def machine_without_a_disk_says_so():
    with Qemu("-m", "128", "-M", "pc", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        assert "No disk was found." in qemu.command("disks")


def disk_works_without_interrupts(bus):
    """By the PICs there are no messages: waiters look for the answers."""
    disk = random_disk(2 * MIB, seed=6)
    with disk, shell.machine("quiet noapic", *arguments(bus, disk)) as qemu:
        typist = shell.Typist(qemu)
        expected = hashlib.sha256(read(disk, 0, 2 * MIB)).hexdigest()
        assert typist.run(f"sha256sum < /dev/{BUSES[bus].disk}") == f"{expected}  -\n"
        assert "works without interrupts" in typist.run("dmesg")


def disk_that_does_not_answer_is_reset(bus, message):
    """QEMU holds the second request back for longer than the driver waits. When the driver resets
    the device, requests are fast again."""
    disk = random_disk(MIB, seed=7)
    with disk, shell.machine("quiet", *arguments(bus, disk)) as qemu:
        typist = shell.Typist(qemu)
        limits = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        # 13 s for 64 KiB. The driver waits for 11 s, a look included.
        qemu.qmp("block_set_io_throttle", device="d", bps=5000, **limits)
        typist.run(f"R='dd if=/dev/{BUSES[bus].disk} bs=64k count=2'")
        typist.run("$R 2>/dev/null > /tmp/a &")
        typist.wait_until("dmesg | grep -q 'no answer'")
        qemu.qmp("block_set_io_throttle", device="d", bps=0, **limits)
        expected = hashlib.sha256(read(disk, 0, 128 * 1024)).hexdigest()
        shown = typist.run("wait; sha256sum < /tmp/a")
        assert f"{expected}  -\n" in shown, shown
        shown = typist.run("dmesg")
        assert message in shown, shown
        expected = hashlib.sha256(read(disk, 0, MIB)).hexdigest()
        assert typist.run(f"sha256sum < /dev/{BUSES[bus].disk}") == f"{expected}  -\n"


def disks_and_drives_at_the_ports_of_one_controller():
    """A drive for CDs is at the port between them."""
    first, second = random_disk(MIB, seed=9), random_disk(2 * MIB, seed=10)
    first.flush()
    second.flush()
    more = ["-device", "ich9-ahci,id=a", "-device", "ide-cd,bus=a.2"]
    for disk, name, port in (first, "a", 1), (second, "b", 3):
        more += ["-drive", f"if=none,id={name},format=raw,file={disk.name}",
                 "-device", f"ide-hd,bus=a.{port},drive={name},serial=serial-{name}"]
    with first, second, shell.machine("quiet", *more) as qemu:
        typist = shell.Typist(qemu)
        for disk, name, size in (first, "sda", MIB), (second, "sdb", 2 * MIB):
            expected = hashlib.sha256(read(disk, 0, size)).hexdigest()
            assert typist.run(f"sha256sum < /dev/{name}") == f"{expected}  -\n"
        shown = typist.run("dmesg")
        assert "port 2: no medium in the drive" in shown, shown
        assert re.search(r"sda: QEMU HARDDISK, .*; port 1, 32 commands, with interrupts", shown), shown


def requests_are_traced(bus):
    """What was read, where and how; and that the disk has the requests of many processes at once."""
    disk = random_disk(MIB, seed=11)
    whole = BUSES[bus].disk
    with disk, shell.machine("quiet", *arguments(bus, disk)) as qemu:
        typist = shell.Typist(qemu)
        typist.run(f"D=/dev/{whole} T='farjump blktrace {whole}'")
        typist.run("r() { dd if=$D iflag=direct bs=$1 skip=$2 count=1 >/dev/null 2>&1; }")
        typist.run("r 512 77; r 12k 9")
        typist.run("dd if=/dev/zero of=$D bs=4k seek=100 count=2 conv=fsync 2>/dev/null")
        shown = typist.run("$T")
        found = re.findall(r"^ +\d+  (\w+) +(\d+) +([\d.]+) +(\d+) +\d+  (.*)$", shown, re.M)
        for expected in (("read", "77", "0.5", "1", "done"), ("read", "216", "12.0", "1", "done"),
                         ("write", "800", "8.0", "1", "done"), ("flush", "0", "0.0", "1", "done")):
            assert expected in found, shown
        assert "\n1 flush: nanoseconds each\n" in shown, shown
        limits = dict.fromkeys(("bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
        # Some of the 40 requests are answered at once, the others wait.
        qemu.qmp("block_set_io_throttle", device="d", bps=1, **limits)
        typist.run("for i in $(seq 40); do r 4k $i & done")
        typist.wait_until("$T | grep -Eq 'in flight: (3[2-9]|40)$'")
        qemu.qmp("block_set_io_throttle", device="d", bps=0, **limits)
        typist.run("wait")
        depths = [int(depth) for depth in re.findall(
            r"^ +\d+  read +\d+ +4.0 +(\d+) +\d+  done", typist.run("$T"), re.M)]
        assert max(depths) >= 32 and len(depths) >= 40, depths
        assert re.search(rf"^{whole} +read +\d+( +\d+){{4}}$", typist.run("farjump blktrace"), re.M)
        assert "there is no such disk" in typist.run("farjump blktrace sdx")


def read_only_disk_refuses_writes(bus):
    disk = random_disk(MIB, seed=8)
    more = arguments(bus, disk, drive=",read-only=on")
    whole = BUSES[bus].disk
    with disk, shell.machine("quiet", *more) as qemu:
        typist = shell.Typist(qemu)
        assert typist.run(f"blockdev --getro /dev/{whole}") == "1\n"
        shown = typist.run(f"dd if=/dev/zero of=/dev/{whole} bs=512 count=1")
        assert "Permission denied" in shown, shown
        expected = hashlib.sha256(read(disk, 0, MIB)).hexdigest()
        assert typist.run(f"sha256sum < /dev/{whole}") == f"{expected}  -\n"


def add_to(suite):
    def add(test, label, *values):
        suite.add(f"storage::{test.__name__} {label}", lambda: test(*values))

    for bus, sector_bytes, cpus, options in (
            ("nvme", 512, 1, ""), ("nvme", 4096, 4, ""),
            ("virtio", 512, 1, ",disable-legacy=on"), ("virtio", 4096, 4, ""),
            ("virtio", 512, 4, ",num-queues=1,indirect_desc=off"),
            ("virtio", 512, 1, ",queue-size=4,seg-max-adjust=off"),
            ("ahci", 512, 1, ""), ("ahci", 512, 4, "")):
        add(programs_read_what_the_host_has_written,
            f"{bus}{options}, {sector_bytes}, {cpus} CPUs", bus, sector_bytes, cpus, options)
    for bus in BUSES:
        # QEMU's ATA disks have sectors of 512 bytes only.
        for sector_bytes in (512, 4096) if bus != "ahci" else (512,):
            add(programs_write_what_the_host_reads, f"{bus}, {sector_bytes}", bus, sector_bytes)
        for test in (errors_of_a_disk_are_reported_and_the_rest_goes_on,
                     disk_works_without_interrupts, requests_are_traced):
            add(test, bus, bus)
    for bus, *names in (("nvme", "nvme0n1", "nvme1n1"), ("virtio", "vda", "vdb"),
                        ("ahci", "sda", "sdb")):
        add(disks_of_two_controllers_are_listed, bus, bus, names)
    for bus, message in (("virtio", "vda: no answer in 10 s; resetting the device"),
                         ("ahci", "port 0: no answer in 10 s; resetting it")):
        add(disk_that_does_not_answer_is_reset, bus, bus, message)
    add(read_only_disk_refuses_writes, "virtio", "virtio")
    suite.add("storage::disks_and_drives_at_the_ports_of_one_controller",
              disks_and_drives_at_the_ports_of_one_controller)
    suite.add("storage::machine_without_a_disk_says_so", machine_without_a_disk_says_so)
