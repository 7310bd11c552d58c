// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Store `block`: a block device, past the page cache unless direct=off.  Claimed exclusively, so that
 * neither a mounted file system nor another program writes beside us.
 *
 * Unmap: where the device can, the range is made to read as zeroes by the same request that gives the
 * space back (fallocate on the device); else a plain discard, after which nothing is promised.
 */
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "targets/store/file_io.h"

/* An attribute of the device's queue; a partition has that of its disk. */
static bool queue_attr(dev_t rdev, const char *name, char *value, int value_len)
{
	static const char *const dir[] = { "queue", "../queue" };
	char path[128];

	for (unsigned i = 0; i < ARRAY_SIZE(dir); i++) {
		FILE *f;
		bool good;

		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/%s", major(rdev), minor(rdev),
			 dir[i], name);
		f = fopen(path, "re");
		if (!f)
			continue;
		good = fgets(value, value_len, f) != NULL;
		fclose(f);
		return good;
	}
	return false;
}

static unsigned long long queue_number(dev_t rdev, const char *name)
{
	char value[64];

	return queue_attr(rdev, name, value, sizeof(value)) ? strtoull(value, NULL, 10) : 0;
}

static bool write_through(dev_t rdev)
{
	char value[64];

	return queue_attr(rdev, "write_cache", value, sizeof(value)) &&
	       strncmp(value, "write through", 13) == 0;
}

struct geometry {
	uint64_t size;
	int logical;
	unsigned physical;
	int read_only;
	unsigned short rotational;
};

static int look(const struct store_cfg *cfg, int fd, struct geometry *g, char *why, size_t why_len)
{
	if (ioctl(fd, BLKGETSIZE64, &g->size) != 0 || ioctl(fd, BLKSSZGET, &g->logical) != 0 ||
	    ioctl(fd, BLKPBSZGET, &g->physical) != 0 || ioctl(fd, BLKROGET, &g->read_only) != 0 ||
	    ioctl(fd, BLKROTATIONAL, &g->rotational) != 0)
		return store_why(why, why_len, -errno, "lun %s: %s does not say what it is: %s",
				 cfg->name, cfg->path, strerror(errno));
	if (g->read_only && !cfg->read_only)
		return store_why(why, why_len, -EROFS,
				 "lun %s: %s is read-only; add ro to serve it so", cfg->name,
				 cfg->path);
	if (cfg->size && cfg->size != g->size)
		return store_why(
			why, why_len, -EINVAL,
			"lun %s: %s has %llu bytes, but size=%llu was given; leave size out",
			cfg->name, cfg->path, (unsigned long long)g->size,
			(unsigned long long)cfg->size);
	if (g->logical > (int)STORE_BLOCK_MAX)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: %s has blocks of %d bytes; at most 4096 can be served",
				 cfg->name, cfg->path, g->logical);
	return 0;
}

static int describe(const struct store_cfg *cfg, struct file_store *file, const struct geometry *g,
		    char *why, size_t why_len)
{
	uint32_t logical = (uint32_t)g->logical;
	uint32_t block = cfg->block_size ? cfg->block_size : logical;
	struct stat st;
	int err;

	if (block < logical)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: %s has blocks of %u bytes; block=%u is too small",
				 cfg->name, cfg->path, logical, block);
	if (g->size < block)
		return store_why(why, why_len, -EINVAL, "lun %s: %s is empty", cfg->name,
				 cfg->path);
	err = file_io_probe(file->fd, block);
	if (err || fstat(file->fd, &st) != 0) {
		err = err ? err : -errno;
		return store_why(why, why_len, err, "lun %s: %s cannot be read: %s", cfg->name,
				 cfg->path, strerror(-err));
	}
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	if (!cfg->read_only && queue_number(st.st_rdev, "discard_max_bytes"))
		file->unmap = queue_number(st.st_rdev, "write_zeroes_max_bytes")
				      ? FILE_UNMAP_PUNCH
				      : FILE_UNMAP_DISCARD;
	file->store.info = (struct store_info){
		.size = g->size - g->size % block,
		.block_size = block,
		.physical_block_size = max_t(uint32_t, g->physical, block),
		.unmap_zeroes = file->unmap == FILE_UNMAP_PUNCH,
		.read_only = cfg->read_only,
		.write_cache = !cfg->read_only && !(file->direct && write_through(st.st_rdev)),
		.rotational = g->rotational,
	};
	if (file->unmap)
		file->store.info.unmap_granularity = max_t(
			uint32_t, block, (uint32_t)queue_number(st.st_rdev, "discard_granularity"));
	return 0;
}

static int block_open(const struct store_cfg *cfg, struct store **store, char *why, size_t why_len)
{
	struct file_store *file = calloc(1, sizeof(*file));
	struct geometry g = { .size = 0 };
	int err;

	if (!file)
		return store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
	file->direct = cfg->direct != STORE_DIRECT_OFF;
	file->open_flags = (cfg->read_only ? O_RDONLY : O_RDWR) | (file->direct ? O_DIRECT : 0);
	file->path = strdup(cfg->path);
	if (!file->path) {
		err = store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
		goto free_file;
	}
	/* O_EXCL on a block device: -EBUSY while somebody else has claimed it. */
	file->fd = open(cfg->path, file->open_flags | O_CLOEXEC | (cfg->read_only ? 0 : O_EXCL));
	if (file->fd < 0) {
		err = -errno;
		store_why(why, why_len, err, "lun %s: %s cannot be opened: %s%s", cfg->name,
			  cfg->path, strerror(-err),
			  err == -EBUSY ? " (is it mounted or used by another program?)" : "");
		goto free_path;
	}
	err = look(cfg, file->fd, &g, why, why_len);
	if (!err)
		err = describe(cfg, file, &g, why, why_len);
	if (err)
		goto close_fd;
	*store = &file->store;
	return 0;

close_fd:
	close(file->fd);
free_path:
	free(file->path);
free_file:
	free(file);
	return err;
}

const struct store_ops store_block_ops = {
	.name = "block",
	.open = block_open,
	FILE_IO_OPS,
};
