#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""nfs-mount-semantics.py A B: what a file system has to do, on two mounts A and B of the same empty export."""
import errno
import mmap
import os
import shutil
import stat
import sys
import time

A, B = sys.argv[1], sys.argv[2]


def put(where, name, data, flags=os.O_CREAT | os.O_WRONLY | os.O_TRUNC):
    fd = os.open(f"{where}/{name}", flags, 0o644)
    os.write(fd, data)
    os.close(fd)


def get(where, name):
    with open(f"{where}/{name}", "rb") as file:
        return file.read()


def fails(expected, call, *args):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == expected, error
    else:
        raise AssertionError(f"{call} succeeded, expected {errno.errorcode[expected]}")


def as_user(uid, call, *args):
    """The call by a user of no other groups: None, or its errno."""
    pid = os.fork()
    if pid == 0:
        code = 0
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            call(*args)
        except OSError as error:
            code = error.errno
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) or None


def hidden():
    return [name for name in os.listdir(A) if name.startswith(".nfs")]


def test_close_to_open():
    for i in range(50):
        writer, reader = (A, B) if i % 2 else (B, A)
        data = f"round {i} {'x' * (i * 37 % 91)}".encode()
        put(writer, "cto", data)
        assert get(reader, "cto") == data, i
        # of the same size, and not through a new file
        put(reader, "cto", data[::-1], os.O_WRONLY)
        assert get(writer, "cto") == data[::-1], i


