"""The machine's devices, as listed by the kernel and by QEMU."""

import datetime
import re
import struct

from machine import gdb
from machine.firmware import changed_tables, tables_in_memory
from machine.images import image
from machine.qemu import Qemu
from machine.tools import ovmf

NEEDED = ("-m", "128")
BRIDGE = ("-device", "pci-bridge,chassis_nr=1,id=b1", "-device", "e1000,bus=b1,addr=3")

FUNCTION = re.compile(r"^([0-9a-f]{2}:[0-9a-f]{2}\.\d) ([0-9a-f]{4}:[0-9a-f]{4}) {6}(...)(.) (.*)$",
                      re.M)
TABLE = re.compile(r"^(\S{4})  (0x[0-9a-f]{12}) +(\d+) +(\d+) (\S*) +(.*?) +(good|bad)( .*)?$", re.M)
DATE = re.compile(r"^(\w{3}) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC \(by the hardware clock\)$")


# ------------------------------------------------------------------- clock --

def now(qemu):
    """Returns the time that `date` shows, and checks its weekday."""
    weekday, text = DATE.match(qemu.command("date")).groups()
    time = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    assert weekday == time.strftime("%a"), (weekday, text)
    return time


def clock_goes_on_over_a_leap_day():
    """The machine's clock counts instructions, and jumps while the machine waits, so that the
    test takes no real seconds. While it waits for a command, the clock may jump past the end of the
    day: then there is another machine."""
    assert any(clock_is_seen_at_the_end_of_a_leap_day() for _ in range(50))


