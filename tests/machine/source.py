"""The tools that parse the source: their counts, and the imports that they reject."""

import pathlib
import re
import sys
import tempfile

from machine import ROOT
from machine.tools import call

sys.path.insert(0, str(ROOT / "tools"))

from source import rust  # noqa: E402
from source.modules import circles, tree  # noqa: E402


def checked(tool, **files):
    """Runs a tool on a tree of source files, `src__mm__mod` for src/mm/mod.rs; returns its
    status and everything that it prints."""
    with tempfile.TemporaryDirectory(prefix="farjump-") as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, *name.split("__")).with_suffix(".rs")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = call(tool, folder)
    return done.returncode, done.stdout + done.stderr


def comments_and_strings_are_no_code():
    for text, expected in (
            ("a // b\nc", "a     \nc"),
            ("a /* b /* c */ d */ e", "a                   e"),
            ('f("// \\" /*") + g', 'f("""""""""") + g'),
            ('r#"a " b"# x', '"""""""""" x'),
            ('br"\\" x', '""""" x'),
            ("'\"' 'a '\\'' b'x' '{'", '""" \'a """" """" """'),
            ("fn f<'a>(x: &'a str)", "fn f<'a>(x: &'a str)"),
            ('for r in "x"', 'for r in """'),
            ("'outer: loop { '\\u{1F600}' }", "'outer: loop { \"\"\"\"\"\"\"\"\"\"\" }")):
        assert rust.code(text) == expected, (text, rust.code(text))


def tests_are_no_production_code():
    def words(text):
        return re.findall(r"\w+", rust.production(text))

    assert words("#[cfg(test)] mod tests { fn a() { {} } } fn b() {}") == ["fn", "b"]
    assert words("#[cfg(test)]\n/// D\n#[inline]\npub(crate) fn a() -> [u8; 2] { [0; 2] } struct B;") \
        == ["struct", "B"]
    assert words("#[cfg(test)] mod tests; #[cfg(test)] use a::{b, c}; mod d;") == ["mod", "d"]
    assert words("#[cfg(all(test, not(loom)))] const A: B = B { c: 1 }; mod d;") == ["mod", "d"]
    assert words("struct A { #[cfg(test)] b: C<D, E>, f: G }") == ["struct", "A", "f", "G"]
    assert words("match a { #[cfg(test)] B => {} c => d }") == ["match", "a", "c", "d"]
    assert words("#[test_case] fn a() {} #[test_case] const B: C = c(\"}\", || {}); d!();") == ["d"]
    assert words("#[cfg(test)] impl A for B { fn c() {} } #[cfg(test)] a::m!(x); e!{}") == ["e"]
    # Code that other builds compile too stays.
    for kept in ("#[cfg(not(test))] fn a() {}", "#[cfg(any(test, b))] fn a() {}",
                 "#[cfg_attr(test, no_main)] fn a() {}"):
        assert words(kept)[-2:] == ["fn", "a"], kept
    assert words("#![cfg(test)] fn a() {}") == []
    # Lines keep their numbers.
    assert rust.production("#[cfg(test)]\nmod a {\n}\nb").count("\n") == 3


def audit_counts_each_unsafe_of_the_code():
    status, text = checked(
        "audit",
        src__lib="mod arch; mod task;",
        src__arch__mod="""
            mod ports; #[cfg(test)] mod checks; // unsafe
            #[cfg(test)] fn test_only() { unsafe { a() } }
            const TEXT: &str = "unsafe";
            unsafe extern "C" { static A: u8; }
            #[unsafe(no_mangle)] unsafe fn a() { unsafe { b() } }
            #[cfg(test)] mod tests { unsafe fn c() {} }
            """,
        src__arch__ports="unsafe impl Sync for A {}",
        src__arch__checks="unsafe fn d() {}",
        src__task__mod="fn a() { /* unsafe */ }",
        crates__group__one__src__lib="fn a() {}",
        crates__two__src__lib="#[cfg(test)] fn a() { unsafe {} }")
    counts = dict(re.findall(r"^(\S+(?: \S+)?) +(\d+) +\d+ +\S+$", text, re.M))
    assert counts == {"arch": "5", "task": "0", "lib": "0", "crate one": "0", "crate two": "0",
                      "whole": "5"}, text
    assert status == 1 and "arch: 1000.0 a thousand lines, over 30" in text, text
    status, text = checked("audit", src__lib="mod task;", src__task="fn a() { unsafe { b() } }")
    assert status == 1 and "task: 1, where 0 are allowed" in text, text


