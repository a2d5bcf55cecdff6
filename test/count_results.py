#!/usr/bin/env python3
"""Counts the tests of one suite from what its runners wrote.

    count_results.py NAME STATUS [gtest FILE] [junit FILE] [trs DIRECTORY] [status]

Prints `NAME PASSED FAILED SKIPPED`. A missing or broken file is a failure, and so is a suite that ended with another
STATUS than 0 without any failed test in its results. `status` counts the suite itself as one test.
"""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree

UNIT_TESTS = "uvbouncer-unit-tests.trs"


def outcome(case):
    """How one <testcase>, of GoogleTest or pytest, ended."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "passed"


def xml_outcomes(path):
    """The outcomes in a JUnit-like file; none at all is a failure."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return ["failed"]
    return [outcome(case) for case in cases] or ["failed"]


def trs_outcomes(directory):
    """The outcomes of automake's test programs, but for the unit tests, which have a file of their own."""
    results = {"PASS": "passed", "SKIP": "skipped"}
    outcomes = []
    for path in sorted(pathlib.Path(directory).rglob("*.trs")):
        lines = path.read_text().splitlines()
        words = [line.split()[1] for line in lines if line.startswith(":test-result:")]
        if path.name != UNIT_TESTS:
            outcomes += [results.get(word, "failed") for word in words] or ["failed"]
    return outcomes or ["failed"]


def main(name, status, *sources):
    outcomes = []
    words = iter(sources)
    for word in words:
        if word == "status":
            outcomes.append("passed" if status == "0" else "failed")
        elif word == "trs":
            outcomes += trs_outcomes(next(words))
        else:
            outcomes += xml_outcomes(next(words))
    if status != "0" and "failed" not in outcomes:
        outcomes.append("failed")
    print(name, *(outcomes.count(word) for word in ("passed", "failed", "skipped")))


if __name__ == "__main__":
    main(*sys.argv[1:])
