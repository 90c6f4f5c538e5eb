"""Parses Rust source: separates code from comments and strings, and production code from
tests."""

import re

# The start of a comment, a string, or a character literal.
BEGIN = re.compile(r"""//|/\*|(?:\b[bc])?"|\b[bc]?r\#*"|(?:\bb)?'""")
STRING = re.compile(r'[bc]?"(?:[^"\\]|\\.)*"', re.S)
# A lifetime has no second quote.
CHARACTER = re.compile(r"b?'(?:\\(?:u\{[^}]*\}|x[0-9a-fA-F]{2}|.)|[^\\'\n])'", re.S)
# An attribute up to its bracket.
ATTRIBUTE = re.compile(r"#(!?)\s*\[")
# Items that end with a block, or with a semicolon if they have no block.
WITH_BLOCK = re.compile(
    r"(?:mod|fn|impl|struct|enum|union|trait|macro_rules|async|extern|auto|"
    r"unsafe\s+(?:fn|impl|trait|extern|mod)|const\s+(?:unsafe\s+|async\s+|extern\b|fn\b))\b|"
    r"[A-Za-z_][\w:]*\s*!")
# Items that end with a semicolon, even if they contain blocks.
WITHOUT_BLOCK = re.compile(r"(?:use|static|const|type|let)\b")
FIELD = re.compile(r"\w+\s*:(?!:)")
VISIBILITY = re.compile(r"pub(?:\s*\([^)]*\))?\s+")
OPENING, CLOSING = "([{", ")]}"


def code(text):
    """Returns the text with spaces in place of comments, and with quotes in place of strings
    and character literals. Every other character keeps its place, line breaks included."""
    result, at = [], 0
    while match := BEGIN.search(text, at):
        begin = match.start()
        result.append(text[at:begin])
        end, filler = _token_end(text, match)
        result.append(re.sub(r"[^\n]", filler, text[begin:end]) if filler else text[begin:end])
        at = end
    return "".join(result) + text[at:]


def _token_end(text, match):
    """Returns the end of the token that begins with `match`, and its replacement. A lifetime is
    not replaced."""
    begin, mark = match.start(), match[0]
    if mark == "//":
        end = text.find("\n", begin)
        return (len(text) if end < 0 else end), " "
    if mark == "/*":
        return _comment_end(text, begin), " "
    if mark.endswith("'"):
        literal = CHARACTER.match(text, begin)
        return (literal.end(), '"') if literal else (match.end(), "")
    if "r" in mark:
        closing_mark = '"' + "#" * mark.count("#")
        end = text.find(closing_mark, match.end())
        return (len(text) if end < 0 else end + len(closing_mark)), '"'
    literal = STRING.match(text, begin)
    return (literal.end() if literal else len(text)), '"'


def production(text):
    """Returns `code` of a file, with spaces also in place of the code that is only compiled
    for tests: items with `#[cfg(test)]` and test functions."""
    text = code(text)
    at = 0
    while match := ATTRIBUTE.search(text, at):
        end = closing(text, match.end() - 1) + 1
        if is_for_tests(text[match.end():end - 1]):
            # The whole file, or the item that the attribute belongs to.
            first, last = (0, len(text)) if match[1] else (match.start(), item_end(text, end))
            text = text[:first] + re.sub(r"[^\n]", " ", text[first:last]) + text[last:]
            end = last
        at = end
    return text


def is_for_tests(attribute):
    """Returns whether an item with this attribute is only compiled for tests."""
    attribute = re.sub(r"\s", "", attribute)
    if attribute in ("test", "test_case", "bench"):
        return True
    if not (match := re.fullmatch(r"cfg\((.*)\)", attribute)):
        return False
    return _needs_test(match[1])


def _needs_test(condition):
    """Returns whether a condition of `cfg` holds only in builds of tests."""
    if condition == "test":
        return True
    if not (match := re.fullmatch(r"(all|any)\((.*?),?\)", condition)):
        return False
    parts = split(match[2])
    return (any if match[1] == "all" else all)(_needs_test(part) for part in parts)


def split(text):
    """Returns the parts of a text between its commas. Commas in brackets don't separate
    parts."""
    parts, depth, begin = [], 0, 0
    for at, c in enumerate(text):
        depth += (c in OPENING) - (c in CLOSING)
        if c == "," and not depth:
            parts.append(text[begin:at])
            begin = at + 1
    parts.append(text[begin:])
    return [part.strip() for part in parts if part.strip()]


def closing(text, at):
    """Returns the place of the bracket that closes the one at `at`, or the text's end."""
    depth = 0
    for place in range(at, len(text)):
        depth += (text[place] in OPENING) - (text[place] in CLOSING)
        if not depth:
            return place
    return len(text)


def item_end(text, at):
    """Returns the end of the item at `at`, which may begin with attributes: an item of a
    module, a statement, a field, or an arm."""
    while True:
        at = re.compile(r"\s*").match(text, at).end()
        if match := ATTRIBUTE.match(text, at):
            at = closing(text, match.end() - 1) + 1
        elif match := VISIBILITY.match(text, at):
            at = match.end()
        else:
            break
    may_end_with_block = bool(WITH_BLOCK.match(text, at))
    is_statement = may_end_with_block or bool(WITHOUT_BLOCK.match(text, at))
    is_field = not is_statement and bool(FIELD.match(text, at))
    angles = 0
    begin = at
    while at < len(text):
        c = text[at]
        if c in OPENING:
            is_arm = not is_statement and text[begin:at].rstrip().endswith("=>")
            at = closing(text, at)
            if c == "{" and (may_end_with_block or is_arm):
                return at + 1
        elif c == ";" or (c == "," and not is_statement and not angles):
            return at + 1
        elif c in CLOSING:
            return at
        elif is_field and c in "<>" and text[at - 1] not in "-=":
            angles += 1 if c == "<" else -1
        at += 1
    return at


def _comment_end(text, at):
    depth = 0
    for match in re.compile(r"/\*|\*/").finditer(text, at):
        depth += 1 if match[0] == "/*" else -1
        if not depth:
            return match.end()
    return len(text)
