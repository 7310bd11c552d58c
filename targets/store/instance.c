// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * A record is a text of two lines in a file named after the path:
 *
 *   openrdma-instance 1 0123456789abcdef0123456789abcdef open 7 5d5bb0e4-...
 *   /srv/disk.img
 *
 * number, "open" or "closed", inode of the file or sequence number of the disk (another in its place is another), boot.
 * Disks are numbered anew in each boot, so that the number tells nothing about one that was closed in order.
 */
#include "targets/store/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/env.h"

#define BOOT_MAX	40
#define RECORD_TEXT_MAX	(STORE_RECORD_MAX + 160)

void store_instance_random(struct store_instance *inst)
{
	memset(inst, 0, sizeof(*inst));
	core_assert(getrandom(inst->id, sizeof(inst->id), 0) == sizeof(inst->id));
}

/* ---- text ------------------------------------------------------------------------------------------- */

/* "-": not known, the same as no other. */
static void boot_id(char *id, size_t len)
{
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	snprintf(id, len, "-");
	if (!f)
		return;
	if (fgets(id, (int)len, f))
		id[strcspn(id, "\n")] = '\0';
	fclose(f);
}

static void to_hex(const uint8_t *id, char *hex)
{
	for (unsigned i = 0; i < STORE_INSTANCE_LEN; i++)
		sprintf(hex + 2 * i, "%02x", id[i]);
}

static bool from_hex(const char *hex, uint8_t *id)
{
	if (strlen(hex) != 2 * STORE_INSTANCE_LEN || strspn(hex, "0123456789abcdef") != strlen(hex))
		return false;
	for (unsigned i = 0; i < STORE_INSTANCE_LEN; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1] };

		id[i] = (uint8_t)strtoul(two, NULL, 16);
	}
	return true;
}

/* Does the record say that nothing was lost since?  Then id is its number. */
static bool goes_on(const struct store_instance *inst, const char *text, uint8_t *id)
{
	char hex[2 * STORE_INSTANCE_LEN + 1], state[8], boot[BOOT_MAX], now[BOOT_MAX];
	const char *path;
	uint64_t object;
	bool closed;
	int n = 0;

	if (sscanf(text, "openrdma-instance 1 %32s %7s %" SCNu64 " %39s%n", hex, state, &object,
		   boot, &n) != 4 ||
	    text[n] != '\n')
		return false;
	path = text + n + 1;
	n = (int)strlen(inst->path);
	if (strncmp(path, inst->path, (size_t)n) != 0 || strcmp(path + n, "\n") != 0 ||
	    !from_hex(hex, id))
		return false;
	closed = strcmp(state, "closed") == 0;
	if (object != inst->object && !(closed && inst->is_block))
		return false;
	boot_id(now, sizeof(now));
	return closed ||
	       (strcmp(state, "open") == 0 && strcmp(now, "-") != 0 && strcmp(boot, now) == 0);
}

/* ---- the file --------------------------------------------------------------------------------------- */

static void read_record(const char *path, char *text, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, len - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
}

static int sync_folder_of(const char *path)
{
	char copy[STORE_RECORD_MAX];
	int fd, err = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t len = strlen(text);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	if (n < 0 || fsync(fd) != 0)
		err = -errno;
	else if ((size_t)n != len)
		err = -ENOSPC;
	close(fd);
	return err;
}

static int write_record(const struct store_instance *inst, const char *state)
{
	char text[RECORD_TEXT_MAX], fresh[STORE_RECORD_MAX + 4], hex[2 * STORE_INSTANCE_LEN + 1];
	char boot[BOOT_MAX];
	int err;

	to_hex(inst->id, hex);
	boot_id(boot, sizeof(boot));
	snprintf(text, sizeof(text), "openrdma-instance 1 %s %s %" PRIu64 " %s\n%s\n", hex, state,
		 inst->object, boot, inst->path);
	snprintf(fresh, sizeof(fresh), "%s.new", inst->record);
	err = write_file(fresh, text);
	if (!err && rename(fresh, inst->record) != 0)
		err = -errno;
	if (err) {
		unlink(fresh);
		return err;
	}
	return sync_folder_of(inst->record);
}

/* ---- from outside ----------------------------------------------------------------------------------- */

void store_instance_forget(const struct store_instance *inst)
{
	if (inst->record[0])
		unlink(inst->record);
}

/* Of no two disks of one boot, also if they have the same name one after the other.  Since Linux 5.15. */
static uint64_t disk_number(dev_t dev)
{
	unsigned long long n = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/diskseq", major(dev), minor(dev));
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

static int name_record(struct store_instance *inst, const char *dir, const char *path)
{
	uint64_t h = 0xcbf29ce484222325ull;	/* FNV-1a */
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) != 0)
		return -errno;
	if (strlen(real) >= sizeof(inst->path) || strlen(dir) + 32 > sizeof(inst->record))
		return -ENAMETOOLONG;
	for (const char *p = real; *p; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3ull;
	inst->is_block = S_ISBLK(st.st_mode);
	inst->object = inst->is_block ? disk_number(st.st_rdev) : st.st_ino;
	strcpy(inst->path, real);
	snprintf(inst->record, sizeof(inst->record), "%s/instance-%016" PRIx64, dir, h);
	return 0;
}

int store_instance_open(struct store_instance *inst, const char *dir, const char *path)
{
	char text[RECORD_TEXT_MAX];
	uint8_t id[STORE_INSTANCE_LEN];
	int err;

	store_instance_random(inst);
	err = name_record(inst, dir, path);
	if (err) {
		inst->record[0] = '\0';
		return err;
	}
	read_record(inst->record, text, sizeof(text));
	if (goes_on(inst, text, id))
		memcpy(inst->id, id, sizeof(id));
	err = write_record(inst, "open");
	if (err) {
		/* An old record must not speak for what is written from now on. */
		store_instance_forget(inst);
		store_instance_random(inst);
	}
	return err;
}

int store_instance_close(struct store_instance *inst, bool flushed)
{
	int err = 0;

	if (!inst->record[0])
		return 0;
	if (flushed)
		err = write_record(inst, "closed");
	if (!flushed || err)
		store_instance_forget(inst);
	return err;
}