def use_trees_are_read():
    def leaves(text):
        return {"::".join(path): name for path, name in tree(text)}

    assert leaves("crate::a::{self, b::{C, D as E}, f::*}") == {
        "crate::a": "a", "crate::a::b::C": "C", "crate::a::b::D": "E", "crate::a::f": "*"}
    assert leaves("super::a as b") == {"super::a": "b"}
    assert leaves("{crate::a, ::b::c}") == {"crate::a": "a", "b::c": "c"}


def circles_are_found():
    assert circles([(1, 2), (2, 3), (3, 1), (3, 4), (5, 5)]) == [[1, 2, 3], [5]]
    assert circles([(1, 2), (1, 3), (2, 3)]) == []


def refused(complaint, **files):
    status, text = checked("layers", **files)
    assert status == 1 and complaint in text, text


def accepted(**files):
    status, text = checked("layers", **files)
    assert status == 0, text


def imports_upwards_are_refused():
    rooms = {"src__lib": "pub mod arch; pub mod mm; pub mod task; pub mod drivers; pub mod testing;",
             "src__task": "", "src__drivers": "", "src__testing": ""}
    lower = dict(rooms, src__mm="pub struct Memory; pub fn start() { crate::arch::go() }")
    accepted(**lower, src__arch="pub fn go() {}")
    complaint = "src/arch.rs:2: imports mm, which is above arch"
    for way in ("use crate::mm::Memory;", "use crate::{mm::{self}};", "use super::mm;",
                "fn a() { crate::mm::start() }", "fn a() -> super::mm::Memory { b }",
                "mod inner { use super::super::mm; }", "macro_rules! a { () => { $crate::mm::b() } }"):
        refused(complaint, **lower, src__arch=f"pub fn go() {{}}\n{way}")
    for way in ("// use crate::mm;", "#[cfg(test)] mod tests { use crate::mm; }",
                '#[doc = "crate::mm::a"] mod x {}', "use other::mm::a;"):
        accepted(**lower, src__arch=f"pub fn go() {{}}\n{way}")
    # A room that is in no layer, and two rooms of one layer that import each other.
    refused("is in no layer", src__lib="mod arch; mod odd;", src__arch="", src__odd="use crate::arch;")
    refused("rooms in a circle: drivers, task",
            src__lib="mod task; mod drivers;", src__task__mod="mod a; mod b;",
            src__task__a="use crate::drivers::c;", src__task__b="", src__drivers__mod="mod c; mod d;",
            src__drivers__c="", src__drivers__d="use crate::task::b;")


def circles_between_files_are_refused():
    refused("circle: src/task/a.rs, src/task/b.rs", src__lib="mod task;",
            src__task__mod="mod a; mod b;", src__task__a="use super::b::B;",
            src__task__b="struct B; fn c() { super::a::d() }")
    # A circle through re-exported names, which belong to the file that defines them.
    parent = "mod a; mod b; pub use a::A; pub use b::*;"
    refused("circle: src/task/a.rs, src/task/b.rs", src__lib="pub mod task;", src__task__mod=parent,
            src__task__a="use super::B; pub struct A;", src__task__b="use super::A; pub struct B;")
    accepted(src__lib="pub mod task;", src__task__mod=parent,
             src__task__a="use super::B; pub struct A;", src__task__b="pub struct B;")
    # A circle between a module and its child, whose names it uses itself.
    refused("circle: src/task/mod.rs, src/task/a.rs", src__lib="mod task;",
            src__task__mod="mod a; struct T; fn b() { a::c() }", src__task__a="use super::T;")
    # The path in a visibility is no import.
    accepted(src__lib="mod task;", src__task__mod="mod a; fn b() { a::c() }",
             src__task__a="pub(in crate::task) fn c() {}")
    # A circle in a crate, in a group or not.
    for folder in ("crates__x", "crates__group__x"):
        refused("/x/src/a.rs, crates/", **{
            "src__lib": "", f"{folder}__src__lib": "mod a; mod b;",
            f"{folder}__src__a": "use crate::b::B; #[macro_export] macro_rules! m { () => {} }",
            f"{folder}__src__b": "struct B; fn a() { crate::m!() }"})


