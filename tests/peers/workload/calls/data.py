# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Data: sizes, holes, offsets, what is removed while it is open, extended attributes, locks."""
import ctypes
import fcntl
import mmap
import os
import struct

from calls.lib import KINDS, OTHER, OWNER, as_user, begin, c, call, child, make, put, remove, say, show

BIG = (1 << 31) - 1, 1 << 32, (1 << 44) - 8192, 1 << 44, 1 << 50, 1 << 62, (1 << 63) - 1


def offset(n):
    return ctypes.c_longlong(n)


def sizes():
    begin("size")
    for kind in KINDS:
        make(kind, "x")
        call(f"truncate of {kind}", os.truncate, "x", 5)
        show(f"truncate of {kind}, then", "x")
        remove("x")
    fd = os.open("f", os.O_CREAT | os.O_RDWR, 0o644)
    for n in (0, 1, 4095, 4096, 100000, 10) + BIG + (-1,):
        call(f"ftruncate to {n}", os.ftruncate, fd, n)
        say(f"ftruncate to {n}, then", os.fstat(fd).st_size)
    os.ftruncate(fd, 0)
    for n in BIG:
        call(f"write at {n}", os.pwrite, fd, b"x" * 4096, n)
        say(f"write at {n}, then", os.fstat(fd).st_size)
        call(f"read at {n}", lambda: len(os.pread(fd, 4096, n)))
        os.ftruncate(fd, 0)
    call("write at -1", os.pwrite, fd, b"x", -1)
    call("of nothing", os.write, fd, b"")
    os.pwrite(fd, b"abc", 10)
    call("a hole", os.pread, fd, 100, 0)
    os.ftruncate(fd, 12)
    os.ftruncate(fd, 14)
    call("zeros behind the cut", os.pread, fd, 100, 0)
    read = os.open("f", os.O_RDONLY)
    call("write by a descriptor to read", os.write, read, b"x")
    call("ftruncate by it", os.ftruncate, read, 0)
    write = os.open("f", os.O_WRONLY)
    call("read by one to write", os.read, write, 1)
    append = os.open("f", os.O_RDWR | os.O_APPEND)
    os.pwrite(append, b"END", 0)
    call("append by pwrite", os.pread, append, 100, 0)
    call("directory read", lambda: os.read(os.open(".", os.O_RDONLY), 10))
    for whence, at in (os.SEEK_SET, -1), (os.SEEK_END, -5), (os.SEEK_END, 5), (os.SEEK_SET, 1 << 62):
        call(f"seek {at} from {whence}", os.lseek, fd, at, whence)
    direct = os.open("direct", os.O_CREAT | os.O_RDWR | os.O_DIRECT, 0o644)
    page = mmap.mmap(-1, 8192)
    page[:] = b"d" * 8192
    call("direct write", os.pwritev, direct, [page], 4096)
    call("direct read", os.preadv, direct, [page], 0)
    say("which gave", (page[:1], page[4096:4097]))
    sync = os.open("sync", os.O_CREAT | os.O_RDWR | os.O_SYNC, 0o644)
    call("synchronous write", os.write, sync, b"s" * 10000)
    memory = mmap.mmap(os.open("map", os.O_CREAT | os.O_RDWR, 0o644), 0) if os.path.exists("map") else None
    put("map", b"m" * 5000)
    fd = os.open("map", os.O_RDWR)
    memory = mmap.mmap(fd, 5000)
    memory[4000:4005] = b"hello"
    memory.flush()
    call("mapped, read", os.pread, fd, 5, 4000)
    os.ftruncate(fd, 4096)
    show("mapped, cut", "map")