def test_append_in_turns():
    want = b""
    for i in range(60):
        line = f"line {i}\n".encode() * (i % 5 + 1)
        put((A, B)[i % 2], "log", line, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        want += line
    assert get(A, "log") == want and get(B, "log") == want


def test_own_view():
    fd = os.open(f"{A}/size", os.O_CREAT | os.O_RDWR | os.O_TRUNC, 0o644)
    for i in range(1, 101):
        os.write(fd, b"z" * 1000)
        assert os.fstat(fd).st_size == i * 1000
        assert os.stat(f"{A}/size").st_size == i * 1000
        assert os.pread(fd, 1000, i * 1000 - 1000) == b"z" * 1000
    os.ftruncate(fd, 500)
    assert os.fstat(fd).st_size == 500
    os.pwrite(fd, b"end", 5000)
    assert os.pread(fd, 10000, 400) == b"z" * 100 + b"\0" * 4500 + b"end"
    for i in range(200):    # into what may be on its way
        os.pwrite(fd, bytes([i]) * 3000, 1000 + i * 10)
        assert os.pread(fd, 3000, 1000 + i * 10) == bytes([i]) * 3000
    want = os.pread(fd, 10000, 0)
    os.close(fd)
    assert get(B, "size") == want


def test_open_and_removed():
    fd = os.open(f"{A}/gone", os.O_CREAT | os.O_RDWR, 0o644)
    os.write(fd, b"still here")
    os.unlink(f"{A}/gone")
    assert not os.path.exists(f"{A}/gone")
    assert os.pread(fd, 100, 0) == b"still here"
    os.pwrite(fd, b"S", 0)
    os.fsync(fd)
    assert os.pread(fd, 5, 0) == b"Still"
    assert len(hidden()) == 1
    os.close(fd)
    until = time.monotonic() + 30
    while hidden():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_replaced_while_open():
    put(A, "old", b"old")
    put(A, "new", b"new")
    fd = os.open(f"{A}/old", os.O_RDONLY)
    os.rename(f"{A}/new", f"{A}/old")
    assert os.read(fd, 10) == b"old" and get(A, "old") == b"new"
    os.close(fd)


def test_links():
    put(A, "one", b"linked")
    os.link(f"{A}/one", f"{A}/two")
    one, two = os.stat(f"{A}/one"), os.stat(f"{A}/two")
    assert two.st_nlink == 2 and one.st_ino == two.st_ino
    os.symlink("one", f"{A}/soft")
    assert os.readlink(f"{A}/soft") == "one" and get(B, "soft") == b"linked"
    os.chmod(f"{A}/one", 0o600)
    assert stat.S_IMODE(os.stat(f"{A}/two").st_mode) == 0o600


def test_attributes():
    put(A, "attr", b"x")
    os.chown(f"{A}/attr", 1234, 2345)
    at = os.stat(f"{A}/attr")
    assert (at.st_uid, at.st_gid) == (1234, 2345)
    os.utime(f"{A}/attr", ns=(10**18, 10**18 + 5000))
    at = os.stat(f"{A}/attr")
    assert (at.st_atime_ns, at.st_mtime_ns) == (10**18, 10**18 + 5000)
    os.mkfifo(f"{A}/fifo")
    assert stat.S_ISFIFO(os.stat(f"{A}/fifo").st_mode)
    os.mknod(f"{A}/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    assert os.stat(f"{A}/null").st_rdev == os.makedev(1, 3)
    assert os.statvfs(A).f_blocks > 0


def test_errors():
    put(A, "there", b"x")
    fails(errno.ENOTSUP, os.setxattr, f"{A}/there", "user.x", b"1")
    fails(errno.ENOENT, os.stat, f"{A}/none")
    fails(errno.EEXIST, os.open, f"{A}/there", os.O_CREAT | os.O_EXCL)
    fails(errno.ENOTDIR, os.stat, f"{A}/there/x")
    fails(errno.ENAMETOOLONG, put, A, "x" * 256, b"")
    os.mkdir(f"{A}/dir")
    put(A, "dir/f", b"x")
    fails(errno.ENOTEMPTY, os.rmdir, f"{A}/dir")
    os.rename(f"{A}/dir", f"{A}/dir2")
    os.unlink(f"{A}/dir2/f")
    os.rmdir(f"{A}/dir2")


def test_set_id():
    changes = {
        "append": lambda path: put(os.path.dirname(path), os.path.basename(path), b"x", os.O_WRONLY | os.O_APPEND),
        "cut": lambda path: os.truncate(path, 1),
        "anew": lambda path: put(os.path.dirname(path), os.path.basename(path), b"x", os.O_WRONLY | os.O_TRUNC),
    }
    os.chmod(A, 0o777)
    for where in A, B:
        for name, change in changes.items():
            put(where, name, b"some text")
            for mode, left in (0o6777, 0o777), (0o4767, 0o767), (0o1777, 0o1777):
                os.chmod(f"{where}/{name}", mode)
                change(f"{where}/{name}")
                assert os.stat(f"{where}/{name}").st_mode & 0o7777 == mode, "root's writing leaves them"
                error = as_user(1234, change, f"{where}/{name}")
                assert error is None, (name, oct(mode), error)
                now = os.stat(f"{where}/{name}").st_mode & 0o7777
                # The kernel's server leaves them to who cuts a file that is not his.
                assert now == left or name == "cut" and now == mode, (name, oct(mode), oct(now))
            os.unlink(f"{where}/{name}")
        put(where, "given", b"")
        os.chown(f"{where}/given", 1234, 1234)
        os.chmod(f"{where}/given", 0o6777)
        assert as_user(1234, os.chown, f"{where}/given", 1234, 1234) is None
        assert os.stat(f"{where}/given").st_mode & 0o7777 == 0o777
        os.chown(f"{where}/given", 0, 0)
        os.chmod(f"{where}/given", 0o6777)
        assert as_user(1234, os.chmod, f"{where}/given", 0o777) == errno.EPERM
        os.unlink(f"{where}/given")


def test_not_searchable():
    for where in A, B:
        os.mkdir(f"{where}/shut")
        put(where, "shut/name", b"")
        os.chmod(f"{where}/shut", 0o644)

        def look():
            assert os.listdir(f"{where}/shut") == ["name"]

        assert as_user(1234, look) is None
        assert as_user(1234, os.stat, f"{where}/shut/name") == errno.EACCES
        shutil.rmtree(f"{where}/shut")


def test_no_attributes_of_others():
    for where in A, B:
        os.mkfifo(f"{where}/pipe")
        os.symlink("pipe", f"{where}/link")
        os.mknod(f"{where}/zero", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
        for name in "pipe", "link", "zero":
            assert os.listxattr(f"{where}/{name}", follow_symlinks=False) == []
            os.unlink(f"{where}/{name}")


def test_mapped():
    put(A, "map", b"\0" * 100000)
    fd = os.open(f"{A}/map", os.O_RDWR)
    memory = mmap.mmap(fd, 100000)
    memory[5000:5005] = b"hello"
    memory[99999:] = b"!"
    memory.flush()
    os.close(fd)
    memory.close()
    data = get(B, "map")
    assert data[5000:5005] == b"hello" and data[-1:] == b"!" and len(data) == 100000


def test_many_names():
    names = [f"a-name-that-is-not-short-{i}" for i in range(1500)]
    os.mkdir(f"{A}/many")
    for name in names:
        put(A, f"many/{name}", b"")
    assert sorted(os.listdir(f"{B}/many")) == sorted(names)
    assert sum(entry.stat().st_size == 0 for entry in os.scandir(f"{A}/many")) == len(names)
    shutil.rmtree(f"{B}/many")
    assert not os.path.exists(f"{B}/many")


for name, test in list(globals().items()):
    if name.startswith("test_"):
        print("#", name, flush=True)
        test()
