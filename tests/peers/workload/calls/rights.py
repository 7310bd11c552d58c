# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Modes and owners: what they are changed to, by whom, and who may do what."""
import os

from calls.lib import GROUP, OTHER, OWNER, as_user, begin, call, make, put, remove, say, show

USERS = ((0, 0, ()), (OWNER, OWNER, ()), (OTHER, OTHER, ()), (OTHER, OTHER, (OWNER,)), (OTHER, OWNER, ()))


def each_user(batch):
    for uid, gid, groups in USERS:
        as_user(uid, lambda: batch(f"{uid}:{gid}{'+' if groups else ''}"), gid, groups)


def modes():
    begin("chmod")
    for kind in "file", "dir":
        for mode in 0, 0o644, 0o1777, 0o2755, 0o4755, 0o6777, 0o7777:
            def batch(who):
                call(f"{kind} to {mode:o} by {who}", os.chmod, "x", mode)

            for user in USERS:
                make(kind, "x")
                os.chown("x", OWNER, OWNER)
                uid, gid, groups = user
                title = f"{uid}:{gid}{'+' if groups else ''}"
                as_user(uid, lambda: batch(title), gid, groups)
                show(f"{kind} to {mode:o} by {title}, then", "x")
                remove("x")
    make("link", "l")
    call("through a link", os.chmod, "l", 0o600)
    show("through a link, then", "l.target")
    call("fchmod", lambda: os.fchmod(os.open("l.target", os.O_RDONLY), 0o640))
    show("fchmod, then", "l.target")
    call("dangling", os.chmod, "none", 0o600)


def owners():
    begin("chown")
    for kind in "file", "dir", "link", "fifo":
        for mode in 0o644, 0o6755, 0o6745:
            for new in (0, 0), (OWNER, OWNER), (OTHER, OTHER), (-1, GROUP), (OWNER, -1), (-1, -1):
                for uid, gid, groups in ((0, 0, ()), (OWNER, OWNER, ()), (OWNER, OWNER, (GROUP, OTHER)), (OTHER, OTHER, ())):
                    make(kind, "x")
                    os.lchown("x", OWNER, OWNER)
                    if kind != "link":
                        os.chmod("x", mode)
                    title = f"{kind} {mode:o} to {new[0]}:{new[1]} by {uid}{'+' if groups else ''}"
                    as_user(uid, lambda: call(title, os.lchown, "x", *new), gid, groups)
                    show(f"{title}, then", "x")
                    remove("x")


def set_id():
    begin("set-id")

    def append():
        fd = os.open("x", os.O_WRONLY | os.O_APPEND)
        os.write(fd, b"more")
        os.close(fd)

    def anew():
        fd = os.open("x", os.O_WRONLY | os.O_TRUNC)
        os.write(fd, b"new")
        os.close(fd)

    def several():
        fd = os.open("x", os.O_RDWR)
        for i in range(3):
            os.pwrite(fd, b"data", i * 5000)
        say("seen at once", f"{os.fstat(fd).st_mode & 0o7777:o}")
        os.close(fd)

    for mode in 0o4777, 0o2777, 0o6777, 0o2767, 0o6767, 0o1777:
        for uid in 0, OWNER, OTHER:
            for change in append, anew, several:
                put("x", b"some text", mode, OWNER)
                title = f"{change.__name__} {mode:o} by {uid}"
                as_user(uid, lambda: call(title, change))
                show(f"{title}, then", "x")
    for mode in 0o6777, 0o2767:
        for uid in 0, OWNER, OTHER:
            put("x", b"some text", mode, OWNER)
            as_user(uid, lambda: call(f"truncate {mode:o} by {uid}", os.truncate, "x", 3))
            show(f"truncate {mode:o} by {uid}, then", "x")


def access():
    begin("access")
    for kind in "file", "dir":
        for mode in 0, 0o400, 0o200, 0o100, 0o040, 0o020, 0o010, 0o004, 0o002, 0o001, 0o700, 0o070, 0o007, 0o750:
            make(kind, "x")
            if kind == "dir":
                put("x/in", b"text", 0o666)
            os.chown("x", OWNER, OWNER)
            os.chmod("x", mode)

            def batch(who):
                title = f"{kind} {mode:o} by {who}"
                say(f"{title} access", "".join(word for word, bit in (("r", 4), ("w", 2), ("x", 1)) if os.access("x", bit)))
                if kind == "file":
                    for word in "O_RDONLY", "O_WRONLY", "O_RDWR":
                        call(f"{title} {word}", lambda: os.close(os.open("x", getattr(os, word))))
                    call(f"{title} truncate", os.truncate, "x", 8)
                    return
                call(f"{title} listdir", os.listdir, "x")
                call(f"{title} stat", lambda: os.stat("x/in") and None)
                call(f"{title} none", lambda: os.stat("x/none") and None)
                call(f"{title} read", lambda: open("x/in", "rb").read())
                call(f"{title} chdir", lambda: os.chdir("x") or os.chdir(".."))
                call(f"{title} create", put, "x/new")
                call(f"{title} mkdir", os.mkdir, "x/sub")
                call(f"{title} rmdir", os.rmdir, "x/sub")
                call(f"{title} rename", os.rename, "x/new", "x/other")
                call(f"{title} unlink", os.unlink, "x/other")
                call(f"{title} unlink of what is there", os.unlink, "x/keep")

            each_user(batch)
            os.chmod("x", 0o755)
            remove("x")
    # What was opened stays open, whatever the mode is then.
    put("x", b"text", 0o666)

    def kept():
        fd = os.open("x", os.O_RDWR)
        os.pwrite(fd, b"T", 0)
        os.fsync(fd)
        call("write when it is mine no more", os.pwrite, fd, b"X", 1)
        call("then fsync", os.fsync, fd)
        call("then read", os.pread, fd, 10, 0)
        call("then ftruncate", os.ftruncate, fd, 2)

    as_user(OWNER, kept)

    def made_read_only():
        fd = os.open("own", os.O_CREAT | os.O_RDWR, 0o444)
        call("write to one that is made read-only", os.write, fd, b"data")
        call("its fsync", os.fsync, fd)
        os.fchmod(fd, 0)
        call("and with no rights at all", os.write, fd, b"more")
        call("its fsync", os.fsync, fd)
        call("and its length", lambda: os.fstat(fd).st_size)
        call("opened again", os.open, "own", os.O_RDONLY)

    as_user(OWNER, made_read_only)


SECTIONS = modes, owners, set_id, access
