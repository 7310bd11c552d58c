#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""nfs-mount-xattrs.py A B: extended attributes on two mounts A and B of the same export.
   nfs-mount-xattrs.py none A: on a mount that has none"""
import errno
import os
import sys


def fails(expected, call, *args):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == expected, error
    else:
        raise AssertionError(f"{call} succeeded, expected {errno.errorcode[expected]}")


def make(path):
    with open(path, "wb") as file:
        file.write(b"data")


def some(a, b):
    one, other = f"{a}/xattr", f"{b}/xattr"
    make(one)
    assert os.listxattr(one) == []
    fails(errno.ENODATA, os.getxattr, one, "user.none")
    fails(errno.ENODATA, os.removexattr, one, "user.none")
    fails(errno.ENODATA, os.setxattr, one, "user.none", b"", os.XATTR_REPLACE)
    # From nothing to what fits into a message no longer.
    for size in (0, 1, 3, 100, 3000, 3001, 3500, 3900):
        value = os.urandom(size)
        os.setxattr(one, "user.value", value)
        assert os.getxattr(other, "user.value") == value, size
    fails(errno.EEXIST, os.setxattr, one, "user.value", b"", os.XATTR_CREATE)
    os.setxattr(other, "user.value", b"short", os.XATTR_REPLACE)
    assert os.getxattr(one, "user.value") == b"short"
    os.removexattr(other, "user.value")
    fails(errno.ENODATA, os.getxattr, one, "user.value")
    # Names of all lengths.
    names = {f"user.{'n' * i}" for i in (1, 2, 3, 4, 100, 249)} | {"user.sch\N{LATIN SMALL LETTER O WITH DIAERESIS}n"}
    for name in names:
        os.setxattr(one, name, name.encode()[:20])
    assert set(os.listxattr(other)) == names
    for name in names:
        assert os.getxattr(other, name) == name.encode()[:20]
        os.removexattr(one, name)
    assert os.listxattr(other) == []
    # Directories have them, other namespaces are not there.
    os.mkdir(f"{a}/xdir")
    os.setxattr(f"{a}/xdir", "user.x", b"y")
    assert os.listxattr(f"{b}/xdir") == ["user.x"]
    for name in ("trusted.x", "security.x"):
        fails(errno.EOPNOTSUPP, os.setxattr, one, name, b"x")
        fails(errno.EOPNOTSUPP, os.getxattr, one, name)
    os.rmdir(f"{a}/xdir")
    os.unlink(one)


def none(a):
    one = f"{a}/xattr"
    make(one)
    for _ in range(3):
        fails(errno.EOPNOTSUPP, os.setxattr, one, "user.x", b"x")
        fails(errno.EOPNOTSUPP, os.getxattr, one, "user.x")
        fails(errno.EOPNOTSUPP, os.listxattr, one)
        fails(errno.EOPNOTSUPP, os.removexattr, one, "user.x")
    os.unlink(one)


if sys.argv[1] == "none":
    none(sys.argv[2])
else:
    some(sys.argv[1], sys.argv[2])
