"""The keyboard: its layouts, its lights, Ctrl-Alt-Delete, and machines without one."""

import re

from machine import gdb
from machine.images import image
from machine.qemu import Qemu

NEEDED = ("-m", "64")

# QEMU's names for the keys that have characters, row by row; the last of the lowest
# row is the key right of the left Shift key.
ROWS = (
    [*"1234567890", "minus", "equal", "grave_accent"],
    [*"qwertyuiop", "bracket_left", "bracket_right"],
    [*"asdfghjkl", "semicolon", "apostrophe", "backslash"],
    [*"zxcvbnm", "comma", "dot", "slash", "less"],
)

# The keys' characters: alone, with Shift, and with AltGr if the layout has it.
LAYOUTS = {
    "us": {
        (): ("1234567890-=`", "qwertyuiop[]", "asdfghjkl;'\\", "zxcvbnm,./\\"),
        ("shift",): ("!@#$%^&*()_+~", "QWERTYUIOP{}", 'ASDFGHJKL:"|', "ZXCVBNM<>?|"),
    },
    "uk": {
        (): ("1234567890-=`", "qwertyuiop[]", "asdfghjkl;'#", "zxcvbnm,./\\"),
        ("shift",): ('!"£$%^&*()_+¬', "QWERTYUIOP{}", "ASDFGHJKL:@~", "ZXCVBNM<>?|"),
        ("alt_r",): ("123€567890-=¦", "qwértyúíóp[]", "ásdfghjkl;'#", "zxcvbnm,./\\"),
    },
    "de": {
        (): ("1234567890ß´^", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-<"),
        ("shift",): ('!"§$%&/()=?`°', "QWERTZUIOPÜ*", "ASDFGHJKLÖÄ'", "YXCVBNM;:_>"),
        ("alt_r",): ("1²³456{[]}\\´^", "@w€rtzuiopü~", "asdfghjklöä#", "yxcvbnµ,.-|"),
    },
    "fr": {
        (): ("&é\"'(-è_çà)=²", "azertyuiop^$", "qsdfghjklmù*", "wxcvbn,;:!<"),
        ("shift",): ("1234567890°+²", "AZERTYUIOP¨£", "QSDFGHJKLM%µ", "WXCVBN?./§>"),
        ("alt_r",): ("&~#{[|`\\^@]}²", "az€rtyuiop^¤", "qsdfghjklmù*", "wxcvbn,;:!<"),
    },
}


def characters_are_typed(layout):
    with Qemu(*NEEDED, "-cdrom", image(f"layout={layout}")) as qemu:
        qemu.expect("farjump> ")
        for held, rows in LAYOUTS[layout].items():
            for keys, characters in zip(ROWS, rows):
                for key in keys:
                    qemu.tap(*held, key)
                qemu.expect(re.escape(characters) + "$")
                qemu.tap("ctrl", "q" if layout == "fr" else "a")
                qemu.tap("ctrl", "k")
                qemu.tap("ctrl", "c")
                qemu.expect("farjump> ")


def layouts_are_listed_and_chosen():
    with Qemu(*NEEDED, "-cdrom", image("layout=klingon")) as qemu:
        qemu.expect("unknown option, or invalid value: layout=klingon")
        qemu.expect("farjump> ")

        def current():
            listed = qemu.command("layout")
            assert re.findall(r"^[* ] (\w\w) ", listed, re.M) == ["us", "uk", "de", "fr"], listed
            return re.search(r"^\* (\w+)", listed, re.M)[1]

        assert current() == "us"
        assert qemu.command("layout de") == ""
        assert current() == "de"
        assert re.search(r"^keyboard .*, layout de$", qemu.command("info"), re.M)
        qemu.tap("y")
        qemu.expect("z")
        qemu.tap("backspace")
        refused = qemu.command("layout dvorak")
        assert re.search(r"^\* de ", refused, re.M), refused
        assert "layout: dvorak: not known here; usage: layout [NAME]" in refused, refused
        assert current() == "de"


def keys_of_no_character_work():
    """Home, Delete, words by Ctrl and Alt, the keypad with and without NumLock."""
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")
        qemu.type_keys("xticks cks")
        for keys in (["home"], ["delete"], ["end"], ["ctrl", "left"], ["alt", "d"], ["backspace"],
                     ["kp_enter"]):
            qemu.tap(*keys)
        qemu.expect(r"\d+ ticks of")
        qemu.expect("farjump> ")
        qemu.tap("kp_7")
        qemu.expect("7")
        qemu.tap("num_lock")
        qemu.tap("kp_7")
        qemu.tap("kp_decimal")
        qemu.type_keys("ticks")
        for key in ("print", "pause", "insert", "meta_l", "menu", "scroll_lock", "ret"):
            qemu.tap(key)
        qemu.expect(r"\d+ ticks of")


def held_key_repeats():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")

        for _ in range(5):
            qemu.set_key("x", True)
        qemu.set_key("x", False)
        # CapsLock repeats, too, but toggles once.
        for _ in range(4):
            qemu.set_key("caps_lock", True)
        qemu.set_key("caps_lock", False)
        qemu.type_keys("yz\n")
        qemu.expect("no such command: x{5}YZ")


def lights_follow_the_locks():
    with Qemu(*NEEDED, "-cdrom", image(), "-trace", "ps2_set_ledstate") as qemu:
        qemu.expect("farjump> ")

        def expect_lights(lights):
            def seen():
                return [int(n) for n in re.findall(r"ledstate (\d+)", qemu.log.read_text())]
            qemu.wait_for(lambda: seen()[-1:] == [lights], lambda: f"not {lights}: {seen()}")

        expect_lights(0b010)
        qemu.tap("caps_lock")
        expect_lights(0b110)
        qemu.tap("num_lock")
        expect_lights(0b100)
        qemu.tap("scroll_lock")
        expect_lights(0b101)
        # No key was lost meanwhile.
        qemu.tap("caps_lock")
        qemu.type_keys("ticks\n")
        qemu.expect(r"\d+ ticks of")


def control_alt_delete_restarts():
    """Ctrl-Alt-Delete at the prompt, and while a command hangs."""
    with Qemu(*NEEDED, "-cdrom", image("trace-boot"), "-action", "reboot=reset",
              gdb=True) as qemu:
        qemu.expect("last traced boot: no record of one")
        qemu.expect("farjump> ")
        qemu.tap("ctrl", "alt", "delete")
        qemu.expect("last traced boot: ended well, reboot")
        qemu.expect("farjump> ")
        # A jump to itself, at the beginning of a command.
        printed = gdb.run(
            qemu, "set language rust", "set $begin = farjump::monitor::commands::session::layout::list",
                "set language c", "set {short}(long)$begin = 0xfeeb",
            r'printf "BEGIN=%lx\n", (long)$begin')
        begin = re.search("^BEGIN=([0-9a-f]+)$", printed, re.M)[1]
        qemu.send("layout\r")
        qemu.expect("layout\r\n")
        qemu.wait_for(lambda: f"RIP={begin} " in qemu.monitor("info registers"),
                      lambda: f"it isn't at {begin}: {qemu.monitor('info registers')}")
        qemu.tap("ctrl", "alt", "delete")
        qemu.expect("last traced boot: ended well, reboot")
        qemu.expect("farjump> ")
        assert not qemu.has_triple_faulted(), "the reset line doesn't work"


def key_tapped_while_the_kernel_starts_is_no_harm():
    """The key's byte is in the controller when the keyboard's interrupt is unmasked."""
    for options, key, typed in (("", "t", "t"), ("", "shift", ""), ("noapic", "t", "t"),
                                ("safe", "shift", "")):
        with Qemu(*NEEDED, "-cdrom", image(options), gdb=True, paused=True) as qemu:
            with gdb.spinning_at(qemu, "farjump::arch::irq::line_handler::set_handler", "($rdi & 0xff) == 1"):
                qemu.press(key)
            qemu.expect("farjump> " + typed)
            qemu.type_keys("ticks\n"[len(typed):])
            qemu.expect(r"\d+ ticks of")


def machine_without_controller_works():
    with Qemu(*NEEDED, "-M", "pc,i8042=off", "-cdrom", image(), "-boot", "d") as qemu:
        qemu.expect("there is no 8042 controller")
        qemu.expect("farjump> ")
        assert re.search("^keyboard +none: there is no 8042 controller$", qemu.command("info"),
                         re.M)
        assert qemu.command("layout de") == ""


def add_to(suite):
    for layout in LAYOUTS:
        suite.add(f"keyboard::characters_are_typed_{layout}",
                  lambda layout=layout: characters_are_typed(layout))
    for test in (layouts_are_listed_and_chosen, keys_of_no_character_work, held_key_repeats,
                 lights_follow_the_locks, control_alt_delete_restarts,
                 key_tapped_while_the_kernel_starts_is_no_harm, machine_without_controller_works):
        suite.add(f"keyboard::{test.__name__}", test)
