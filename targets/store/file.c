// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Store `file`: a regular file, made sparse when it does not exist and that is wanted.  Only this daemon
 * may have it (flock): two writers that do not know of each other destroy what is on it.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "targets/store/file_io.h"

#define FILE_PHYSICAL_BLOCK	4096u

/* A new file shall be there after a power loss: its directory entry is data of the directory. */
static int sync_directory(const char *path)
{
	char *copy = strdup(path);
	int err = 0, fd;

	if (!copy)
		return -ENOMEM;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	free(copy);
	return err;
}

/* A disk in /dev would be lost with the next start of the machine, and nobody means it: a device is missing. */
static bool is_device_folder(const char *path)
{
	char copy[PATH_MAX], folder[PATH_MAX];

	snprintf(copy, sizeof(copy), "%s", path);
	if (!realpath(dirname(copy), folder))
		return false;
	if (strcmp(folder, "/dev/shm") == 0 || strncmp(folder, "/dev/shm/", 9) == 0)
		return false;
	return strcmp(folder, "/dev") == 0 || strncmp(folder, "/dev/", 5) == 0;
}

static int open_file(const struct store_cfg *cfg, int flags, int *fd, bool *made, char *why,
		     size_t why_len)
{
	int err;

	*made = false;
	*fd = open(cfg->path, flags | O_CLOEXEC);
	if (*fd >= 0)
		return 0;
	err = -errno;
	if (err == -ENOENT && is_device_folder(cfg->path))
		return store_why(why, why_len, err,
				 "lun %s: there is no device %s, and no file is made there",
				 cfg->name, cfg->path);
	if (err == -ENOENT && cfg->create && cfg->size && !cfg->read_only) {
		*fd = open(cfg->path, flags | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		*made = *fd >= 0;
		if (*made)
			return 0;
		err = -errno;
	}
	if (err == -ENOENT && !cfg->read_only)
		return store_why(
			why, why_len, err,
			"lun %s: %s does not exist (is its file system mounted?); to have it made: "
			"%s,create,size=10G",
			cfg->name, cfg->path, cfg->path);
	if (err == -EINVAL && (flags & O_DIRECT))
		return store_why(why, why_len, err,
				 "lun %s: %s: its file system cannot do direct=on", cfg->name,
				 cfg->path);
	return store_why(why, why_len, err, "lun %s: %s cannot be opened for %s: %s", cfg->name,
			 cfg->path, cfg->read_only ? "reading" : "reading and writing",
			 strerror(-err));
}

/* Decides on the size and gives it to a new or empty file. */
static int settle_size(const struct store_cfg *cfg, int fd, bool made, uint64_t *size, char *why,
		       size_t why_len)
{
	struct stat st;
	int err;

	if (fstat(fd, &st) != 0)
		return store_why(why, why_len, -errno, "lun %s: %s: %s", cfg->name, cfg->path,
				 strerror(errno));
	if (!S_ISREG(st.st_mode))
		return store_why(why, why_len, -EINVAL,
				 "lun %s: %s is neither a regular file nor a block device",
				 cfg->name, cfg->path);
	*size = (uint64_t)st.st_size;
	if (*size && cfg->size && *size != cfg->size)
		return store_why(
			why, why_len, -EINVAL,
			"lun %s: %s has %llu bytes, but size=%llu was given; leave size out, "
			"or change the file with truncate(1)",
			cfg->name, cfg->path, (unsigned long long)*size,
			(unsigned long long)cfg->size);
	if (*size)
		return 0;
	if (!cfg->size || !cfg->create || cfg->read_only)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: %s is empty; to have it filled: %s,create,size=10G",
				 cfg->name, cfg->path, cfg->path);
	if (ftruncate(fd, (off_t)cfg->size) != 0 || fsync(fd) != 0)
		return store_why(why, why_len, -errno,
				 "lun %s: %s cannot be made %llu bytes long: %s", cfg->name,
				 cfg->path, (unsigned long long)cfg->size, strerror(errno));
	err = made ? sync_directory(cfg->path) : 0;
	if (err)
		return store_why(why, why_len, err, "lun %s: the directory of %s: %s", cfg->name,
				 cfg->path, strerror(-err));
	*size = cfg->size;
	if (cfg->log) {
		snprintf(why, why_len, "lun %s: %s %s: %llu bytes of zeroes", cfg->name, cfg->path,
			 made ? "is made" : "was empty and is filled",
			 (unsigned long long)cfg->size);
		cfg->log(cfg->log_ctx, LOG_NOTICE, why);
	}
	return 0;
}

