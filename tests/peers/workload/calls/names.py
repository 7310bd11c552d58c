# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
"""Names: opened, made, linked, renamed, removed."""
import os
import stat

from calls.lib import KINDS, as_user, begin, c, call, make, put, remove, say, show, OWNER, OTHER

FLAGS = ("O_RDONLY", "O_WRONLY", "O_RDWR", "O_CREAT", "O_CREAT|O_EXCL", "O_WRONLY|O_TRUNC",
         "O_CREAT|O_RDWR|O_TRUNC", "O_DIRECTORY", "O_NOFOLLOW", "O_WRONLY|O_APPEND", "O_PATH", "O_PATH|O_NOFOLLOW",
         "O_CREAT|O_DIRECTORY", "O_TMPFILE|O_RDWR", "O_RDONLY|O_NOATIME")


def close_after(path, flags, mode=0o644):
    os.close(os.open(path, flags | os.O_NONBLOCK, mode))


def opens():
    begin("open")
    for kind in KINDS:
        for words in FLAGS:
            # A loop and O_CREAT|O_DIRECTORY say different things in kernels, not in file systems.
            if words == "O_CREAT|O_DIRECTORY":
                continue
            flags = 0
            for word in words.split("|"):
                flags |= getattr(os, word)
            make(kind, "x")
            call(f"{kind} {words}", close_after, "x", flags)
            show(f"{kind} {words}, then", "x")
            remove("x")
            remove("nowhere-at-all")


def removals():
    begin("remove")
    for kind in KINDS:
        for function in os.unlink, os.rmdir:
            make(kind, "x")
            call(f"{function.__name__} {kind}", function, "x")
            show(f"{function.__name__} {kind}, then", "x")
            remove("x")
    os.mkdir("d")
    put("d/f")
    for path in "d/.", "d/..", ".", "..", "d/f/", "d/f/x", "", "d/", "none/":
        for function in os.unlink, os.rmdir:
            call(f"{function.__name__} '{path}'", function, path)


def renames():
    begin("rename")
    for source in KINDS:
        for target in KINDS:
            make(source, "a")
            make(target, "b")
            call(f"{source} to {target}", os.rename, "a", "b")
            show(f"{source} to {target}, source", "a")
            show(f"{source} to {target}, target", "b")
            for flags, word in (1, "NOREPLACE"), (2, "EXCHANGE"):
                remove("a")
                remove("b")
                make(source, "a")
                make(target, "b")
                call(f"{source} to {target} {word}", c, "renameat2", -100, b"a", -100, b"b", flags)
            remove("a")
            remove("b")
    put("one", b"1")
    os.link("one", "two")
    call("to another name of it", os.rename, "one", "two")
    say("both are there", sorted(os.listdir(".")))
    os.makedirs("p/q/r")
    for old, new in (("p", "p/q/r/s"), ("p", "p/q"), ("p/q/r", "p/q/r"), ("p/q/r", "p/q"), ("p/q", "."), (".", "t"),
                     ("p/..", "t"), ("one", "p/"), ("one", "n/"), ("p/", "n/"), ("one/", "n"), ("n", "m"), ("one", "none/x"),
                     ("one", "two/x"), ("", "x"), ("one", "")):
        call(f"'{old}' to '{new}'", os.rename, old, new)
    say("names", sorted(os.listdir(".")))


def links():
    begin("link")
    for kind in KINDS:
        make(kind, "a")
        call(f"{kind}", os.link, "a", "b", follow_symlinks=False)
        show(f"{kind}, then", "b")
        remove("b")
        if kind in ("link", "dangling", "loop"):
            call(f"{kind}, followed", c, "linkat", -100, b"a", -100, b"b", 0x400)
            remove("b")
        remove("a")
    put("f")
    for i in range(20):
        os.link("f", f"f{i}")
    show("twenty", "f")
    for name in "f0", "f/x", "none/x", "", "d/":
        call(f"to '{name}'", os.link, "f", name)


def specials():
    begin("make")
    for mode in 0, 0o644, 0o4755, 0o7777:
        call(f"mkdir {mode:o}", os.mkdir, "d", mode)
        show(f"mkdir {mode:o}, then", "d")
        remove("d")
        call(f"open {mode:o}", close_after, "f", os.O_CREAT | os.O_WRONLY, mode)
        show(f"open {mode:o}, then", "f")
        remove("f")
        for kind in "S_IFREG", "S_IFIFO", "S_IFSOCK", "S_IFCHR", "S_IFBLK", "S_IFDIR", "S_IFLNK":
            call(f"mknod {kind} {mode:o}", os.mknod, "n", mode | getattr(stat, kind), os.makedev(200, 70000))
            show(f"mknod {kind} {mode:o}, then", "n")
            remove("n")
    for mask in 0, 0o077, 0o777:
        os.umask(mask)
        os.mkdir("d", 0o777)
        close_after("f", os.O_CREAT | os.O_WRONLY, 0o666)
        os.mkfifo("p", 0o666)
        for name in "d", "f", "p":
            show(f"umask {mask:o} {name}", name)
            remove(name)
    os.umask(0o022)
    # A group that is inherited, and a set-gid bit that goes on.
    os.mkdir("group")
    os.chown("group", 0, 2000)
    os.chmod("group", 0o2777)

    def batch():
        call("mkdir", os.mkdir, "group/d")
        call("file", close_after, "group/f", os.O_CREAT | os.O_WRONLY, 0o2775)
        call("symlink", os.symlink, "x", "group/l")
        for name in "d", "f", "l":
            show(f"in a set-gid directory {name}", f"group/{name}")
            remove(f"group/{name}")
        call("mknod of a device by a user", os.mknod, "dev", 0o644 | stat.S_IFCHR, 259)
        call("mkfifo by a user", os.mkfifo, "pipe")

    batch()
    as_user(OWNER, batch)


