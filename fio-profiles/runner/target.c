// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fio-profiles/disk.h"
#include "fio-profiles/runner/signature.h"

static size_t head_len(uint64_t size)
{
	return size < SIGNATURE_LEN ? (size_t)size : SIGNATURE_LEN;
}

/* A file is not a disk: whatever is in it may be somebody's. */
static const char *find_data(const struct bench_disk *d, const uint8_t *head, size_t len)
{
	const char *signature = signature_find(head, len);

	if (signature || strcmp(d->info.what, "file"))
		return signature;
	for (size_t i = 0; i < len; i++)
		if (head[i])
			return "data";
	return NULL;
}

static int look_at_url(struct bench_target *t, struct bench_why *why)
{
	struct bench_disk_cfg cfg = { .url = t->text, .spin_us = UINT32_MAX };
	struct bench_disk *d;
	size_t len;
	void *head;
	int r;

	r = bench_disk_open(&cfg, &d, why->text, sizeof(why->text));
	if (r)
		return r;
	t->size = d->info.size;
	t->read_only = d->info.read_only;
	t->discard = d->info.discard;
	len = head_len(t->size);
	head = bench_disk_mem_alloc(d, SIGNATURE_LEN);
	r = head ? bench_disk_read(d, 0, head, len) : -ENOMEM;
	if (r)
		why_set(why, "%s", d->why);
	else
		t->signature = find_data(d, head, len);
	bench_disk_close(d);
	return r;
}

static int read_head(struct bench_target *t, int fd, struct bench_why *why)
{
	size_t len = head_len(t->size);
	uint8_t *head = malloc(SIGNATURE_LEN);
	ssize_t n;

	if (!head) {
		why_set(why, "out of memory");
		return -ENOMEM;
	}
	n = pread(fd, head, len, 0);
	if (n < 0) {
		n = -errno;
		why_set(why, "cannot read %s: %s", t->text, strerror((int)-n));
	} else {
		t->signature = signature_find(head, (size_t)n);
	}
	free(head);
	return n < 0 ? (int)n : 0;
}

static bool opens(const char *path, int flags, int *err)
{
	int fd = open(path, flags | O_CLOEXEC);

	*err = fd < 0 ? errno : 0;
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int look_at_fd(struct bench_target *t, int fd, struct bench_why *why)
{
	struct stat st;
	uint64_t size;
	int err;

	if (fstat(fd, &st)) {
		err = errno;
		why_set(why, "%s: %s", t->text, strerror(err));
		return -err;
	}
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(fd, BLKGETSIZE64, &size)) {
			err = errno;
			why_set(why, "cannot find the size of %s: %s", t->text, strerror(err));
			return -err;
		}
		t->size = size;
		/* The kernel grants this to one user, a mounted file system among them. */
		if (!opens(t->text, O_RDONLY | O_EXCL, &err) && err == EBUSY)
			t->in_use = "it is mounted or part of another device";
	} else if (S_ISREG(st.st_mode)) {
		t->size = (uint64_t)st.st_size;
	} else {
		why_set(why,
			"%s is neither a URL (iser://... or nfs://...), a block device nor a file",
			t->text);
		return -ENOTBLK;
	}
	if (!t->size) {
		why_set(why, "%s is empty", t->text);
		return -ENODATA;
	}
	return read_head(t, fd, why);
}

static int look_at_device(struct bench_target *t, struct bench_why *why)
{
	int fd = open(t->text, O_RDONLY | O_CLOEXEC);
	int err, r;

	if (fd < 0) {
		err = errno;
		why_set(why, "cannot open %s: %s", t->text, strerror(err));
		return -err;
	}
	r = look_at_fd(t, fd, why);
	close(fd);
	t->direct = opens(t->text, O_RDONLY | O_DIRECT, &err);
	t->read_only = !opens(t->text, O_WRONLY, &err) && err != EBUSY;
	return r;
}

int target_look(const char *text, struct bench_target *t, struct bench_why *why)
{
	struct bench_target look = { .text = text, .remote = strstr(text, "://") != NULL };
	int r;

	r = look.remote ? look_at_url(&look, why) : look_at_device(&look, why);
	if (!r)
		*t = look;
	return r;
}

int target_may_write(const struct bench_target *t, bool destroy, struct bench_why *why)
{
	if (t->read_only) {
		why_set(why, "%s cannot be written", t->text);
		return -EROFS;
	}
	if (t->in_use) {
		why_set(why, "%s is in use: %s", t->text, t->in_use);
		return -EBUSY;
	}
	if (t->signature && !destroy) {
		why_set(why, "%s carries %s; --destroy-data overwrites it", t->text, t->signature);
		return -EEXIST;
	}
	return 0;
}
