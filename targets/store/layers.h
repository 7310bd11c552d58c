/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * What a file or device stands on: two LUNs whose bytes are the same destroy what is on them.
 *
 *   a file           itself, and the device of its file system
 *   a partition      itself, its disk
 *   a loop device    itself, its file, and what that stands on
 *   device mapper,   itself, what it is made of, and so on down
 *   md
 *
 * Two of them meet where one is, itself, among what the other stands on.  Two partitions of one disk do not, nor do
 * two files of one file system.
 */
#ifndef TARGETS_STORE_LAYERS_H
#define TARGETS_STORE_LAYERS_H

#include <stdbool.h>
#include <stdint.h>

#define STORE_LAYERS_MAX	64	/* more are not looked at */

struct store_layer {
	bool is_file;
	uint32_t major, minor; /* of the device, or of the file system that the file is on */
	uint64_t inode;
};

struct store_layers {
	unsigned n;			/* 0: memory, or nothing is there */
	struct store_layer layers[STORE_LAYERS_MAX];	/* the first: itself */
};

void store_layers_find(const char *path, struct store_layers *layers);
bool store_layers_meet(const struct store_layers *a, const struct store_layers *b);

#endif