def spaces():
    begin("space")
    fd = os.open("f", os.O_CREAT | os.O_RDWR, 0o644)
    os.write(fd, b"x" * 100000)
    for word, mode in (("allocate", 0), ("keep size", 1), ("punch", 3), ("collapse", 8), ("zero", 16), ("insert", 32)):
        for at, n in (0, 65536), (200000, 65536), (0, 0), (-1, 5):
            call(f"{word} {n} at {at}", c, "fallocate", fd, mode, offset(at), offset(n))
            say(f"{word} {n} at {at}, then", os.fstat(fd).st_size)
            os.ftruncate(fd, 0)
            os.pwrite(fd, b"x" * 100000, 0)
    os.ftruncate(fd, 0)
    os.ftruncate(fd, 1 << 20)
    os.pwrite(fd, b"data", 1 << 19)
    os.fsync(fd)
    for word, whence in ("data", os.SEEK_DATA), ("hole", os.SEEK_HOLE):
        for at in 0, 1 << 19, (1 << 19) + 100000, 1 << 20, 1 << 21:
            call(f"seek {word} at {at}", os.lseek, fd, at, whence)
    put("source", b"s" * 50000)
    source, target = os.open("source", os.O_RDONLY), os.open("target", os.O_CREAT | os.O_RDWR, 0o644)
    call("copy_file_range", os.copy_file_range, source, target, 30000)
    show("copy_file_range, then", "target")
    call("sendfile", os.sendfile, target, source, 0, 40000)
    call("clone", fcntl.ioctl, target, 0x40049409, source)
    call("posix_fadvise", os.posix_fadvise, source, 0, 0, os.POSIX_FADV_DONTNEED)
    call("sync_file_range", c, "sync_file_range", target, offset(0), offset(0), 7)
    call("syncfs", c, "syncfs", target)
    call("fdatasync", os.fdatasync, target)
    call("fsync of a directory", lambda: os.fsync(os.open(".", os.O_RDONLY)))
    at = os.statvfs(".")
    say("statvfs", (at.f_namemax, at.f_blocks > 0, at.f_bavail <= at.f_bfree <= at.f_blocks, at.f_files > 0))
    say("pathconf", (os.pathconf(".", "PC_NAME_MAX"), os.pathconf(".", "PC_NO_TRUNC"), os.pathconf(".", "PC_CHOWN_RESTRICTED")))


def removed():
    begin("removed")
    for word in "unlink", "rename over", "link and unlink":
        fd = os.open("x", os.O_CREAT | os.O_RDWR, 0o644)
        os.write(fd, b"still here")
        if word == "unlink":
            os.unlink("x")
        elif word == "rename over":
            put("new", b"new")
            os.rename("new", "x")
        else:
            os.link("x", "y")
            os.unlink("x")
        call(f"{word}: read", os.pread, fd, 100, 0)
        call(f"{word}: write", os.pwrite, fd, b"S", 0)
        call(f"{word}: fsync", os.fsync, fd)
        call(f"{word}: read again", os.pread, fd, 100, 0)
        call(f"{word}: ftruncate", os.ftruncate, fd, 5)
        call(f"{word}: fchmod", os.fchmod, fd, 0o600)
        call(f"{word}: mode, size", lambda: (oct(os.fstat(fd).st_mode), os.fstat(fd).st_size))
        call(f"{word}: nlink", lambda: os.fstat(fd).st_nlink)
        call(f"{word}: by /proc", lambda: open(f"/proc/self/fd/{fd}", "rb").read())
        os.close(fd)
        say(f"{word}: left", sorted(name for name in os.listdir(".") if not name.startswith(".nfs")))
        for name in "x", "y":
            remove(name)
    os.mkdir("d")
    fd = os.open("d/f", os.O_CREAT | os.O_RDWR, 0o644)
    os.unlink("d/f")
    call("directory of a removed file", os.rmdir, "d")
    os.close(fd)
    os.mkdir("here")
    os.chdir("here")
    os.rmdir("../here")
    call("getcwd", os.getcwd)
    call("file", put, "x")
    call("list", os.listdir, ".")
    call("stat of ..", lambda: os.stat("..") and None)


