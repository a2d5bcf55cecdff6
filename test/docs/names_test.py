#!/usr/bin/env python3
"""Checks that no two files define a type or an inline function of the same name.

The unit tests and the whole library are linked into one program, where two definitions of one name break the
one-definition rule without a word from the linker. What only one file uses stands in an unnamed namespace and does not
count. Reads what clang-format writes: definitions of a namespace start in the first column.
"""

import collections
import os
import pathlib
import re
import sys

FOLDERS = ("include", "src", "test")
NAMESPACE = re.compile(r"^(?:inline )?namespace(?: ([\w:]+))? \{")
NAMESPACE_END = re.compile(r"^\}\s*// namespace")
TYPE = re.compile(r"^(?:struct|class|union|enum(?: class| struct)?)(?: alignas\([^)]*\))? (\w+)\b(?!::)[^;=]*$")
ONE_LINE_TYPE = re.compile(r"^(?:struct|class|union|enum(?: class| struct)?) (\w+)\b(?!::)[^;(]*\{.*\};$")
INLINE_FUNCTION = re.compile(r"^(?:\[\[nodiscard\]\] )?(?:constexpr|inline)\b[^=(]*?([\w~]+\([^)]*\)?)")


def defined_name(line):
    """The name a line of namespace scope defines, or None. Overloads of a function differ by their parameters."""
    for pattern in (TYPE, ONE_LINE_TYPE, INLINE_FUNCTION):
        match = pattern.match(line)
        if match:
            return match.group(1)
    return None


def definitions(text):
    """Line number and qualified name of all that a file defines for every file to see."""
    namespaces = []
    for number, line in enumerate(text.splitlines(), 1):
        opened = NAMESPACE.match(line)
        if opened:
            namespaces.append(opened.group(1))
        elif NAMESPACE_END.match(line):
            namespaces.pop()
        elif None not in namespaces and (name := defined_name(line)):
            yield number, "::".join([*namespaces, name])


def clashes(root):
    """By name, the places of those defined more than once."""
    places = collections.defaultdict(list)
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".cc", ".h"):
                continue
            for number, name in definitions(path.read_text(encoding="utf-8")):
                places[name].append(f"{path.relative_to(root)}:{number}")
    return {name: found for name, found in places.items() if len(found) > 1}


def main():
    root = pathlib.Path(os.environ.get("UVB_SOURCE_DIR") or pathlib.Path(__file__).resolve().parents[2])
    found = clashes(root)
    for name, where in sorted(found.items()):
        print(f"{name} is defined in {' and '.join(where)}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
