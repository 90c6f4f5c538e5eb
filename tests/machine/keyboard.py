"""The keyboard: its layouts, its lights, Ctrl-Alt-Delete, and machines without one."""

import re
import time

from machine import gdb
from machine.images import image
from machine.qemu import TIMEOUT_S, Qemu

NEEDED = ("-m", "64")

# QEMU's names for the keys that have characters, row by row; the last of the lowest
# row is the key behind the left Shift key.
ROWS = (
    [*"1234567890", "minus", "equal", "grave_accent"],
    [*"qwertyuiop", "bracket_left", "bracket_right"],
    [*"asdfghjkl", "semicolon", "apostrophe", "backslash"],
    [*"zxcvbnm", "comma", "dot", "slash", "less"],
)

# What stands on them: alone, with Shift, and with AltGr where that exists.
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
                    qemu.press(*held, key)
                qemu.expect(re.escape(characters) + "$")
                qemu.press("ctrl", "q" if layout == "fr" else "a")
                qemu.press("ctrl", "k")
                qemu.press("ctrl", "c")
                qemu.expect("farjump> ")


def layouts_are_listed_and_chosen():
    with Qemu(*NEEDED, "-cdrom", image("layout=klingon")) as qemu:
        qemu.expect("option not known or with a value that doesn't suit: layout=klingon")
        qemu.expect("farjump> ")

        def current():
            listed = qemu.command("layout")
            assert re.findall(r"^[* ] (\w\w) ", listed, re.M) == ["us", "uk", "de", "fr"], listed
            return re.search(r"^\* (\w+)", listed, re.M)[1]

        assert current() == "us"
        assert qemu.command("layout de") == ""
        assert current() == "de"
        assert re.search(r"^keyboard .*, layout de$", qemu.command("info"), re.M)
        qemu.press("y")
        qemu.expect("z")
        qemu.press("backspace")
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
            qemu.press(*keys)
        qemu.expect(r"\d+ ticks of")
        qemu.expect("farjump> ")
        qemu.press("kp_7")
        qemu.expect("7")
        qemu.press("num_lock")
        qemu.press("kp_7")
        qemu.press("kp_decimal")
        qemu.type_keys("ticks")
        for key in ("print", "pause", "insert", "meta_l", "menu", "scroll_lock", "ret"):
            qemu.press(key)
        qemu.expect(r"\d+ ticks of")


def held_key_repeats():
    with Qemu(*NEEDED, "-cdrom", image()) as qemu:
        qemu.expect("farjump> ")

        def set_key(key, is_down):
            event = {"type": "key", "data": {"down": is_down,
                                             "key": {"type": "qcode", "data": key}}}
            qemu.qmp("input-send-event", events=[event])
            time.sleep(0.03)

        for _ in range(5):
            set_key("x", True)
        set_key("x", False)
        # CapsLock repeats too, but turns once.
        for _ in range(4):
            set_key("caps_lock", True)
        set_key("caps_lock", False)
        qemu.type_keys("yz\n")
        qemu.expect("no such command: x{5}YZ")


def lights_follow_the_locks():
    with Qemu(*NEEDED, "-cdrom", image(), "-trace", "ps2_set_ledstate") as qemu:
        qemu.expect("farjump> ")

        def expect_lights(lights):
            end = time.monotonic() + TIMEOUT_S
            told = []
            while told[-1:] != [lights]:
                assert time.monotonic() < end, (lights, told)
                told = [int(n) for n in re.findall(r"ledstate (\d+)", qemu.log.read_text())]
                time.sleep(0.05)

        expect_lights(0b010)
        qemu.press("caps_lock")
        expect_lights(0b110)
        qemu.press("num_lock")
        expect_lights(0b100)
        qemu.press("scroll_lock")
        expect_lights(0b101)
        # The keyboard hasn't lost a key over that.
        qemu.press("caps_lock")
        qemu.type_keys("ticks\n")
        qemu.expect(r"\d+ ticks of")


def control_alt_delete_restarts():
    """At the prompt, and while a command hangs."""
    with Qemu(*NEEDED, "-cdrom", image("trace-boot"), "-action", "reboot=reset",
              gdb=True) as qemu:
        qemu.expect("last traced boot: no record of one")
        qemu.expect("farjump> ")
        qemu.press("ctrl", "alt", "delete")
        qemu.expect("last traced boot: ended well, reboot")
        qemu.expect("farjump> ")
        # A jump to itself, where a command begins its work.
        gdb.run(qemu, "set language rust", "set $begin = farjump::monitor::commands::session::layout::list",
                "set language c", "set {short}(long)$begin = 0xfeeb")
        qemu.send("layout\r")
        qemu.expect("layout\r\n")
        time.sleep(1)
        assert qemu.output.endswith("layout\r\n"), "it doesn't hang"
        qemu.press("ctrl", "alt", "delete")
        qemu.expect("last traced boot: ended well, reboot")
        qemu.expect("farjump> ")
        assert not qemu.has_triple_faulted(), "the reset line works"


def key_tapped_while_the_kernel_starts_is_no_harm():
    """Its byte waits in the controller when the keyboard's interrupt is unmasked."""
    for options, key, typed in (("", "t", "t"), ("", "shift", ""), ("noapic", "t", "t"),
                                ("safe", "shift", "")):
        with Qemu(*NEEDED, "-cdrom", image(options), gdb=True, paused=True) as qemu:
            with gdb.spinning_at(qemu, "farjump::arch::irq::set_handler", "($rdi & 0xff) == 1"):
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