def attributes():
    begin("xattr")
    put("f", b"", 0o666)
    os.mkdir("d")
    make("link", "l")
    make("fifo", "p")
    for name in "f", "d", "l", "p":
        for key in "user.one", "user.", "user.x" + "y" * 248, "user.x" + "y" * 250, "trusted.t", "security.s", "none.x", "one":
            title = f"{name} {key[:12]}{len(key)}"
            call(f"{title} get", os.getxattr, name, key, follow_symlinks=False)
            call(f"{title} set", os.setxattr, name, key, b"value", follow_symlinks=False)
            call(f"{title} get again", os.getxattr, name, key, follow_symlinks=False)
            call(f"{title} create", os.setxattr, name, key, b"v", os.XATTR_CREATE, follow_symlinks=False)
            call(f"{title} replace", os.setxattr, name, key, b"other", os.XATTR_REPLACE, follow_symlinks=False)
            call(f"{title} list", lambda: sorted(os.listxattr(name, follow_symlinks=False)) if "user" in key else [])
            call(f"{title} remove", os.removexattr, name, key, follow_symlinks=False)
            call(f"{title} remove again", os.removexattr, name, key, follow_symlinks=False)
            call(f"{title} replace again", os.setxattr, name, key, b"v", os.XATTR_REPLACE, follow_symlinks=False)
    for n in 0, 1, 255, 2000:
        call(f"value of {n}", os.setxattr, "f", "user.v", b"v" * n)
        call(f"value of {n}, read", lambda: len(os.getxattr("f", "user.v")))
    for mode in 0o644, 0o400, 0o222:
        os.chmod("f", mode)

        def batch():
            call(f"{mode:o} get", lambda: len(os.getxattr("f", "user.v")))
            call(f"{mode:o} set", os.setxattr, "f", "user.o", b"x")
            call(f"{mode:o} list", lambda: sorted(os.listxattr("f")))
            call(f"{mode:o} remove", os.removexattr, "f", "user.o")

        as_user(OTHER, batch)


def locks():
    begin("lock")
    put("f", b"x" * 1000)
    fd = os.open("f", os.O_RDWR)
    kinds = {"read": fcntl.F_RDLCK, "write": fcntl.F_WRLCK, "unlock": fcntl.F_UNLCK}

    def lock(fd, word, first, n, command=fcntl.F_SETLK):
        answer = fcntl.fcntl(fd, command, struct.pack("hhqqi4x", kinds[word], os.SEEK_SET, first, n, 0))
        kind, _, first, n, _ = struct.unpack("hhqqi4x", answer)
        return kind, first, n

    def other(name, *args):
        say(name, child(lambda: lock(os.open("f", os.O_RDWR), *args) and None))

    for word, first, n in ("write", 100, 50), ("read", 200, 100), ("unlock", 120, 10), ("write", 210, 10), ("read", 0, 0):
        call(f"{word} {first} {n}", lock, fd, word, first, n)
        for theirs in "read", "write":
            for at in 0, 100, 119, 120, 129, 130, 200, 215, 299, 300, 5000:
                other(f"{word} {first} {n}: {theirs} of {at} by another", theirs, at, 1)
    say("who is in the way", child(lambda: lock(os.open("f", os.O_RDWR), "write", 0, 0, fcntl.F_GETLK)[0]))
    os.close(os.open("f", os.O_RDONLY))
    other("another descriptor was closed", "write", 0, 0)
    call("negative length", lock, fd, "write", 100, -50)
    call("before the start", lock, fd, "write", 10, -50)
    read, write = os.open("f", os.O_RDONLY), os.open("f", os.O_WRONLY)
    call("to write by one to read", lock, read, "write", 0, 1)
    call("to read by one to write", lock, write, "read", 0, 1)
    lock(fd, "unlock", 0, 0)
    for mine in "LOCK_SH", "LOCK_EX":
        for theirs in "LOCK_SH", "LOCK_EX":
            fcntl.flock(fd, getattr(fcntl, mine))
            say(f"flock {mine}, another {theirs}",
                child(lambda: fcntl.flock(os.open("f", os.O_RDWR), getattr(fcntl, theirs) | fcntl.LOCK_NB)))
            fcntl.flock(fd, fcntl.LOCK_UN)
    call("exclusive flock by one to read", fcntl.flock, read, fcntl.LOCK_EX | fcntl.LOCK_NB)
    call("lease", fcntl.fcntl, read, 1024, fcntl.F_UNLCK)


SECTIONS = sizes, spaces, removed, attributes, locks
