#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Records whose loss would show, for a server that is killed while they are written.

  nfs-mount-load.py write FILE STOP SEED    until STOP exists; prints how many records are on stable storage
  nfs-mount-load.py check FILE N SEED       the file has N records at least, and the right ones
"""
import hashlib
import os
import sys

SIZES = [100, 5000, 70000, 1 << 20]


def record(seed, n):
    size = SIZES[(n * 7 + seed) % len(SIZES)]
    return (hashlib.sha256(f"{seed}-{n}".encode()).digest() * (size // 32 + 1))[:size]


def write(path, stop, seed):
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o644)
    n = 0
    while not os.path.exists(stop):
        for _ in range(1 + n % 7):
            data = record(seed, n % 300)    # the file goes round, and does not grow without end
            if n % 300 == 0:
                os.lseek(fd, 0, os.SEEK_SET)
            assert os.write(fd, data) == len(data)
            n += 1
        os.fsync(fd)
        print(n, flush=True)
    os.close(fd)


def check(path, n, seed):
    with open(path, "rb") as file:
        for i in range(min(n, 300)):
            if file.read(len(record(seed, i))) != record(seed, i):
                sys.exit(f"{path}: record {i} of {n} is another")


if sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    check(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
