#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Locks on mounts of an NFS server.

nfs-mount-locks.py mounts A B             what locks have to do, on two mounts A and B of the same export
nfs-mount-locks.py hold FILE MARK GO      holds some ranges, makes MARK, and when GO is there looks whether it still has them
nfs-mount-locks.py lost FILE MARK GO      the same, but they are lost then: EIO until all is unlocked
nfs-mount-locks.py keep FILE MARK GO      holds a range behind the others until GO is there
nfs-mount-locks.py try FILE read|write|wait FIRST LENGTH    exit status 0: got it; 1: refused
"""
import errno
import fcntl
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time

FLOCK = "hhqqi4x"
OFD_SETLK, OFD_SETLKW = 37, 38


def control(file, how, kind, first, length):
    lock = struct.pack(FLOCK, kind, os.SEEK_SET, first, length, 0)
    return struct.unpack(FLOCK, fcntl.fcntl(file, how, lock))


def lock(file, kind, first=0, length=0, how=fcntl.F_SETLK):
    control(file, how, kind, first, length)


def refused(call, *args, **more):
    try:
        call(*args, **more)
    except OSError as error:
        assert error.errno in (errno.EAGAIN, errno.EACCES), error
        return True
    return False


def fails(expected, call, *args):
    try:
        call(*args)
    except OSError as error:
        assert error.errno == expected, error
    else:
        raise AssertionError(f"{call} succeeded, expected {errno.errorcode[expected]}")


def opened(name, flags=os.O_RDWR):
    return os.open(name, flags | os.O_CREAT, 0o644)


def wait_until(what):
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def forked(work, *args):
    """A child that does the work; its end is waited for by joined()."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            work(*args)
            code = 0
        except BaseException as error:      # it must not go on as its parent
            print(f"{work.__name__}: {error!r}", file=sys.stderr)
        finally:
            os._exit(code)
    return pid


def joined(*pids):
    for pid in pids:
        assert os.waitpid(pid, 0)[1] == 0


# ---- two mounts

def test_ranges(a, b):
    one, two = opened(f"{a}/ranges"), opened(f"{b}/ranges")
    lock(one, fcntl.F_WRLCK, 100, 50)
    assert refused(lock, two, fcntl.F_RDLCK, 149, 1)
    assert refused(lock, two, fcntl.F_WRLCK, 0, 0)
    lock(two, fcntl.F_WRLCK, 150, 50)
    lock(two, fcntl.F_WRLCK, 0, 100)
    # The middle is let go of, the rest changed to reading.
    lock(one, fcntl.F_UNLCK, 110, 10)
    lock(two, fcntl.F_WRLCK, 110, 10)
    lock(one, fcntl.F_RDLCK, 100, 10)
    lock(two, fcntl.F_RDLCK, 105, 5)
    assert refused(lock, two, fcntl.F_RDLCK, 120, 30)
    kind, _, first, length, _ = control(two, fcntl.F_GETLK, fcntl.F_RDLCK, 115, 1000)
    assert (kind, first, length) == (fcntl.F_WRLCK, 120, 30), (kind, first, length)
    assert control(two, fcntl.F_GETLK, fcntl.F_RDLCK, 5000, 0)[0] == fcntl.F_UNLCK
    lock(one, fcntl.F_WRLCK, 1 << 40, 0)
    assert control(two, fcntl.F_GETLK, fcntl.F_RDLCK, 1 << 50, 1)[2:4] == (1 << 40, 0)
    # Closing any descriptor of the file lets go of all that the process has.
    os.close(opened(f"{a}/ranges"))
    lock(two, fcntl.F_WRLCK, 0, 0)
    os.close(two)
    lock(one, fcntl.F_WRLCK, 0, 0)
    os.close(one)