def imports_go_downwards_and_not_in_circles():
    done = call("layers")
    assert done.returncode == 0, done.stdout + done.stderr


def unsafe_is_rare():
    done = call("audit")
    assert done.returncode == 0, done.stdout + done.stderr


def ranks_of(text):
    """Returns (rank, protected data, kind of waiting, whether interrupt handlers take it) of
    each variant of the enum in sync/rank.rs."""
    first_spinning = re.search(r"FIRST_SPINNING: Self = Self::(\w+);", text)[1]
    waits = "sleeping"
    body = re.search(r"pub enum Rank \{\n( *///.*?)\n *\}", text, re.S)[1]
    found = []
    for comment, name in re.findall(r"((?:^ *///.*\n)+) *(\w+),$", body, re.M):
        sentences = " ".join(re.findall(r"/// ?(.*)", comment))
        protects = sentences.partition(". ")[0].rstrip(".")
        taken = "yes" if "Taken from interrupts." in sentences else "no"
        if name == first_spinning:
            waits = "spinning"
        found.append((name, protects[0].lower() + protects[1:], waits, taken))
    return found


def lock_ranks_in_docs_are_those_of_the_code():
    in_code = ranks_of((ROOT / "src/sync/rank.rs").read_text())
    text = (ROOT / "docs/threads.md").read_text()
    table = text.partition("| rank | protects | waits by | taken from interrupts |\n")[2].partition("\n\n")[0]
    in_docs = [tuple(cell.strip() for cell in row.strip("|").split("|"))
               for row in table.splitlines()[1:]]
    assert len(in_code) > 5 and in_docs == in_code, (in_docs, in_code)


def tests_wait_for_no_time():
    """No test of machines sleeps or reads the host's clock. A test kernel whose clock is
    the host's has no loop that ends at a time, and asserts no upper bound of a time. No program
    expects that a call waits before a single signal arrives."""
    for file in sorted((ROOT / "tests/machine").glob("*.py")):
        found = re.search(r"^(?:import|from) time\b.*", file.read_text(), re.M)
        assert not found, f"{file.name}: {found[0]}: see docs/testing.md"
    for file in sorted((ROOT / "tests").glob("*.rs")):
        text = file.read_text()
        found = re.search(r"\bnow_ns\(\) *(?:<|-).*|< *now_ns\(\).*", text)
        is_counted = re.findall(r"^//! QEMU: .*-icount", text, re.M)
        assert not found or is_counted, f"{file.name}: {found[0]}: see docs/testing.md"
    for file in sorted((ROOT / "user/tests").glob("*.c")):
        found = re.search(r"\balarm\([1-9]\d?\)", file.read_text())
        assert not found, f"{file.name}: {found[0]}: see start_alarms"


def add_to(suite):
    for test in (comments_and_strings_are_no_code, tests_are_no_production_code,
                 audit_counts_each_unsafe_of_the_code, use_trees_are_read, circles_are_found,
                 imports_upwards_are_refused, circles_between_files_are_refused,
                 imports_go_downwards_and_not_in_circles, unsafe_is_rare,
                 lock_ranks_in_docs_are_those_of_the_code, tests_wait_for_no_time):
        suite.add(f"source::{test.__name__}", test)