static int take_lock(const struct store_cfg *cfg, int fd, char *why, size_t why_len)
{
	/* A file system without locks is no reason to refuse. */
	if (flock(fd, (cfg->read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0 || errno != EWOULDBLOCK)
		return 0;
	return store_why(
		why, why_len, -EBUSY,
		"lun %s: %s is in use by another program (it holds a lock); stop that first",
		cfg->name, cfg->path);
}

static bool can_punch(int fd, uint64_t size)
{
	/* Behind the end there is nothing to lose. */
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)((size + FILE_PHYSICAL_BLOCK - 1) & ~(FILE_PHYSICAL_BLOCK - 1ull)),
			 FILE_PHYSICAL_BLOCK) == 0;
}

static int describe(const struct store_cfg *cfg, struct file_store *file, uint64_t size, char *why,
		    size_t why_len)
{
	uint32_t block = cfg->block_size ? cfg->block_size : STORE_BLOCK_MIN;
	struct stat st;
	int err;

	size -= size % block;
	if (!size)
		return store_why(why, why_len, -EINVAL,
				 "lun %s: %s is shorter than a block of %u bytes", cfg->name,
				 cfg->path, block);
	err = file_io_probe(file->fd, block);
	if (err == -EINVAL && file->direct)
		return store_why(
			why, why_len, err,
			"lun %s: %s: its file system does direct=on only with larger blocks; "
			"add block=4096",
			cfg->name, cfg->path);
	if (err)
		return store_why(why, why_len, err, "lun %s: %s cannot be read: %s", cfg->name,
				 cfg->path, strerror(-err));
	if (fstat(file->fd, &st) != 0)
		return store_why(why, why_len, -errno, "lun %s: %s: %s", cfg->name, cfg->path,
				 strerror(errno));
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	if (!cfg->read_only && can_punch(file->fd, size))
		file->unmap = FILE_UNMAP_PUNCH;
	file->store.info = (struct store_info){
		.size = size,
		.block_size = block,
		.physical_block_size = FILE_PHYSICAL_BLOCK,
		.unmap_granularity = file->unmap ? FILE_PHYSICAL_BLOCK : 0,
		.unmap_zeroes = file->unmap != FILE_UNMAP_NONE,
		.read_only = cfg->read_only,
		.write_cache = !cfg->read_only,
	};
	return 0;
}

static int file_open(const struct store_cfg *cfg, struct store **store, char *why, size_t why_len)
{
	struct file_store *file = calloc(1, sizeof(*file));
	bool made = false;
	uint64_t size = 0;
	int err;

	if (!file)
		return store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
	file->regular = true;
	file->direct = cfg->direct == STORE_DIRECT_ON;
	file->open_flags = (cfg->read_only ? O_RDONLY : O_RDWR) | (file->direct ? O_DIRECT : 0);
	file->path = strdup(cfg->path);
	if (!file->path) {
		err = store_why(why, why_len, -ENOMEM, "lun %s: out of memory", cfg->name);
		goto free_file;
	}
	err = open_file(cfg, file->open_flags, &file->fd, &made, why, why_len);
	if (err)
		goto free_path;
	err = take_lock(cfg, file->fd, why, why_len);
	if (!err)
		err = settle_size(cfg, file->fd, made, &size, why, why_len);
	if (!err)
		err = describe(cfg, file, size, why, why_len);
	if (err)
		goto close_fd;
	*store = &file->store;
	return 0;

close_fd:
	close(file->fd);
	if (made)
		unlink(cfg->path);
free_path:
	free(file->path);
free_file:
	free(file);
	return err;
}

const struct store_ops store_file_ops = {
	.name = "file",
	.open = file_open,
	FILE_IO_OPS,
};
