"""The commands that show the CPU, compared with QEMU's own output, the kernel's ELF file,
and Bochs, where unknown model-specific registers fault."""

import re
import subprocess

from machine.bochs import Bochs
from machine.images import image, kernel_path
from machine.qemu import Qemu

INSTRUCTIONS = 0x300

# objdump's names for instructions that have several.
SAME = {"je": "jz", "jne": "jnz", "jae": "jnb", "jbe": "jna", "ja": "jnbe", "jge": "jnl",
        "jle": "jng", "jg": "jnle", "jp": "jpe", "jnp": "jpo", "jc": "jb", "jnc": "jnb",
        "movabs": "mov", "retfq": "retf", "cmove": "cmovz", "cmovne": "cmovnz",
        "cmovae": "cmovnb", "cmovbe": "cmovna", "cmova": "cmovnbe", "cmovge": "cmovnl",
        "cmovle": "cmovng", "cmovg": "cmovnle", "cmovp": "cmovpe", "cmovnp": "cmovpo",
        "sete": "setz", "setne": "setnz", "setae": "setnb", "setbe": "setna", "seta": "setnbe",
        "setge": "setnl", "setle": "setng", "setg": "setnle", "setp": "setpe", "setnp": "setpo"}
PREFIXES = {"lock", "rep", "repz", "repnz", "repe", "repne", "bnd", "notrack", "data16", "cs",
            "rex", "rex.W", "xacquire", "xrelease"}


def registers(qemu):
    """Returns QEMU's `info registers` as text."""
    return qemu.monitor("info registers")


def by_qemu(text, name):
    """Returns the value of a register in the text of `info registers`."""
    return int(re.search(rf"\b{name} *=([0-9a-f]+)", text)[1], 16)


def control_registers_are_qemus():
    for cpu in ("max", "qemu64"):
        with Qemu("-m", 64, "-cpu", cpu, "-cdrom", image()) as qemu:
            qemu.expect("farjump> ")
            text = qemu.command("cr")
            shown = {name: int(value, 16)
                    for name, value in re.findall(r"^(\w+) +(0x[0-9a-f]{16})  ", text, re.M)}
            seen = registers(qemu)
            for name in ("CR0", "CR2", "CR3", "CR4", "EFER"):
                assert shown[name] == by_qemu(seen, name), (name, hex(shown[name]), seen)
            # Each bit that is set has a line with its number.
            bits = {int(bit) for bit in
                    re.findall(r"^ +(\d+)  \w+ +1 ", text.partition("CR4 ")[2].partition("CR8")[0],
                               re.M)}
            assert bits == {bit for bit in range(64) if shown["CR4"] >> bit & 1}, text
            every = qemu.command("cr CR0")
            assert re.search(r"^ +31  PG +1 ", every, re.M), every
            assert re.search(r"^ +30  CD +0 ", every, re.M), every
            assert "no such register" in qemu.command("cr cr5")
            # CR2 has the address of the last page fault.
            qemu.command("peek 5 1")
            assert re.search(r"^CR2 +0x0{15}5 ", qemu.command("cr cr2"), re.M)


def symbol_addresses():
    """Returns all addresses of symbols with their names, from the ELF file."""
    text = subprocess.run(["nm", "-C", kernel_path()], capture_output=True, text=True, check=True).stdout
    return {int(address, 16): name
            for address, name in re.findall(r"^([0-9a-f]{16}) [tT] (.*)$", text, re.M)}