def long_names():
    begin("name")
    for n in 1, 254, 255, 256, 300:
        call(f"{n} bytes", put, "n" * n)
        call(f"mkdir {n} bytes", os.mkdir, "d" * n)
        call(f"symlink {n} bytes", os.symlink, "x", "s" * n)
        call(f"stat {n} bytes", lambda: os.stat("n" * n) and None)
        call(f"rename to {n} bytes", os.rename, "n", "m" * n)
        call(f"unlink {n} bytes", os.unlink, "z" * n)
    for name in "new\nline", "sp ace", "tab\t", "ü", "\x7f", "\\", "*", "...", "-f", ".hidden", "a:b", "%s", "\udcff":
        call(f"{name!r}", put, name)
        show(f"{name!r}, then", name)
    say("all", sorted(name for name in os.listdir(".") if len(name) < 20))
    for n in 0, 1, 60, 1023, 4000, 4095, 4096:
        call(f"link's target of {n}", os.symlink, "t" * n, f"link{n}")
        call(f"link's target of {n}, read", lambda: len(os.readlink(f"link{n}")))
        show(f"link's target of {n}, then", f"link{n}")
    deep = "/".join("d" * 20 for _ in range(50))
    call("a deep path", os.makedirs, deep)
    put(f"{deep}/file", b"deep")
    show("a deep file", f"{deep}/file")
    call("dots in a path", lambda: open(f"{deep}/../{'d' * 20}/./file", "rb").read())
    os.symlink("link-1", "link-0")
    for i in range(1, 41):
        os.symlink(f"link-{i + 1}", f"link-{i}")
    put("link-41")
    for i in 0, 1, 2, 20:
        call(f"through {41 - i} links", lambda: os.stat(f"link-{i}") and None)


def listings():
    begin("list")
    names = {f"name-{i:04}" for i in range(700)}
    for name in names:
        put(name)
    say("all are there", set(os.listdir(".")) == names)
    fd = os.open(".", os.O_RDONLY)
    say("twice by one descriptor", len(os.listdir(fd)) == len(os.listdir(fd)) == 700)
    with os.scandir(".") as entries:
        for i, entry in enumerate(entries):
            os.unlink(entry.name)
    say("removed while it is listed", os.listdir("."))
    put("late")
    say("seen by the open descriptor", os.listdir(fd))
    os.close(fd)
    os.mkdir("gone")
    fd = os.open("gone", os.O_RDONLY)
    os.rmdir("gone")
    call("listing of a directory that is removed", os.listdir, fd)
    call("a file in it", os.open, "x", os.O_CREAT | os.O_WRONLY, dir_fd=fd)
    os.close(fd)
    for kind in KINDS:
        make(kind, f"k-{kind}")
    with os.scandir(".") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            say(f"type of {entry.name}", (entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False),
                                          entry.is_symlink(), entry.inode() == os.lstat(entry.name).st_ino))
    os.mkdir("n")
    show("links of an empty directory", "n")
    os.mkdir("n/m")
    show("links of a directory with one", "n")
    os.rename("n/m", "m")
    show("links of one that it left", "n")
    for path in "file/x", "k-file/x", "k-loop/x", "k-dangling/x", "k-link/x", "k-fifo/x":
        call(f"stat {path}", os.stat, path)
    for path in "k-file", "k-fifo", "k-link", "none":
        call(f"listdir {path}", os.listdir, path)
        call(f"chdir {path}", os.chdir, path)


def sticky():
    begin("sticky")
    for mode, owner in (0o1777, 0), (0o1777, OWNER), (0o777, 0), (0o755, 0), (0o755, OWNER), (0o1755, OTHER):
        for kind in "file", "full", "dir":
            for uid in OWNER, OTHER:
                os.mkdir("d")
                make(kind, "d/x")
                for path in "d/x", "d/x/inside":
                    if os.path.exists(path):
                        os.chown(path, OTHER, OTHER)
                put("d/mine")
                os.chown("d/mine", uid, uid)
                os.chown("d", owner, owner)
                os.chmod("d", mode)
                title = f"{mode:o} of {owner}, {kind} of {OTHER}, {uid}"

                def batch():
                    call(f"{title} renames to it", os.rename, "d/mine", "d/x")
                    call(f"{title} renames it", os.rename, "d/x", "d/y")
                    call(f"{title} renames it out", os.rename, "d/y", "../sticky/y")
                    call(f"{title} links it", os.link, "d/x", "d/z")
                    call(f"{title} unlinks it", os.unlink, "d/x")
                    call(f"{title} rmdirs it", os.rmdir, "d/x")

                as_user(uid, batch)
                say(f"{title}, left", sorted(os.listdir("d")))
                for name in "d", "y":
                    remove(name)


SECTIONS = opens, removals, renames, links, specials, long_names, listings, sticky
