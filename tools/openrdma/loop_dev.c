// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/openrdma/helper.h"
#include "tools/openrdma/loop_dev.h"
#include "tools/openrdma/text.h"

#define CONTROL		"/dev/loop-control"
#define ATTACH_TRIES	50	/* others take free devices, too */
#define CLEAR_WAIT_MS	5000
#define CLEAR_POLL_MS	20

bool loop_dev_available(char *why, size_t why_len)
{
	if (access(CONTROL, F_OK) < 0) {
		static const char *const modprobe[] = { "modprobe", "-q", "loop", NULL };

		helper_spawn(modprobe);
	}
	if (access(CONTROL, R_OK | W_OK) == 0)
		return true;
	text_put(why, why_len, CONTROL ": %s", strerror(errno));
	return false;
}

static int configure(const char *device, int file_fd, uint32_t block_size, bool read_only,
		     const char *file)
{
	struct loop_config cfg = {
		.fd = (uint32_t)file_fd,
		.block_size = block_size,
		.info.lo_flags = LO_FLAGS_DIRECT_IO | LO_FLAGS_PARTSCAN |
				 (read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	int fd = open(device, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	text_put((char *)cfg.info.lo_file_name, LO_NAME_SIZE, "%s", file);
	if (ioctl(fd, LOOP_CONFIGURE, &cfg) < 0)
		err = -errno;
	close(fd);
	return err;
}

int loop_dev_attach(const char *file, uint32_t block_size, bool read_only, char *device,
		    size_t device_len)
{
	int control, file_fd, n, err = -EBUSY;

	file_fd = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file_fd < 0) {
		err = -errno;
		text_put(device, device_len, "%s: cannot open: %s", file, strerror(errno));
		return err;
	}
	control = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (control < 0) {
		err = -errno;
		text_put(device, device_len, CONTROL ": cannot open: %s", strerror(errno));
		goto out_file;
	}
	for (int i = 0; i < ATTACH_TRIES && err == -EBUSY; i++) {
		n = ioctl(control, LOOP_CTL_GET_FREE);
		if (n < 0) {
			err = -errno;
			break;
		}
		text_put(device, device_len, "/dev/loop%d", n);
		err = configure(device, file_fd, block_size, read_only, file);
	}
	if (err)
		text_put(device, device_len, "no loop device could be set up on %s: %s", file,
			 strerror(-err));
	close(control);
out_file:
	close(file_fd);
	return err;
}

static bool backed_by(const char *loop, const char *file)
{
	char path[300], line[512];
	bool same = false;
	FILE *f;

	text_put(path, sizeof(path), "/sys/block/%.200s/loop/backing_file", loop);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		same = !strcmp(line, file);
	}
	fclose(f);
	return same;
}

int loop_dev_find(const char *file, char *device, size_t device_len)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int err = -ENOENT;

	if (!dir)
		return -errno;
	while (err && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "loop", 4) || !backed_by(entry->d_name, file))
			continue;
		text_put(device, device_len, "/dev/%.200s", entry->d_name);
		err = 0;
	}
	closedir(dir);
	return err;
}

static bool is_bound(const char *device)
{
	char path[128];

	text_put(path, sizeof(path), "/sys/block/%.64s/loop", device + strlen("/dev/"));
	return access(path, F_OK) == 0;
}

int loop_dev_clear(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return errno == ENXIO ? 0 : -errno;
	if (ioctl(fd, LOOP_CLR_FD) < 0 && errno != ENXIO)
		err = -errno;
	close(fd);
	/* It goes with its last user, which may be udev looking at it for a moment. */
	for (int ms = 0; !err && is_bound(device); ms += CLEAR_POLL_MS) {
		if (ms >= CLEAR_WAIT_MS)
			err = -EBUSY;
		poll(NULL, 0, CLEAR_POLL_MS);
	}
	return err;
}

int loop_dev_resize(const char *device, const char *file)
{
	struct statx st;
	int fd, err = 0;

	/* The kernel takes the size that it has cached for the file. */
	if (statx(AT_FDCWD, file, AT_STATX_FORCE_SYNC, STATX_SIZE, &st) < 0)
		return -errno;
	fd = open(device, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, LOOP_SET_CAPACITY) < 0)
		err = -errno;
	close(fd);
	return err;
}
