#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""block.py DEVICE write|check TEXT BLOCK, block.py DEVICE sync: one block of 4 KiB past the page cache, or a flush.

The block holds TEXT over and over.  Status 1: another content; 5: input/output error."""
import errno
import mmap
import os
import sys

SIZE = 4096


def main():
    device, what = sys.argv[1:3]
    fd = os.open(device, os.O_RDWR | os.O_DIRECT)
    block = mmap.mmap(-1, SIZE)
    try:
        if what == "sync":
            os.fdatasync(fd)
            return 0
        want = (sys.argv[3].encode() * SIZE)[:SIZE]
        at = int(sys.argv[4]) * SIZE
        if what == "write":
            block.write(want)
            return 0 if os.pwritev(fd, [block], at) == SIZE else 1
        return 0 if os.preadv(fd, [block], at) == SIZE and block[:] == want else 1
    except OSError as e:
        print(f"block.py: {what}: {e.strerror}", file=sys.stderr)
        return 5 if e.errno == errno.EIO else 2


sys.exit(main())
