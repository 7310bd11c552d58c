# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""
A battery of file-system calls, and what they give.

    PYTHONPATH=tests/peers/workload python3 -m calls run DIRECTORY >LINES
    PYTHONPATH=tests/peers/workload python3 -m calls compare WHO LINES-OF-THE-FILE-SYSTEM LINES-OF-WHO

compare ends with 1 if there is a difference that expected.txt does not have for WHO, and shows them.
"""
import difflib
import os
import re
import sys

from calls import data, lib, names, rights, times


def run(directory):
    if os.getuid():
        sys.exit("calls: expected root, who can become others")
    lib.main(directory, names.SECTIONS + rights.SECTIONS + data.SECTIONS + times.SECTIONS)


def expected(who):
    """Patterns of lines that may differ, by who: lines of WHO[,WHO...] | PATTERN | reason."""
    patterns = []
    with open(os.path.join(os.path.dirname(__file__), "expected.txt"), encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            whom, pattern, _ = (part.strip() for part in line.split(" | ", 2))
            if any(re.fullmatch(one, who) for one in whom.split(",")):
                patterns.append(re.compile(pattern))
    return patterns


def lines(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return [line.rstrip("\n") for line in file]


def compare(who, own, other):
    patterns = expected(who)
    known, unknown, own, other = 0, [], lines(own), lines(other)
    for line in difflib.unified_diff(own, other, n=0, lineterm=""):
        if line.startswith(("---", "+++", "@@")):
            continue
        if any(pattern.match(line[1:]) for pattern in patterns):
            known += 1
        else:
            unknown.append(line)
    print(f"# {who}: {len(own)} lines, {len(unknown)} differences, {known} lines of known ones")
    for line in unknown[:400]:
        print(line)
    return 1 if unknown or len(own) < 1000 else 0


if sys.argv[1:2] == ["run"] and len(sys.argv) == 3:
    run(sys.argv[2])
elif sys.argv[1:2] == ["compare"] and len(sys.argv) == 5:
    sys.exit(compare(*sys.argv[2:]))
else:
    sys.exit(__doc__)
