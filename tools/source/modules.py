"""Finds the modules of a crate, their files and their imports."""

import dataclasses
import functools
import pathlib
import re

from . import rust

MODULE = re.compile(r"\bmod\s+(\w+)\s*([;{])")
USE = re.compile(r"(?:\b(pub(?:\s*\([^)]*\))?)\s+)?\buse\s+([^;]+);")
PATH = re.compile(r"(?<![\w:])((?:r#)?\w+(?:\s*::\s*\w+)+)")
# The path in a visibility is no import.
VISIBILITY = re.compile(r"\bpub\s*\(\s*in\s+[^)]*\)")
DEFINITION = re.compile(r"\b(?:fn|struct|enum|union|trait|type|const|static|mod)\s+(\w+)")
MACRO = re.compile(r"#\s*\[\s*macro_export[^\]]*\]\s*(?:#\s*\[[^\]]*\]\s*)*macro_rules\s*!\s*(\w+)")


@dataclasses.dataclass(frozen=True)
class Import:
    """An import of the module `target` by the module `source`."""
    source: tuple
    target: tuple
    line: int
    # Whether the source only re-exports a name of the target, by `pub use`.
    is_handed_on: bool = False


class Module:
    """A file of a crate, with the inline modules in it."""

    def __init__(self, name, file, is_test):
        self.name = name
        self.file = file
        self.is_test = is_test
        raw = file.read_text()
        self.text = rust.code(raw) if is_test else rust.production(raw)
        self.all_code = rust.code(raw)
        # The inline modules: (begin, end, name).
        self.inner = []
        # Names that `use` imports: {name: path}, and the paths of globs.
        self.names, self.globs = {}, []
        self.definitions = set(DEFINITION.findall(self.text))

    def scope(self, at):
        """Returns the name of the innermost module around a place in the file."""
        inner = [name for begin, end, name in self.inner if begin <= at < end]
        return self.name + tuple(inner)


class Crate:
    """All modules of a crate, found from its first file. In paths, `own_name` is the same
    as `crate`."""

    def __init__(self, first_file, own_name=None):
        self.folder = pathlib.Path(first_file).parent
        self.own_name = own_name
        self.modules = {}
        self.macros = {}
        self._add((), pathlib.Path(first_file), is_test=False)
        for module in self.modules.values():
            for name in MACRO.findall(module.text):
                self.macros[name] = module.name
            for _, path, name, _ in uses(module.text):
                if name == "*":
                    module.globs.append(path)
                elif path:
                    module.names[name] = path

    def _add(self, name, file, is_test):
        module = self.modules[name] = Module(name, file, is_test)
        folder = file.parent if file.name in ("lib.rs", "main.rs", "mod.rs") \
            else file.with_suffix("")
        for match in MODULE.finditer(module.all_code):
            inner = module.scope(match.start())[len(name):]
            if match[2] == "{":
                module.inner.append((match.start(), rust.closing(module.all_code, match.end() - 1),
                                     match[1]))
                continue
            parent = folder.joinpath(*inner)
            files = [parent / f"{match[1]}.rs", parent / match[1] / "mod.rs"]
            child = next((file for file in files if file.exists()), None)
            if child:
                # A module belongs to tests if its declaration isn't production code.
                child_is_test = is_test or not module.text[match.start():match.end()].strip()
                self._add(name + inner + (match[1],), child, child_is_test)

    def production(self):
        """Returns all modules except those that are only compiled for tests."""
        return [module for module in self.modules.values() if not module.is_test]

    def module_of(self, path):
        """Returns the name of the module whose file has the item of a path from the
        root."""
        while path not in self.modules:
            path = path[:-1]
        return path

    def resolve(self, scope, path, depth=0):
        """Returns the module whose file defines the item that `path` names in `scope`, or
        None for an item of another crate. Follows re-exported names."""
        if depth > 16:
            return None
        first, scope = path[0], tuple(scope)
        if first in ("crate", self.own_name):
            absolute = path[1:]
        elif first in ("self", "super"):
            base, rest = scope, path
            while rest and rest[0] in ("self", "super"):
                base = base[:-1] if rest[0] == "super" else base
                rest = rest[1:]
            absolute = base + rest
        elif scope + (first,) in self.modules:
            absolute = scope + path
        else:
            module = self.modules[self.module_of(scope)]
            if first in module.names and module.names[first][0] != first and len(path) > 1:
                return self.resolve(module.name, module.names[first] + path[1:], depth + 1)
            return None
        if len(absolute) == 1 and absolute[0] in self.macros and absolute not in self.modules:
            return self.macros[absolute[0]]
        name = self.module_of(absolute)
        module, rest = self.modules[name], absolute[len(name):]
        if rest and rest[0] not in module.definitions:
            if rest[0] in module.names:
                found = self.resolve(name, module.names[rest[0]] + rest[1:], depth + 1)
                return found if found is not None else name
            for glob in module.globs:
                found = self.resolve(name, glob + rest, depth + 1)
                if found is not None and rest[0] in self.modules[found].definitions:
                    return found
        return name

    @functools.cached_property
    def imports(self):
        """All imports between modules, except those of tests."""
        found = set()
        for module in self.production():
            for begin, path, name, is_public in uses(module.text):
                if not path:
                    continue
                target = self.resolve(module.scope(begin), path)
                line = module.text.count("\n", 0, begin) + 1
                handed_on = is_public and not _is_used(module.text, name)
                if target is not None and target != module.name:
                    found.add(Import(module.name, target, line, handed_on))
            rest = _blanked(VISIBILITY, _blanked(USE, module.text))
            for match in PATH.finditer(rest):
                path = tuple(re.split(r"\s*::\s*", match[1]))
                target = self.resolve(module.scope(match.start()), path)
                if target is not None and target != module.name:
                    found.add(Import(module.name, target, rest.count("\n", 0, match.start(1)) + 1))
        return sorted(found, key=lambda each: (each.source, each.line, each.target))


