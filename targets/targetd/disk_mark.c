// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "targets/targetd/identity.h"

#define LABEL	"user.openrdma.disk"

/* One line of a file below the device's folder in sysfs. */
static bool device_line(unsigned major_no, unsigned minor_no, const char *name, char *line, int len)
{
	char path[160];
	bool good;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major_no, minor_no, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	good = fgets(line, len, f) != NULL;
	fclose(f);
	if (good)
		line[strcspn(line, "\n")] = '\0';
	for (char *c = line; good && *c; c++)	/* some are padded with anything */
		if (*c < 0x20 || *c > 0x7e)
			*c = '_';
	return good && line[0];
}

/* The kernel's name of the device that outlives a restart; a partition has that of its disk, and its number. */
static void device_label(unsigned major_no, unsigned minor_no, char *label, size_t len)
{
	static const char *const names[] = { "dm/uuid",	    "md/uuid", "loop/backing_file", "wwid",
					     "device/wwid", "serial",  "device/serial" };
	char line[96], part[16], name[64];
	bool is_part = device_line(major_no, minor_no, "partition", part, sizeof(part));

	label[0] = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), "%s%s", is_part ? "../" : "", names[i]);
		if (!device_line(major_no, minor_no, name, line, sizeof(line)))
			continue;
		snprintf(label, len, "%s%s%s", line, is_part ? " partition " : "",
			 is_part ? part : "");
		return;
	}
}

int disk_mark_of(const char *path, struct disk_mark *mark, bool *empty)
{
	struct statx st;
	ssize_t n;

	*mark = (struct disk_mark){ .device = false };
	*empty = false;
	if (statx(AT_FDCWD, path, 0, STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
		return -errno;
	if (S_ISBLK(st.stx_mode)) {
		mark->device = true;
		device_label(st.stx_rdev_major, st.stx_rdev_minor, mark->label,
			     sizeof(mark->label));
		return 0;
	}
	*empty = S_ISREG(st.stx_mode) && st.stx_size == 0;
	mark->inode = st.stx_ino;
	if (st.stx_mask & STATX_BTIME)
		snprintf(mark->born, sizeof(mark->born), "%lld.%09u",
			 (long long)st.stx_btime.tv_sec, st.stx_btime.tv_nsec);
	n = getxattr(path, LABEL, mark->label, sizeof(mark->label) - 1);
	mark->label[n > 0 ? n : 0] = '\0';
	return 0;
}

void disk_mark_label(const char *path, const char *label)
{
	/* One more way to know it: those that cannot do without. */
	if (setxattr(path, LABEL, label, strlen(label), 0) != 0)
		return;
}

bool disk_mark_same(const struct disk_mark *old, const struct disk_mark *now)
{
	bool same_file = old->inode == now->inode && strcmp(old->born, now->born) == 0;

	if (old->device != now->device)
		return false;
	/* Another daemon, with a folder of its own, may have labelled it since. */
	if (!now->device && same_file && now->born[0])
		return true;
	if (now->label[0] && old->label[0])
		return strcmp(old->label, now->label) == 0;
	if (now->device)
		return true;	/* one of them did not say who it is */
	return same_file;
}
