// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Signatures on images that the tools of each file system made, where they are installed; and marks at the
 * places that the formats define.
 */

#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fio-profiles/runner/signature.h"
#include "fio-profiles/runner/text.h"

static uint8_t disk[SIGNATURE_LEN];

static const struct {
	const char *name;
	size_t offset;
	const char *bytes;
	size_t len;
	const char *found;	/* part of the answer */
} cases[] = {
#define M(s) s, sizeof(s) - 1
	{ "ext4", 1080, M("\x53\xef"), "ext4" },
	{ "xfs", 0, M("XFSB"), "XFS" },
	{ "btrfs", 65600, M("_BHRfS_M"), "btrfs" },
	{ "gpt", 512, M("EFI PART"), "GPT" },
	{ "gpt, 4096-byte blocks", 4096, M("EFI PART"), "GPT" },
	{ "mbr", 510, M("\x55\xaa"), "MBR" },
	{ "lvm, second sector", 512, M("LABELONE"), "LVM" },
	{ "lvm, fourth sector", 1536, M("LABELONE"), "LVM" },
	{ "luks", 0, M("LUKS\xba\xbe"), "LUKS" },
	{ "raid 1.1", 0, M("\xfc\x4e\x2b\xa9"), "RAID" },
	{ "raid 1.2", 4096, M("\xfc\x4e\x2b\xa9"), "RAID" },
	{ "swap", 4086, M("SWAPSPACE2"), "swap" },
	{ "ntfs", 3, M("NTFS    "), "NTFS" },
	{ "ext4 behind a boot sector", 1080, M("\x53\xef"), "ext4" },
};

static void test_marks(void **state)
{
	const char *found;

	assert_null(signature_find(disk, sizeof(disk)));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		memset(disk, 0, sizeof(disk));
		if (strstr(cases[i].name, "boot sector"))
			memcpy(disk + 510, "\x55\xaa", 2);
		memcpy(disk + cases[i].offset, cases[i].bytes, cases[i].len);
		found = signature_find(disk, sizeof(disk));
		assert_non_null(found);
		assert_non_null(strstr(found, cases[i].found));
	}
}

/* A mark that is not all there is none, and nothing behind the end is read. */
static void test_short_disks(void **state)
{
	uint8_t *cut;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = cases[i].offset + cases[i].len - 1;

		cut = calloc(1, len + 1);
		assert_non_null(cut);
		memcpy(cut + cases[i].offset, cases[i].bytes, cases[i].len - 1);
		assert_null(signature_find(cut, len));
		free(cut);
	}
	assert_null(signature_find(disk, 0));
}

/* Made by others: the programs themselves say where their marks are. */
static void test_real_images(void **state)
{
	static const struct {
		const char *command, *found;
	} tools[] = {
		{ "mke2fs -q -F -t ext4 %s", "ext4" },
		{ "mkfs.xfs -q -f %s", "XFS" },
		{ "mkswap -q %s", "swap" },
		{ "mkfs.btrfs -q -f %s", "btrfs" },
		{ "echo label:gpt | sfdisk -q %s", "GPT" },
		{ "echo , | sfdisk -q %s", "MBR" },
	};
	char path[] = "/tmp/openrdma-signature.XXXXXX", command[512], line[256];
	const char *found;
	unsigned made = 0;
	size_t len;
	char *data;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(ftruncate(fd, 320 << 20), 0);
		snprintf(line, sizeof(line), tools[i].command, path);
		snprintf(command, sizeof(command),
			 "PATH=$PATH:/sbin:/usr/sbin; (%s) >/dev/null 2>&1", line);
		if (system(command))
			continue;
		assert_int_equal(truncate(path, SIGNATURE_LEN), 0);
		assert_int_equal(text_read(path, SIGNATURE_LEN, &data, &len), 0);
		found = signature_find((uint8_t *)data, len);
		free(data);
		assert_non_null(found);
		assert_non_null(strstr(found, tools[i].found));
		made++;
	}
	close(fd);
	unlink(path);
	print_message("%u kinds of images were made and recognised\n", made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_short_disks),
		cmocka_unit_test(test_real_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
