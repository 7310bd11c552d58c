// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Files of the durable records: see nfs4_recovery.h. */
#include "nfsrdma/server/nfs4_recovery.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <syslog.h>
#include <unistd.h>

#include "core/crc32c.h"

#define MAGIC		"ORnfs4c1"
#define MAGIC_BYTES	8
#define HEAD_BYTES	(MAGIC_BYTES + 4)
#define FILE_BYTES	(HEAD_BYTES + NFS4_OPAQUE_LIMIT + 4)
#define OWNER_FILE	"server-owner"
#define OWNER_DIGITS	32

struct name {
	char text[32];
};

static struct name name_of(u32 number)
{
	struct name n;

	snprintf(n.text, sizeof(n.text), "client-%08x", number);
	return n;
}

struct nfs4_record *nfs4_record_create(u32 number, const u8 *owner, u32 owner_len)
{
	struct nfs4_record *r = calloc(1, sizeof(*r) + owner_len);

	if (!r)
		return NULL;
	INIT_LIST_HEAD(&r->node);
	r->number = number;
	r->owner_len = owner_len;
	if (owner_len)
		memcpy(r->owner, owner, owner_len);
	return r;
}

static int write_all(int fd, const u8 *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) ? -errno : 0;
}

static int write_file(int dir_fd, const char *name, const void *data, size_t len)
{
	char beside[40];
	int fd, err;

	snprintf(beside, sizeof(beside), "%s.new", name);
	fd = openat(dir_fd, beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = write_all(fd, data, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && renameat(dir_fd, beside, dir_fd, name))
		err = -errno;
	if (err) {
		unlinkat(dir_fd, beside, 0);
		return err;
	}
	return nfs4_records_sync(dir_fd);
}

/* Its length, or -errno; longer than len: -EFBIG. */
static ssize_t read_file(int dir_fd, const char *name, u8 *data, size_t len)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	size_t have = 0;
	ssize_t n = 1;
	u8 more;

	if (fd < 0)
		return -errno;
	while (have < len && n > 0) {
		n = read(fd, data + have, len - have);
		if (n > 0)
			have += (size_t)n;
	}
	if (n > 0)
		n = read(fd, &more, 1) ? -1 : 0;
	close(fd);
	return n < 0 ? -EFBIG : (ssize_t)have;
}

int nfs4_records_sync(int dir_fd)
{
	return fsync(dir_fd) ? -errno : 0;
}

int nfs4_record_write(int dir_fd, const struct nfs4_record *record)
{
	u8 data[FILE_BYTES];
	size_t len = HEAD_BYTES + record->owner_len;
	__le32 crc;

	core_assert(record->owner_len <= NFS4_OPAQUE_LIMIT);
	memcpy(data, MAGIC, MAGIC_BYTES);
	put_unaligned_be32(record->owner_len, data + MAGIC_BYTES);
	memcpy(data + HEAD_BYTES, record->owner, record->owner_len);
	crc = core_crc32c_final(core_crc32c(CRC32C_SEED, data, len));
	memcpy(data + len, &crc, sizeof(crc));
	return write_file(dir_fd, name_of(record->number).text, data, len + sizeof(crc));
}

int nfs4_record_unlink(int dir_fd, const struct nfs4_record *record)
{
	if (unlinkat(dir_fd, name_of(record->number).text, 0) && errno != ENOENT)
		return -errno;
	return 0;
}

/* 0, -EBADMSG when it is damaged, other -errno. */
static int record_read(int dir_fd, u32 number, struct nfs4_record **record)
{
	u8 data[FILE_BYTES];
	ssize_t n = read_file(dir_fd, name_of(number).text, data, sizeof(data));
	__le32 crc;
	u32 len;

	if (n < 0)
		return n == -EFBIG ? -EBADMSG : (int)n;
	if (n < HEAD_BYTES + 4 || memcmp(data, MAGIC, MAGIC_BYTES))
		return -EBADMSG;
	len = get_unaligned_be32(data + MAGIC_BYTES);
	if (len != (size_t)n - HEAD_BYTES - 4)
		return -EBADMSG;
	crc = core_crc32c_final(core_crc32c(CRC32C_SEED, data, (size_t)n - 4));
	if (memcmp(data + n - 4, &crc, 4))
		return -EBADMSG;
	*record = nfs4_record_create(number, data + HEAD_BYTES, len);
	return *record ? 0 : -ENOMEM;
}

__attribute__((format(printf, 2, 3))) static void say(const struct nfs4_state_cfg *cfg,
						      const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (cfg->log)
		cfg->log(LOG_WARNING, text);
}

/* One name of the folder; what is not a record is left alone. */
static int entry_read(const struct nfs4_state_cfg *cfg, const char *name, struct list_head *records,
		      u32 *next)
{
	struct nfs4_record *record;
	unsigned number;
	int end = 0, err;

	if (sscanf(name, "client-%8x%n", &number, &end) != 1 || end != 15)
		return 0;
	if (!strcmp(name + end, ".new")) { /* cut off in the middle of its writing: never counted */
		unlinkat(cfg->dir_fd, name, 0);
		return 0;
	}
	if (name[end])
		return 0;
	if (number >= *next)
		*next = number + 1;
	err = record_read(cfg->dir_fd, number, &record);
	if (err == -EBADMSG) {
		say(cfg,
		    "record %s of a client is damaged; that client cannot reclaim its opens and locks",
		    name);
		unlinkat(cfg->dir_fd, name, 0);
		return 0;
	}
	if (err) {
		say(cfg, "record %s of a client: %s", name, strerror(-err));
		return err;
	}
	record->pending = true;
	list_add_tail(&record->node, records);
	return 0;
}

int nfs4_records_read(const struct nfs4_state_cfg *cfg, struct list_head *records, u32 *next)
{
	int fd = openat(cfg->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int err = 0;

	if (!dir) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		say(cfg, "the records of clients: %s", strerror(-err));
		return err;
	}
	while (!err) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			err = -errno;
			break;
		}
		err = entry_read(cfg, entry->d_name, records, next);
	}
	closedir(dir);
	return err;
}

static bool owner_ok(const u8 *text, ssize_t len)
{
	if (len != OWNER_DIGITS)
		return false;
	for (ssize_t i = 0; i < len; i++)
		if (!strchr("0123456789abcdef", text[i]) || !text[i])
			return false;
	return true;
}

int nfs4_server_owner(int dir_fd, char owner[NFS4_SERVER_OWNER_BYTES])
{
	u8 text[OWNER_DIGITS + 1], random[OWNER_DIGITS / 2];
	ssize_t n = dir_fd < 0 ? -ENOENT : read_file(dir_fd, OWNER_FILE, text, OWNER_DIGITS);
	int err = 0;

	if (n < 0 && n != -ENOENT && n != -EFBIG)
		return (int)n;
	if (!owner_ok(text, n)) {
		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		for (unsigned i = 0; i < sizeof(random); i++)
			snprintf((char *)text + 2 * i, 3, "%02x", random[i]);
		if (dir_fd >= 0)
			err = write_file(dir_fd, OWNER_FILE, text, OWNER_DIGITS);
	}
	if (!err)
		snprintf(owner, NFS4_SERVER_OWNER_BYTES, "openrdma-%.*s", OWNER_DIGITS,
			 (char *)text);
	return err;
}