def test_same_mount(a, b):
    one = opened(f"{a}/same")
    lock(one, fcntl.F_WRLCK, 10, 10)
    ready, go = os.pipe(), os.pipe()

    def child():
        os.close(ready[0])
        assert refused(lock, one, fcntl.F_RDLCK, 15, 1)
        assert control(one, fcntl.F_GETLK, fcntl.F_RDLCK, 0, 0) == (
            fcntl.F_WRLCK, 0, 10, 10, os.getppid())
        os.write(ready[1], b"x")
        lock(one, fcntl.F_WRLCK, 15, 1, fcntl.F_SETLKW)

    pid = forked(child)
    os.read(ready[0], 1)
    lock(one, fcntl.F_UNLCK, 10, 10)
    before = time.monotonic()
    joined(pid)
    assert time.monotonic() - before < 30
    lock(one, fcntl.F_WRLCK, 0, 0)      # the child's are gone with it
    os.close(one)
    for end in ready + go:
        os.close(end)


def test_wait(a, b):
    one, two = opened(f"{a}/wait"), opened(f"{b}/wait")
    lock(one, fcntl.F_WRLCK, 0, 10)
    pid = forked(lock, two, fcntl.F_WRLCK, 5, 1, fcntl.F_SETLKW)
    time.sleep(0.3)
    assert os.waitpid(pid, os.WNOHANG) == (0, 0)
    lock(one, fcntl.F_UNLCK, 0, 0)
    joined(pid)
    # Who is interrupted, or killed, does not get it.
    lock(one, fcntl.F_WRLCK, 0, 10)

    def interrupted():
        signal.signal(signal.SIGALRM, stop)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            lock(two, fcntl.F_WRLCK, 5, 1, fcntl.F_SETLKW)
        except InterruptedError:
            return
        raise AssertionError("it was not interrupted")

    def stop(*_):
        raise InterruptedError

    joined(forked(interrupted))
    pid = forked(lock, two, fcntl.F_WRLCK, 5, 1, fcntl.F_SETLKW)
    time.sleep(0.2)
    os.kill(pid, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    lock(one, fcntl.F_UNLCK, 0, 0)
    time.sleep(0.2)
    lock(one, fcntl.F_WRLCK, 0, 0)
    os.close(one)
    os.close(two)


def test_flock(a, b):
    one, two, reader = opened(f"{a}/flock"), opened(f"{b}/flock"), os.open(f"{b}/flock", os.O_RDONLY)
    now = fcntl.LOCK_NB
    fcntl.flock(one, fcntl.LOCK_EX | now)
    assert refused(fcntl.flock, two, fcntl.LOCK_SH | now)
    fcntl.flock(one, fcntl.LOCK_SH | now)
    fcntl.flock(reader, fcntl.LOCK_SH | now)
    assert refused(fcntl.flock, two, fcntl.LOCK_EX | now)
    fails(errno.EBADF, fcntl.flock, reader, fcntl.LOCK_EX | now)
    fcntl.flock(reader, fcntl.LOCK_UN)
    # The other descriptor is another owner, and its last close lets go.
    again = opened(f"{a}/flock")
    assert refused(fcntl.flock, again, fcntl.LOCK_EX | now)
    copy = os.dup(one)
    os.close(one)
    assert refused(fcntl.flock, two, fcntl.LOCK_EX | now)
    os.close(copy)
    fcntl.flock(again, fcntl.LOCK_EX | now)     # at once: the release goes first
    os.close(again)
    fcntl.flock(two, fcntl.LOCK_EX)
    # and flock(1)
    assert subprocess.run(["flock", "-n", f"{a}/flock", "true"]).returncode == 1
    os.close(two)
    os.close(reader)
    assert subprocess.run(["flock", f"{a}/flock", "true"], timeout=60).returncode == 0


def test_open_file(a, b):
    """Locks of the open file description, which the kernel does not say the end of."""
    one, other, two = opened(f"{a}/ofd"), opened(f"{a}/ofd"), opened(f"{b}/ofd")
    lock(one, fcntl.F_WRLCK, 0, 10, OFD_SETLK)
    assert refused(lock, other, fcntl.F_WRLCK, 5, 10, OFD_SETLK)
    assert refused(lock, two, fcntl.F_WRLCK, 5, 10, OFD_SETLK)
    os.close(other)
    assert refused(lock, two, fcntl.F_WRLCK, 5, 10, OFD_SETLK)
    os.close(one)
    lock(two, fcntl.F_WRLCK, 5, 10, OFD_SETLKW)
    os.close(two)


def count(name, times):
    """Adds to a number, reading and writing it under a lock through the kernel's cache."""
    file = opened(name)
    for _ in range(times):
        lock(file, fcntl.F_WRLCK, 0, 0, fcntl.F_SETLKW)
        number = int(os.pread(file, 20, 0) or b"0")
        os.pwrite(file, b"%d" % (number + 1), 0)
        lock(file, fcntl.F_UNLCK)
    os.close(file)


def test_counter(a, b):
    pids = [forked(count, f"{where}/counter", 25) for where in (a, b, a, b)]
    joined(*pids)
    for where in (a, b):
        with open(f"{where}/counter", encoding="ascii") as file:
            assert file.read() == "100", where


def insert(name, who, times):
    base = sqlite3.connect(name, timeout=60, isolation_level=None)
    for i in range(times):
        base.execute("begin immediate")
        (number,) = base.execute("select count(*) from t").fetchone()
        base.execute("insert into t values (?, ?, ?)", (number, who, i))
        base.execute("commit")
    base.close()


def test_sqlite(a, b):
    base = sqlite3.connect(f"{a}/base", isolation_level=None)
    base.execute("create table t (number integer primary key, who integer, i integer)")
    base.close()
    joined(*[forked(insert, f"{where}/base", who, 10) for who, where in enumerate((a, b))])
    base = sqlite3.connect(f"{b}/base")
    assert base.execute("pragma integrity_check").fetchone() == ("ok",)
    rows = base.execute("select number, who, i from t order by number").fetchall()
    base.close()
    assert [row[0] for row in rows] == list(range(20))
    for who in (0, 1):
        assert [row[2] for row in rows if row[1] == who] == list(range(10))


def mounts(a, b):
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test(a, b)
            print(f"{name[5:]}: ok", flush=True)


# ---- what is held when something happens to the server, the mount or the network

def hold_some(name, mark, go):
    file = opened(name)
    os.pwrite(file, b"x" * 1000, 0)
    lock(file, fcntl.F_WRLCK, 100, 50)
    lock(file, fcntl.F_RDLCK, 300, 0)
    lock(file, fcntl.F_UNLCK, 400, 10)
    with open(mark, "w", encoding="ascii"):
        pass
    wait_until(lambda: os.path.exists(go))
    return file


def hold(name, mark, go):
    file = hold_some(name, mark, go)
    lock(file, fcntl.F_WRLCK, 100, 60)
    os.pwrite(file, b"kept", 100)
    os.fsync(file)
    lock(file, fcntl.F_UNLCK)
    os.close(file)


def lost(name, mark, go):
    file = hold_some(name, mark, go)
    fails(errno.EIO, lock, file, fcntl.F_WRLCK, 100, 1)
    fails(errno.EIO, os.pread, file, 10, 0)
    fails(errno.EIO, lock, file, fcntl.F_UNLCK)
    lock(file, fcntl.F_WRLCK, 100, 1)
    assert os.pread(file, 1, 0) == b"x"
    os.close(file)


def keep(name, mark, go):
    file = opened(name)
    lock(file, fcntl.F_WRLCK, 500, 10)
    with open(mark, "w", encoding="ascii"):
        pass
    wait_until(lambda: os.path.exists(go))
    os.close(file)


def attempt(name, kind, first, length):
    file = opened(name)
    how = fcntl.F_SETLKW if kind == "wait" else fcntl.F_SETLK
    kinds = {"read": fcntl.F_RDLCK, "write": fcntl.F_WRLCK, "wait": fcntl.F_WRLCK}
    sys.exit(refused(lock, file, kinds[kind], int(first), int(length), how))


{"mounts": mounts, "hold": hold, "lost": lost, "keep": keep, "try": attempt}[sys.argv[1]](*sys.argv[2:])
