// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/signature.h"

#include <string.h>

struct signature {
	const char *name;
	size_t offset;
	const char *bytes;
	size_t len;
};

#define SIG(name, offset, bytes) { name, offset, bytes, sizeof(bytes) - 1 }

/* Order: what is more specific first, the generic boot sector mark last. */
static const struct signature signatures[] = {
	SIG("an ext2, ext3 or ext4 file system", 0x438, "\x53\xef"),
	SIG("an XFS file system", 0, "XFSB"),
	SIG("a btrfs file system", 0x10040, "_BHRfS_M"),
	SIG("an F2FS file system", 0x400, "\x10\x20\xf5\xf2"),
	SIG("a bcache device", 0x1018,
	    "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"),
	SIG("a bcachefs file system", 0x1018,
	    "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef"),
	SIG("a ZFS pool member", 0x20000, "\x0c\xb1\xba\x00\x00\x00\x00\x00"),
	SIG("a ZFS pool member", 0x21000, "\x0c\xb1\xba\x00\x00\x00\x00\x00"),
	SIG("an ISO 9660 file system", 0x8001, "CD001"),
	SIG("a GFS2 file system", 0x10000, "\x01\x16\x19\x70"),
	SIG("an OCFS2 file system", 0x2000, "OCFSV2"),
	SIG("a squashfs image", 0, "hsqs"),
	SIG("an LVM physical volume", 0x000, "LABELONE"),
	SIG("an LVM physical volume", 0x200, "LABELONE"),
	SIG("an LVM physical volume", 0x400, "LABELONE"),
	SIG("an LVM physical volume", 0x600, "LABELONE"),
	SIG("an encrypted volume (LUKS)", 0, "LUKS\xba\xbe"),
	SIG("a member of a Linux RAID", 0, "\xfc\x4e\x2b\xa9"),
	SIG("a member of a Linux RAID", 0x1000, "\xfc\x4e\x2b\xa9"),
	SIG("a Ceph BlueStore device", 0, "bluestore block device\n"),
	SIG("swap space", 0x1000 - 10, "SWAPSPACE2"),
	SIG("swap space", 0x10000 - 10, "SWAPSPACE2"),
	SIG("a GPT partition table", 0x200, "EFI PART"),
	SIG("a GPT partition table", 0x1000, "EFI PART"),
	SIG("an NTFS file system", 3, "NTFS    "),
	SIG("an exFAT file system", 3, "EXFAT   "),
	SIG("a FAT file system", 0x36, "FAT1"),
	SIG("a FAT file system", 0x52, "FAT32"),
	SIG("an MBR partition table or boot sector", 0x1fe, "\x55\xaa"),
};

const char *signature_find(const uint8_t *data, size_t len)
{
	const struct signature *s;

	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		s = &signatures[i];
		if (s->offset + s->len <= len && !memcmp(data + s->offset, s->bytes, s->len))
			return s->name;
	}
	return NULL;
}