def tables_are_where_qemu_sees_them():
    with Qemu("-m", 64, "-cpu", "max", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        idt, gdt, tss = (qemu.command(name) for name in ("idt", "gdt", "tss"))
        seen = registers(qemu)
        for name, text in (("IDT", idt), ("GDT", gdt)):
            shown = re.match(rf"{name} at 0x([0-9a-f]+), limit 0x([0-9a-f]+)", text)
            base, limit = re.search(rf"{name}= +([0-9a-f]+) ([0-9a-f]+)", seen).groups()
            assert [int(part, 16) for part in shown.groups()] == [int(base, 16), int(limit, 16)]
        selector, base, limit = re.search(r"TR =([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", seen).groups()
        shown = re.match(r"TR 0x([0-9a-f]+): TSS at 0x([0-9a-f]+), limit 0x([0-9a-f]+)", tss)
        assert [int(part, 16) for part in shown.groups()] \
            == [int(part, 16) for part in (selector, base, limit)], tss
        for name in ("CS", "SS", "DS"):
            selector = re.search(rf"{name} *=([0-9a-f]+) ", seen)[1]
            assert re.search(rf"loaded.* {name} {int(selector, 16):#x}\b", gdt), gdt
        assert re.search(r"^0x0010 .* 0 1 1 0 code, readable$", gdt, re.M), gdt
        assert re.search(rf"^{int(shown[1], 16):#06x}   0*{int(shown[2], 16):x} .* TSS, busy$", gdt,
                         re.M), gdt
        assert re.search(r"^IST2 0x\w+  top of the NMI IST stack$", tss, re.M), tss

        # Entries: the ELF file has functions of these names at these addresses.
        gates = re.findall(r"^(0x..)   (.{7}) (\w+) +(\d) +(\d) (\w{4}) (\w{16}) (.*)$", idt, re.M)
        assert len(gates) == 248, len(gates)
        names = symbol_addresses()
        for vector, name, kind, dpl, ist, code, handler, shown in gates:
            vector = int(vector, 16)
            actual = names[int(handler, 16)]
            assert f"<{vector}>" in actual and "trap::entry" in actual, (vector, actual)
            assert re.search(rf"trap::entry::{shown}::<{vector}>", actual), (shown, actual)
            # Programs may use INT3 and INT 4.
            expected = ("interrupt", "3" if vector in (3, 4) else "0", "0010")
            assert (kind, dpl, code) == expected, vector
            assert ist == {8: "1", 2: "2", 18: "3", 1: "4"}.get(vector, "0"), (vector, ist)
            expected = {14: "#PF", 32: "IRQ 0", 47: "IRQ 15", 48: ""}.get(vector)
            assert expected in (None, name.strip()), (vector, name)


def mnemonic(text):
    """Returns an instruction's most common name, without prefixes."""
    if re.match(r"xchg +ax,ax$", text):
        return "nop"
    words = [word for word in text.split() if word not in PREFIXES and not
             word.startswith("rex")]
    name = words[0] if words else text
    return SAME.get(name, name)


def disassembled_by_objdump(start, end):
    """Returns {address: (bytes, mnemonic)} of the ELF file, by objdump."""
    text = subprocess.run(["objdump", "-d", "-w", "-M", "intel", f"--start-address={start:#x}",
                           f"--stop-address={end:#x}", kernel_path()],
                          capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"^([0-9a-f]{16}):\t((?:[0-9a-f]{2} )+) *\t(.*)$", text, re.M)
    return {int(address, 16): (code.replace(" ", ""), mnemonic(name))
            for address, code, name in rows}


def instructions_are_objdumps():
    row = re.compile(r"^([0-9a-f]{16}) (?:\+[0-9a-f]+)? +([0-9a-f]+) +(.*)$", re.M)
    names = {name: address for address, name in symbol_addresses().items()}
    compared = 0
    with Qemu("-m", 64, "-cpu", "max", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        for function in ("rust_main", "farjump::monitor::run", "farjump::mm::debug::audit::run"):
            text = qemu.command(f"disasm {function} {INSTRUCTIONS:x}")
            rows = row.findall(text)
            assert len(rows) == INSTRUCTIONS, text[-500:]
            start, end = (int(rows[at][0], 16) for at in (0, -1))
            assert start == names.get(function, start), function
            seen = disassembled_by_objdump(start, end + 16)
            # A function ends with padding, which both decode as instructions.
            shown = {int(address, 16): (code, mnemonic(name)) for address, code, name in rows}
            wrong = {hex(address): (it, seen.get(address)) for address, it in shown.items()
                     if it != seen.get(address)}
            assert not wrong, wrong
            compared += len(shown)
            calls = re.findall(r"call 0x([0-9a-f]+) <([^>+]*)", text)
            assert calls, text[:2000]
            by_address = symbol_addresses()
            for target, _ in calls:
                assert int(target, 16) in by_address, target
        assert compared >= 2000, compared
        assert "can't be read" in qemu.command("disasm 5")
        assert qemu.command("disasm 0xffffffff80000000").endswith("can't be read\n")
        assert re.match(r"rust_main:\n\w+ \+0 ", qemu.command("disasm"))
        assert "usage: disasm" in qemu.command("disasm no_such_function_here")


def cpuid_shows_the_features_that_qemu_was_given():
    for cpu, is_there in (("qemu64,-sse3,+aes", False), ("max", True)):
        with Qemu("-m", 64, "-cpu", cpu, "-cdrom", image()) as qemu:
            qemu.expect("farjump> ")
            text = qemu.command("cpuid")
            words = text.partition("features")[2].split()
            assert ("smep" in words) == is_there and ("sse3" in words) == is_there, words
            assert "aesni" in words and "64bit_mode" in words, words
            leaf = qemu.command("cpuid 1")
            ecx = int(re.search(r"ECX (\w{8})", leaf)[1], 16)
            assert ecx & 1 == is_there and ecx >> 25 & 1 == 1, leaf
            assert (int(re.search(r"EBX (\w{8})", qemu.command("cpuid 7 0"))[1], 16) >> 7 & 1) \
                == is_there
            vendor = qemu.command("cpuid 0")
            parts = [bytes.fromhex(re.search(rf"{name} (\w{{8}})", vendor)[1])[::-1]
                     for name in ("EBX", "EDX", "ECX")]
            name = b"".join(parts).decode()
            assert re.search(rf"^vendor +{name}$", text, re.M), (name, text)
            assert "no such leaf" in qemu.command("cpuid 80ffffff")
            assert "32 bits" in qemu.command("cpuid 100000000")
    with Qemu("-m", 64, "-cpu", "max,phys-bits=43", "-smp", "4,cores=4", "-cdrom",
              image()) as qemu:
        qemu.expect("farjump> ")
        assert re.search(r"^addresses +43 bits physical", qemu.command("cpuid"), re.M)


def timer_interrupts_only_on_request():
    """While nothing waits for a time, an idle CPU has no timer interrupt."""
    for cmdline, vector in (("", "0xe0"), ("noapic", "0x20")):
        with Qemu("-m", 64, "-icount", "shift=3,sleep=off", "-cdrom", image(cmdline)) as qemu:
            qemu.expect("farjump> ")

            def count():
                text = qemu.command("irq")
                return int(re.search(rf"^{vector} .*?(\d+) +\d+ +handled +timer", text,
                                     re.M)[1])

            def idle():
                # When all CPUs halt, the machine's clock jumps from one timer to the next.
                for _ in range(20):
                    qemu.settle()

            idle()
            quiet = count()
            idle()
            # Some of the printed rows may be drawn later.
            assert count() <= quiet + 3, cmdline
            assert "clock      ok" in qemu.command("test clock")
            assert count() >= quiet + 10, cmdline
            text = qemu.command("irq")
            assert re.search(r"^0x24   IRQ 4 +\d+ +\d+ +handled", text, re.M), text
            assert "spurious: 0 of IRQ 7, 0 of IRQ 15" in text, text
            # This vector was entered once.
            qemu.command("fault breakpoint")
            assert re.search(r"^0x03   #BP +1 ", qemu.command("irq"), re.M)


def model_specific_registers_are_read():
    with Qemu("-m", 64, "-cpu", "max", "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        listed = qemu.command("msr")
        seen = registers(qemu)
        value = {name: int(text, 16) for name, text in
                 re.findall(r"^ *\w+ (\w+) +(0x\w{16}) ", listed, re.M)}
        assert value["EFER"] == by_qemu(seen, "EFER"), listed
        base = int(re.search(r"GS =\w+ (\w+)", seen)[1], 16)
        assert value["GS_BASE"] == base, (listed, seen)
        assert value["APIC_BASE"] == 0xFEE00900, listed
        assert re.search(r"set: BSP EN BASE$", listed, re.M), listed
        assert re.search(r"0 to 7: WB WC UC- UC WB WT UC- UC$", listed, re.M), listed
        assert qemu.command("msr c0000080") == qemu.command("msr efer")
        assert "PAT 0 PCD 0 PWT 1: WC" in qemu.command("msr pat")
        assert "more than 32 bits" in qemu.command("msr 100000000")


def unknown_msr_is_reported():
    with Bochs(image(), strict_msrs=True) as bochs:
        bochs.expect("^farjump> ")
        bochs.send("msr 12345\r")
        bochs.expect("0x12345 : this CPU has no such register\r\nfarjump> ")
        bochs.send("msr c0000080\r")
        bochs.expect(r"LMA +1 +long mode active")
        bochs.send("msr | find TSC\r")
        bochs.expect(r"TSC_AUX +0x")
        assert "\nexception" not in bochs.output, bochs.output


def stack_ports_and_memory_are_shown():
    # With the PICs in charge, for their masks.
    with Qemu("-m", 64, "-cpu", "max", "-cdrom", image("noapic")) as qemu:
        qemu.expect("farjump> ")
        stack = qemu.command("stack")
        assert stack.startswith("boot stack, 0xffffffffc0001000 to 0xffffffffc000ffff\n"), stack
        # The words, up to the end of the stack, equal those in QEMU's memory; the calls are
        # those of the backtrace.
        whole = qemu.command("stack ffffffffc000f000 1000")
        assert whole.endswith("the stack begins here\n"), whole[-300:]
        calls = re.findall(r"^ *\d+ (.*)$", qemu.command("backtrace"), re.M)
        below = [line.partition(" ")[2].partition(" ")[2] for line in whole.splitlines()]
        for call in calls[-2:]:
            assert call in below, (call, whole)
        address, word = re.search(r"^(\w{16}) ([0-9a-f]{16}) asm/higher_half", whole, re.M).groups()
        seen = qemu.monitor(f"x /1gx 0x{address}")
        assert word in seen, seen

        mask = int(re.search(r"0x(\w\w)$", qemu.command("ports 21"), re.M)[1], 16)
        handled = {int(line) for line in
                   re.findall(r"IRQ (\d+) .* handled", qemu.command("irq"))}
        assert {line for line in range(8) if not mask >> line & 1} == handled | {2}, mask
        assert "warning: the read took a byte of the keyboard's" in qemu.command("ports 60")
        assert "warning" not in qemu.command("ports 40")
        assert "COM1" in qemu.command("ports 3f8")
        # A port without a device has all bits set.
        assert re.search(r"0xffffffff$", qemu.command("ports 9990 32"), re.M)
        assert "8, 16 or 32" in qemu.command("ports 40 9")
        assert "16 bits" in qemu.command("ports 10000")

        assert qemu.command("hexdump rust_main 40") == qemu.command("peek rust_main 40")
        rows = qemu.command("hexdump rust_main 1100").splitlines()
        assert len(rows) == 1 + 0x110, len(rows)

        frames = qemu.command("frames")
        counts = {name: int(count) for name, count in
                  re.findall(r"^  ([a-z ]+?)  +(\d+) +\d+$", frames, re.M)}
        out, back = (int(n) for n in re.search(r"(\d+) allocated, (\d+) freed", frames).groups())
        longest = int(re.search(r"longest (\d+) frames", frames)[1])
        assert counts["all"] == counts["used"] + counts["free"], frames
        assert counts["used"] == out - back, frames
        assert counts["free"] * 9 // 10 < longest <= counts["free"], frames
        heap = qemu.command("heap")
        size = {name: int(number) for name, number in
                re.findall(r"^  ([a-z ,]+?) +(\d+) bytes +\d+ KiB$", heap, re.M)}
        assert size["mapped"] == counts["heap"] * 4096, (heap, frames)
        assert size["in use"] <= size["in use at most so far"] <= size["mapped"], heap


def add_to(suite):
    for test in (control_registers_are_qemus, tables_are_where_qemu_sees_them,
                 instructions_are_objdumps, cpuid_shows_the_features_that_qemu_was_given,
                 timer_interrupts_only_on_request, model_specific_registers_are_read,
                 unknown_msr_is_reported, stack_ports_and_memory_are_shown):
        suite.add(f"cpu::{test.__name__}", test)