def _blanked(pattern, text):
    """Returns the text with spaces in place of all matches."""
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)


def uses(text):
    """Yields (place, path, name, whether it is public) of each name that a `use` imports;
    the name of a glob is `*`."""
    for match in USE.finditer(text):
        for path, name in tree(match[2]):
            yield match.start(2), path, name, bool(match[1])


def tree(text):
    """Yields (path, name) of each leaf of a `use` tree."""
    text = re.sub(r"^\s*::", "", text).strip()
    if "{" in text:
        head, _, rest = text.partition("{")
        prefix = tuple(part.strip() for part in head.split("::") if part.strip())
        for part in rust.split(rest[:rest.rindex("}")]):
            for path, name in tree(part):
                if path == ("self",):
                    path = ()
                    name = prefix[-1] if name == "self" else name
                yield prefix + path, name
        return
    text, _, alias = (part.strip() for part in re.sub(r"\s+", " ", text).partition(" as "))
    path = tuple(part.strip() for part in text.split("::"))
    if path[-1] == "*":
        yield path[:-1], "*"
    elif len(path) > 1 and path[-1] == "self":
        yield path[:-1], alias or path[-2]
    else:
        yield path, alias or path[-1]


def _is_used(text, name):
    """Returns whether the file itself uses the name that it re-exports."""
    rest = USE.sub("", text)
    return name != "*" and re.search(rf"\b{re.escape(name)}\b", rest) is not None


def circles(edges):
    """Returns the circles of a graph of edges (source, target): each is a sorted list of
    nodes that can all reach each other."""
    following = {}
    for source, target in edges:
        following.setdefault(source, set()).add(target)
        following.setdefault(target, set())
    # Tarjan's algorithm, without recursion.
    numbers, lowest, stack, found = {}, {}, [], []
    for start in sorted(following):
        if start in numbers:
            continue
        work = [(start, iter(sorted(following[start])))]
        numbers[start] = lowest[start] = len(numbers)
        stack.append(start)
        while work:
            node, rest = work[-1]
            for after in rest:
                if after not in numbers:
                    numbers[after] = lowest[after] = len(numbers)
                    stack.append(after)
                    work.append((after, iter(sorted(following[after]))))
                    break
                if after in stack:
                    lowest[node] = min(lowest[node], numbers[after])
            else:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == numbers[node]:
                    group = stack[stack.index(node):]
                    del stack[stack.index(node):]
                    if len(group) > 1 or node in following[node]:
                        found.append(sorted(group))
    return sorted(found)
