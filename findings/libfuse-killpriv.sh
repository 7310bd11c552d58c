#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#
# libfuse: a file system that asks for FUSE_CAP_HANDLE_KILLPRIV does not get it.
#
#   libfuse3-3, libfuse3-dev 3.14.0-4 (Debian 12); seen on Linux 6.18
#
# fuse_common.h: with this capability the file system itself takes set-user-ID and set-group-ID away when a file is
# written, and the kernel does not.  The kernel offers it and the library reports it in conn->capable; but what the file
# system puts into conn->want is not passed on.  So the kernel goes on sending a chmod of its own in front of each
# first write by another user, and a file system over a network pays for it twice.  Needs root and /dev/fuse.
. "$(dirname "$(readlink -f "$0")")/lib.sh"

[ "$(id -u)" = 0 ] && [ -w /dev/fuse ] || { echo "SKIP: needs root and /dev/fuse"; exit 77; }
command -v cc >/dev/null && command -v setpriv >/dev/null || { echo "SKIP: needs a C compiler and setpriv"; exit 77; }
unpack libfuse3-3=3.14.0-4 libfuse3-dev=3.14.0-4

cat >"$dir/fs.c" <<'END'
#define FUSE_USE_VERSION 314
#include <errno.h>
#include <fuse_lowlevel.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One file, "f", 06777, that belongs to root; what the kernel asks for is said. */
static mode_t mode = S_IFREG | 06777;

static struct stat about(fuse_ino_t ino)
{
	struct stat st = { .st_ino = ino, .st_nlink = 1, .st_mode = ino == 1 ? S_IFDIR | 0755 : mode };

	return st;
}

static void init(void *ctx, struct fuse_conn_info *conn)
{
	printf("capable %d\n", !!(conn->capable & FUSE_CAP_HANDLE_KILLPRIV));
	conn->want |= conn->capable & FUSE_CAP_HANDLE_KILLPRIV;
}

static void lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = { .ino = 2, .attr = about(2) };

	if (strcmp(name, "f"))
		fuse_reply_err(req, ENOENT);
	else
		fuse_reply_entry(req, &entry);
}

static void getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	struct stat st = about(ino);

	fuse_reply_attr(req, &st, 0);
}

static void setattr(fuse_req_t req, fuse_ino_t ino, struct stat *st, int what, struct fuse_file_info *file)
{
	if (what & FUSE_SET_ATTR_MODE) {
		printf("chmod %o\n", st->st_mode & 07777);
		mode = S_IFREG | (st->st_mode & 07777);
	}
	getattr(req, ino, file);
}

static void open_it(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
	fuse_reply_open(req, file);
}

static void write_it(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t len, off_t at, struct fuse_file_info *file)
{
	printf("write\n");
	fuse_reply_write(req, len);
}

int main(int argc, char **argv)
{
	static const struct fuse_lowlevel_ops ops = {
		.init = init, .lookup = lookup, .getattr = getattr, .setattr = setattr, .open = open_it, .write = write_it };
	char *options[] = { argv[0], "-oallow_other,default_permissions" };
	struct fuse_args args = FUSE_ARGS_INIT(2, options);
	struct fuse_session *session = fuse_session_new(&args, &ops, sizeof(ops), NULL);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!session || fuse_session_mount(session, argv[1]))
		return 1;
	fuse_session_loop(session);
	fuse_session_unmount(session);
	fuse_session_destroy(session);
	return 0;
}
END
lib=$dir/root/usr/lib/x86_64-linux-gnu
[ -e "$lib/libfuse3.so.3" ] || lib=$dir/root/lib/x86_64-linux-gnu
cc -o "$dir/fs" "$dir/fs.c" -I "$dir/root/usr/include/fuse3" "$lib/libfuse3.so.3"
mkdir "$dir/mnt"
chmod 755 "$dir"

# A mount namespace of its own: nothing stays mounted, however this ends.
unshare -m sh -c '
	LD_LIBRARY_PATH=$2 "$1/fs" "$1/mnt" >"$1/said" &
	pid=$!
	for n in 1 2 3 4 5 6 7 8 9 10; do [ -e "$1/mnt/f" ] && break; sleep 0.2; done
	setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "echo x >>\"$1/mnt/f\"" || echo "not written" >>"$1/said"
	umount "$1/mnt"
	wait $pid' - "$dir" "$lib"

same "offered by the kernel" "$(grep capable "$dir/said")" "capable 1"
same "asked of the file system all the same" "$(grep -v capable "$dir/said" | tr '\n' ' ')" "chmod 777 write "
exit $changed
