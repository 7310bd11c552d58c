#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""admin-check: what openrdma's admin sockets say, read as strictly as Prometheus does; and bad clients of them.

    admin-check metrics <TEXT            the text is right; prints NAME{LABELS} VALUE, sorted
    admin-check ask SOCKET REQUEST       the answer to bytes with escapes such as \\n
    admin-check garbage SOCKET           what no client should send
    admin-check crowd SOCKET N SECONDS   N connections that keep silent, or ask and never read
"""
import codecs
import random
import re
import socket
import sys
import time

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(\{{{LABEL}(?:,{LABEL})*\}})? (\+Inf|-?[0-9]+(?:\.[0-9]+)?)\Z")
HEAD = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)\Z")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


def fail(number, line, why):
    sys.exit(f"admin-check: line {number}: {why}: {line}")


def judge_head(families, open_family, number, line):
    match = HEAD.match(line)
    if not match:
        fail(number, line, "neither HELP nor TYPE")
    kind, name, text = match.groups()
    if kind == "HELP":
        if name in families:
            fail(number, line, "a family a second time")
        families[name] = None
        return name
    if name != open_family or families[name]:
        fail(number, line, "TYPE does not follow HELP")
    if text not in SUFFIXES:
        fail(number, line, "unknown type")
    if (text == "counter") != name.endswith("_total"):
        fail(number, line, "_total is for counters, and they have it")
    families[name] = text
    return name


def judge_histograms(families, samples):
    for name, kind in families.items():
        if kind != "histogram":
            continue
        last, low = -1, -1.0
        for series, value in samples.items():
            if series.startswith(name + "_bucket"):
                bound = float(re.search(r'le="([^"]*)"', series).group(1))
                if bound <= low or value < last:
                    sys.exit(f"admin-check: {series}: buckets do not grow")
                low, last = bound, value
        if low != float("inf") or samples.get(name + "_count") != last or name + "_sum" not in samples:
            sys.exit(f"admin-check: {name}: no +Inf, or another _count")


def metrics():
    families, samples, family = {}, {}, None
    text = sys.stdin.read()
    if not text.endswith("\n"):
        sys.exit("admin-check: the last line has no end")
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            family = judge_head(families, family, number, line)
            continue
        match = SAMPLE.match(line)
        if not match:
            fail(number, line, "no sample")
        series = line.rsplit(" ", 1)[0]
        kind = families.get(family)
        if not kind or match.group(1) not in [family + suffix for suffix in SUFFIXES[kind]]:
            fail(number, line, "not of the family above it")
        if series in samples:
            fail(number, line, "a series a second time")
        samples[series] = float(line.rsplit(" ", 1)[1])
    judge_histograms(families, samples)
    for series in sorted(samples):
        print(series, f"{samples[series]:.9g}")


def dial(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(15)
    end = time.monotonic() + 15
    while True:
        try:
            sock.connect(path)
            return sock
        except BlockingIOError:         # the backlog is full
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


def ask(path, request):
    sock = dial(path)
    sock.sendall(request)
    sock.shutdown(socket.SHUT_WR)
    answer = b""
    while True:
        try:
            part = sock.recv(65536)
        except ConnectionResetError:    # more was sent than was read
            break
        if not part:
            break
        answer += part
    return answer


def garbage(path):
    rng = random.Random(7)
    cases = [b"\n", b"\0\n", b"status\0\n", b"drop\n", b"drop \xff\xfe\n", b"drop " + b"9" * 3000 + b"\n",
             b"GET / HTTP/1.1\r\n\r\n", b"GET ", b"{" * 4000, b"x" * 100000, b"s", b"\"\\\n"]
    cases += [rng.randbytes(rng.randrange(1, 6000)) for _ in range(60)]
    for case in cases:
        try:
            answer = ask(path, case)
        except (BrokenPipeError, ConnectionResetError):
            continue
        if answer and not answer.startswith((b'{"ok":', b"HTTP/1.0 ", b"{\"error\"")):
            sys.exit(f"admin-check: {case[:40]!r} is answered by {answer[:80]!r}")


def crowd(path, n, seconds):
    socks = []
    for i in range(n):
        sock = dial(path)
        socks.append(sock)
        if i % 2:
            try:
                sock.sendall(b"status\n")
            except BrokenPipeError:
                pass
    print("here", flush=True)
    time.sleep(seconds)


def main():
    what, args = sys.argv[1] if len(sys.argv) > 1 else "", sys.argv[2:]
    if what == "metrics":
        metrics()
    elif what == "ask":
        sys.stdout.buffer.write(ask(args[0], codecs.escape_decode(args[1].encode())[0]))
    elif what == "garbage":
        garbage(args[0])
    elif what == "crowd":
        crowd(args[0], int(args[1]), float(args[2]))
    else:
        sys.exit(__doc__)


main()