def clock_is_seen_at_the_end_of_a_leap_day():
    """Returns whether the command came in time; checks the clock if it did."""
    second = datetime.timedelta(seconds=1)
    base = datetime.datetime(2024, 2, 29, 23, 59, 30)
    with Qemu(*NEEDED, "-icount", "shift=2,sleep=off", "-rtc",
              f"base={base.isoformat()},clock=vm", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        begin = len(qemu.output)
        qemu.send("watch date\r")
        qemu.expect(r"2024-03-\d\d \d\d:\d\d:\d\d UTC")
        qemu.send("q")
        qemu.expect("farjump> ")
        shown = [datetime.datetime.fromisoformat(text) for text in
                 re.findall(r"\w{3} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", qemu.output[begin:])]
        assert shown[0] >= base, shown[0]
        if shown[0].day != 29:
            return False
        assert "Thu 2024-02-29 23:59:5" in qemu.output and "Fri 2024-03-01 00:00:0" in qemu.output
        # Each time is a little more than a second after the previous one.
        assert all(later - date in (second, 2 * second) for date, later in zip(shown, shown[1:]))
        shown = qemu.command("time")
        assert re.search(r"^since the start  \d days \d\d:\d\d:\d\d\.\d{6}$", shown, re.M), shown
        assert re.search(r"^hardware clock   \w{3} 2024-03-\d\d \d\d:\d\d:\d\d UTC$", shown,
                         re.M), shown
        return True


def century_is_read_where_the_firmware_names_it():
    for base in ("1999-12-31T23:59:00", "2036-02-29T12:00:00"):
        with Qemu(*NEEDED, "-rtc", f"base={base}", "-cdrom", image()) as qemu:
            qemu.expect("farjump> ")
            start = datetime.datetime.fromisoformat(base)
            assert start <= now(qemu) < start + datetime.timedelta(days=1)


# --------------------------------------------------------------------- PCI --

def by_qemu(qemu):
    """Returns QEMU's functions: {address: (vendor:device, [(kind, address)])}."""
    functions = {}
    for part in re.split(r"^ *(?=Bus +\d)", qemu.monitor("info pci").replace("\r", ""),
                         flags=re.M)[1:]:
        place = re.match(r"Bus +(\d+), device +(\d+), function (\d+):", part)
        bus, device, function = map(int, place.groups())
        ids = re.search(r"PCI device ([0-9a-f]{4}:[0-9a-f]{4})", part)[1]
        bars = {(int(index), "ports" if kind == "I/O" else "memory", int(base, 16))
                for index, kind, base in
                re.findall(r"BAR(\d): (I/O|\d\d bit (?:prefetchable )?memory) at "
                           r"(0x[0-9a-f]+) ", part)
                for kind in [kind if kind == "I/O" else "memory"]
                if int(base, 16) not in (0, 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF)}
        functions[f"{bus:02x}:{device:02x}.{function}"] = (ids, {bar for bar in bars
                                                                if bar[0] < 6})
    return functions


def functions_are_those_of_qemu(machine):
    """Address, vendor, device and base addresses of each function, also below a bridge. QEMU shows
    only the addresses at which a function responds: all, or for one with a driver, memory."""
    with Qemu(*NEEDED, "-M", machine, *BRIDGE, "-device", "nvme,serial=1",
              "-device", "virtio-net-pci", "-cdrom", image(), "-boot", "d") as qemu:
        qemu.expect("farjump> ")
        listed = FUNCTION.findall(qemu.command("lspci"))
        seen = by_qemu(qemu)
        assert len(seen) > 6 and any(address.startswith("01:03.0") for address in seen), seen
        assert {line[0]: line[1] for line in listed} == {a: ids for a, (ids, _) in seen.items()}
        assert [line[0] for line in listed] == sorted(seen)
        names = {line[1]: line[4] for line in listed}
        assert names["8086:100e"] == "Ethernet controller: Intel 82540EM (e1000)", names
        assert names["1b36:0010"] == "NVMe controller: QEMU NVMe", names
        driven = re.compile("^  driver  ", re.M)
        for address, (_, bars) in seen.items():
            shown = qemu.command(f"lspci {address}")
            found = {(int(index), kind, int(base, 16)) for index, kind, base in
                     re.findall(r"^  base address (\d) (ports|memory) +from (0x[0-9a-f]+)",
                                shown, re.M)}
            if driven.search(shown):
                found = {base for base in found if base[1] == "memory"}
                bars = {base for base in bars if base[1] == "memory"}
            assert found == bars, (address, found, bars)
        bridge = next(line[0] for line in listed if line[1] == "1b36:0001")
        assert "  buses below    01 to 01\n" in qemu.command(f"lspci {bridge}")
        card = next(line[0] for line in listed if line[1].startswith("1af4:"))
        shown = qemu.command(f"lspci {card}")
        assert re.search(r"^  capability     11 at 0x[0-9a-f]{2}: MSI-X$", shown, re.M), shown
        assert "lspci: nothing is at 1f:1f.7" in qemu.command("lspci 1f:1f.7")
        assert "20:not: not known here" in qemu.command("lspci 20:not")


def second_root_is_found():
    """The second root bus, which isn't below a bridge of bus 0."""
    with Qemu(*NEEDED, "-M", "pc", "-device", "pxb,id=p1,bus_nr=128",
              "-device", "e1000,bus=p1,addr=5", "-cdrom", image(), "-boot", "d") as qemu:
        qemu.expect("farjump> ")
        listed = {line[0]: line[1] for line in FUNCTION.findall(qemu.command("lspci"))}
        assert listed == {a: ids for a, (ids, _) in by_qemu(qemu).items()}, listed
        assert any(int(address[:2], 16) >= 0x80 for address in listed), listed


def unassigned_addresses_are_not_address_0():
    """The addresses of a function that is plugged in after the firmware has assigned
    addresses."""
    with Qemu(*NEEDED, "-M", "pc", "-cdrom", image(), "-boot", "d", gdb=True, paused=True) as qemu:
        gdb.run(qemu, "hbreak *(long)&_start", "continue", "delete", keep_stopped=True)
        qemu.qmp("device_add", driver="virtio-rng-pci", id="late", addr="0x10")
        qemu.qmp("cont")
        qemu.expect("farjump> ")
        shown = qemu.command("lspci 00:10.0")
        assert re.findall(r"^  base address (.*)$", shown, re.M) == [
            "0 ports  unassigned", "4 memory unassigned, 64 bits, prefetchable"], shown


# -------------------------------------------------------------------- ACPI --

def tables_are_those_in_memory(machine):
    with Qemu(*NEEDED, "-M", machine, "-smp", "3", "-cdrom", image(), "-boot", "d") as qemu:
        qemu.expect("farjump> ")
        text = qemu.command("acpi")
        listed = TABLE.findall(text)
        tables = tables_in_memory(qemu)
        assert [(name, int(address, 16), int(length), checksum)
                for name, address, length, _, _, _, checksum, _ in listed] \
            == [(name, address, len(content), "good") for name, address, content in tables], text
        assert all(line[4:6] == ("BOCHS", "BXPC") for line in listed), text
        hpet = next(content for name, _, content in tables if name == "HPET")
        dump = "".join(re.findall(r"^[0-9a-f]{6} ((?: (?:[0-9a-f]{2}){1,2})+)",
                                  qemu.command("acpi HPET"), re.M))
        assert bytes.fromhex(dump) == hpet, dump
        cpus = qemu.command("acpi APIC")
        assert re.findall(r"^  CPU (\d), APIC (\d)$", cpus, re.M) \
            == [("0", "0"), ("1", "1"), ("2", "2")], cpus
        assert "  I/O APIC 0 at 0xfec00000, inputs from 0\n" in cpus
        assert "  IRQ 0 arrives at input 2, " in cpus
        fixed = qemu.command("acpi facp")
        assert "  PM1a control   port 0x604\n" in fixed, fixed
        assert "  century        CMOS byte 0x32\n" in fixed, fixed
        assert "NONE: not known here" in qemu.command("acpi NONE")


def table_with_a_wrong_checksum_is_reported():
    def change(tables):
        address, content = tables["HPET"]
        return [(address + 40, content[40] ^ 0xFF)]
    with changed_tables(change) as qemu:
        qemu.expect(r"warning acpi: HPET at 0x[0-9a-f]+ isn't used: its checksum is wrong")
        qemu.expect("farjump> ")
        checksums = {line[0]: line[6] for line in TABLE.findall(qemu.command("acpi"))}
        assert checksums.pop("HPET") == "bad", checksums
        assert set(checksums.values()) == {"good"}, checksums
        assert "The checksum is wrong; nothing in it is used." in qemu.command("acpi HPET")


def tables_that_are_not_there_are_reported():
    """An entry of the root is the kernel's address, and the DSDT has an impossible length.
    Without the package _S5_, `poweroff` tries QEMU's port."""
    def change(tables):
        root, content = tables["RSDT"]
        at = content.index(struct.pack("<I", tables["HPET"][0]))
        new = struct.pack("<I", 0x10_0000)
        checksum = (content[9] + sum(content[at:at + 4]) - sum(new)) % 256
        dsdt = tables["DSDT"][0]
        return [(root + at + i, byte) for i, byte in enumerate(new)] + [(root + 9, checksum)] \
            + [(dsdt + 4 + i, 0xFF) for i in range(4)]
    with changed_tables(change) as qemu:
        qemu.expect(r"warning acpi: no table at 0x100000: it isn't in the firmware's memory")
        qemu.expect(r"warning acpi: no table at 0x[0-9a-f]+: it can't have 4294967295 bytes")
        qemu.expect("farjump> ")
        text = qemu.command("acpi")
        assert re.search(r"^none +0x0*100000 +it isn't in the firmware's memory$", text, re.M), text
        assert "HPET: not known here" in qemu.command("acpi HPET")
        qemu.send("poweroff\r")
        qemu.expect(r"Not by ACPI: no table has a package _S5_ of integers\.")
        assert qemu.wait_end() == (0, "guest-shutdown")


def root_with_a_wrong_checksum_leads_nowhere():
    def change(tables):
        address, content = tables["RSDT"]
        return [(address + 9, content[9] ^ 1)]
    with changed_tables(change) as qemu:
        qemu.expect(r"warning acpi: RSDT at 0x[0-9a-f]+ isn't used: its checksum is wrong")
        qemu.expect("farjump> ")
        assert len(TABLE.findall(qemu.command("acpi"))) == 1
        qemu.send("poweroff\r")
        qemu.expect(r"Not by ACPI: there is no FADT\.")
        assert qemu.wait_end() == (0, "guest-shutdown")


def machine_without_acpi_says_so():
    with Qemu(*NEEDED, "-M", "pc,acpi=off", "-cdrom", image()) as qemu:
        qemu.expect("acpi: the machine has no ACPI")
        qemu.expect("farjump> ")
        assert "There are no ACPI tables." in qemu.command("acpi")
        assert now(qemu).year >= 2024
        off = qemu.command("poweroff")
        assert "No ACPI: " in off and "It is safe to do so by hand." in off, off
        assert "ticks of" in qemu.command("ticks")


def machine_without_pci_says_so():
    with Qemu(*NEEDED, "-M", "isapc", "-cpu", "max", "-cdrom", image()) as qemu:
        qemu.expect("pci: no PCI")
        qemu.expect("farjump> ")
        assert "No PCI was found." in qemu.command("lspci")
        assert "nothing is at 00:00.0" in qemu.command("lspci 0:0.0")
        assert "There are no ACPI tables." in qemu.command("acpi")


def acpi_finds_the_ports_that_switch_off():
    """With OVMF, the registers of the older machine are at other ports than with SeaBIOS;
    the port that is tried without ACPI has no effect."""
    for arguments, port in ((("-M", "pc", "-bios", ovmf()), "0xb004"),
                            (("-M", "q35", "-bios", ovmf()), "0x604"),
                            (("-M", "pc"), "0x604")):
        with Qemu(*NEEDED, *arguments, "-cdrom", image(bios_only=False), "-boot", "d") as qemu:
            qemu.expect("farjump> ")
            qemu.send("poweroff\r")
            qemu.expect(rf"ACPI: sleep type 0 to PM1a control at port {port}\r")
            status, cause = qemu.wait_end()
            assert (status, cause) == (0, "guest-shutdown"), (status, cause)
            assert "Not by ACPI" not in qemu.output


def modules_are_listed():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        text = qemu.command("modules")
        start, kib = re.search(r"^ +0 (0x[0-9a-f]{8}) +(\d+) symbols$", text, re.M).groups()
        assert int(start, 16) % 4096 == 0 and int(kib) > 100, text


def add_to(suite):
    for test in (clock_goes_on_over_a_leap_day, century_is_read_where_the_firmware_names_it,
                 second_root_is_found, unassigned_addresses_are_not_address_0,
                 table_with_a_wrong_checksum_is_reported,
                 tables_that_are_not_there_are_reported, root_with_a_wrong_checksum_leads_nowhere,
                 machine_without_acpi_says_so, machine_without_pci_says_so,
                 acpi_finds_the_ports_that_switch_off, modules_are_listed):
        suite.add(f"devices::{test.__name__}", test)
    for machine in ("pc", "q35"):
        for test in (functions_are_those_of_qemu, tables_are_those_in_memory):
            suite.add(f"devices::{test.__name__} {machine}", lambda t=test, m=machine: t(m))
