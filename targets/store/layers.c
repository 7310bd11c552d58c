// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/store/layers.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define SYSFS	"/sys/dev/block/%u:%u/"

static void look_device(struct store_layers *all, unsigned major_no, unsigned minor_no);

static bool same(const struct store_layer *a, const struct store_layer *b)
{
	return a->is_file == b->is_file && a->major == b->major && a->minor == b->minor &&
	       a->inode == b->inode;
}

/* False: it is there already, or there is no room. */
static bool add(struct store_layers *all, const struct store_layer *layer)
{
	for (unsigned i = 0; i < all->n; i++)
		if (same(&all->layers[i], layer))
			return false;
	if (all->n == STORE_LAYERS_MAX)
		return false;
	all->layers[all->n++] = *layer;
	return true;
}

static void look_path(struct store_layers *all, const char *path)
{
	struct stat st;
	struct store_layer file;

	if (stat(path, &st) != 0)
		return;
	if (S_ISBLK(st.st_mode)) {
		look_device(all, major(st.st_rdev), minor(st.st_rdev));
		return;
	}
	file = (struct store_layer){
		.is_file = true,
		.major = major(st.st_dev),
		.minor = minor(st.st_dev),
		.inode = st.st_ino,
	};
	/* Major 0: a file system without a device. */
	if (S_ISREG(st.st_mode) && add(all, &file) && file.major)
		look_device(all, file.major, file.minor);
}

/* One line of a file of the device; false: there is none. */
static bool line_of(unsigned major_no, unsigned minor_no, const char *name, char *line, int len)
{
	char path[128];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), SYSFS "%s", major_no, minor_no, name);
	f = fopen(path, "re");
	if (!f)
		return false;
	good = fgets(line, len, f) != NULL;
	fclose(f);
	line[good ? strcspn(line, "\n") : 0] = '\0';
	return good;
}

static void look_number(struct store_layers *all, const char *text)
{
	unsigned major_no, minor_no;

	if (sscanf(text, "%u:%u", &major_no, &minor_no) == 2)
		look_device(all, major_no, minor_no);
}

/* What device mapper and md are made of. */
static void look_slaves(struct store_layers *all, unsigned major_no, unsigned minor_no)
{
	char path[128], name[300], line[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), SYSFS "slaves", major_no, minor_no);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "slaves/%s/dev", entry->d_name);
		if (line_of(major_no, minor_no, name, line, sizeof(line)))
			look_number(all, line);
	}
	if (dir)
		closedir(dir);
}

static void look_device(struct store_layers *all, unsigned major_no, unsigned minor_no)
{
	struct store_layer device = { .major = major_no, .minor = minor_no };
	char line[PATH_MAX];

	if (!add(all, &device))
		return;
	if (line_of(major_no, minor_no, "partition", line, sizeof(line)) &&
	    line_of(major_no, minor_no, "../dev", line, sizeof(line)))
		look_number(all, line);
	if (line_of(major_no, minor_no, "loop/backing_file", line, sizeof(line)))
		look_path(all, line);
	look_slaves(all, major_no, minor_no);
}

void store_layers_find(const char *path, struct store_layers *layers)
{
	layers->n = 0;
	look_path(layers, path);
}

static bool has(const struct store_layers *all, const struct store_layer *layer)
{
	for (unsigned i = 0; i < all->n; i++)
		if (same(&all->layers[i], layer))
			return true;
	return false;
}

bool store_layers_meet(const struct store_layers *a, const struct store_layers *b)
{
	return a->n && b->n && (has(a, &b->layers[0]) || has(b, &a->layers[0]));
}
