// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* An export's mount: made, its root, its verifier; the table of operations, and the module's symbol. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "targets/nfsd/ceph.h"
#include "targets/nfsd/siphash.h"

#define BAD(why, why_len, ...) snprintf(why, why_len, __VA_ARGS__)

static int root(struct nfs_export *export, struct nfs_node **node)
{
	struct cfs *fs = cfs_of(export);

	cfs_node_get(fs->root);
	*node = fs->root;
	return 0;
}

static u64 write_verifier(struct nfs_export *export)
{
	return atomic_load(&cfs_of(export)->verifier);
}

void cfs_writes_lost(struct cfs *fs)
{
	u64 verifier;

	if (getrandom(&verifier, sizeof(verifier), 0) != sizeof(verifier))
		verifier = atomic_load(&fs->verifier) + 1;
	atomic_store(&fs->verifier, verifier);
}

static const struct nfs_vfs_ops vfs = {
	.root = root,
	.find = cfs_node_find,
	.handle = cfs_node_handle,
	.get = cfs_node_get,
	.put = cfs_node_put,
	.getattr = cfs_getattr,
	.setattr = cfs_setattr,
	.getacl = cfs_getacl,
	.access = cfs_access,
	.lookup = cfs_lookup,
	.readlink = cfs_readlink,
	.create = cfs_create,
	.mkdir = cfs_mkdir,
	.symlink = cfs_symlink,
	.mknod = cfs_mknod,
	.unlink = cfs_unlink,
	.rmdir = cfs_rmdir,
	.rename = cfs_rename,
	.link = cfs_link,
	.readdir = cfs_readdir,
	.read = cfs_read,
	.write = cfs_write,
	.commit = cfs_commit,
	.seek = cfs_seek,
	.allocate = cfs_allocate,
	.deallocate = cfs_deallocate,
	.copy = cfs_copy,
	.statfs = cfs_statfs,
	.getxattr = cfs_getxattr,
	.setxattr = cfs_setxattr,
	.listxattr = cfs_listxattr,
	.removexattr = cfs_removexattr,
	.write_verifier = write_verifier,
};

/* ---- mounting ------------------------------------------------------------------------------------------- */

/* Handles of one export are not good for another of the same file system, which may be read-only. */
static void key_derive(struct cfs *fs, const u8 key[CFS_KEY_BYTES])
{
	u8 text[9];

	put_unaligned_be64(fs->export->fsid, text);
	for (u8 i = 0; i < 2; i++) {
		text[8] = i;
		put_unaligned_be64(siphash(key, text, sizeof(text)), fs->key + 8 * i);
	}
}

/* Libraries of Ceph say errors also as positive numbers of their own. */
static const char *text_of(int err)
{
	switch (err) {
	case -CEPHFS_ERROR_MON_MAP_BUILD:
		return "no monitors are configured";
	case -CEPHFS_ERROR_NEW_CLIENT:
	case -CEPHFS_ERROR_MESSENGER_START:
		return "the Ceph client cannot start";
	default:
		return strerror(err < 0 ? -err : err);
	}
}

static int configure(struct cfs *fs, const struct cfs_source *source, char *why, size_t why_len)
{
	/* Permissions are judged by the library, as the caller, and ACLs belong to them. */
	static const char *const settings[][2] = {
		{ "fuse_default_permissions", "false" },
		{ "client_permissions", "true" },
		{ "client_acl_type", "posix_acl" },
	};
	int err = ceph_conf_read_file(fs->mount, source->conf);

	if (err) {
		BAD(why, why_len, "configuration %s: %s; see ceph_conf=",
		    source->conf ? source->conf : "/etc/ceph/ceph.conf", text_of(err));
		return err;
	}
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		err = ceph_conf_set(fs->mount, settings[i][0], settings[i][1]);
		if (err) {
			BAD(why, why_len, "this libcephfs has no %s", settings[i][0]);
			return err;
		}
	}
	return 0;
}

/*
 * The same for each start of this server: what an earlier one, which was killed, still holds open is taken from it at
 * once, instead of after the metadata server's timeout of minutes.
 */
static void take_over(struct cfs *fs)
{
	char uuid[64];
	int err;

	snprintf(uuid, sizeof(uuid), "openrdma-nfsd-%016llx",
		 (unsigned long long)siphash(fs->key, "session", 7));
	err = ceph_start_reclaim(fs->mount, uuid, CEPH_RECLAIM_RESET);
	if (!err)
		ceph_finish_reclaim(fs->mount);
	ceph_set_uuid(fs->mount, uuid);
}

/* An inode that Ceph wants back from us, since it has too many or somebody else needs it. */
static void recall(void *handle, vinodeno_t vino)
{
	cfs_node_recall(handle, vino);
}

/* libcephfs asks for it where the directory has no default ACL.  A callback of its own cannot do with our handle. */
static mode_t umask_of_call(void *handle)
{
	return cfs_umask;
}

static int mount_it(struct cfs *fs, const struct cfs_source *source, char *why, size_t why_len)
{
	struct ceph_client_callback_args callbacks = { .handle = fs,
						       .umask_cb = umask_of_call,
						       .ino_release_cb = recall };
	int err = ceph_init(fs->mount);

	if (err) {
		BAD(why, why_len, "%s; are the monitors and the key of client.%s right?",
		    text_of(err), source->user ? source->user : "admin");
		return err;
	}
	err = source->fs ? ceph_select_filesystem(fs->mount, source->fs) : 0;
	if (err) {
		BAD(why, why_len, "ceph_fs=%s: %s", source->fs, text_of(err));
		return err;
	}
	take_over(fs);
	err = ceph_mount(fs->mount, source->path);
	if (err) {
		BAD(why, why_len, "%s%s%s%s", text_of(err),
		    err == -ENOENT	? ": is there such a directory"
		    : err == -ETIMEDOUT ? ": do monitors and metadata servers answer"
					: ": it cannot be mounted",
		    source->fs ? ", and a file system ceph_fs=" : "", source->fs ? source->fs : "");
		return err;
	}
	ceph_ll_register_callbacks(fs->mount, &callbacks);
	return 0;
}

static int root_open(struct cfs *fs, char *why, size_t why_len)
{
	struct ceph_statx stx;
	struct Inode *in;
	int err = ceph_ll_lookup_root(fs->mount, &in);

	if (!err) {
		err = ceph_ll_getattr(fs->mount, in, &stx, CFS_NODE_WANT, 0, fs->self);
		if (err)
			ceph_ll_put(fs->mount, in);
	}
	if (!err && !S_ISDIR(stx.stx_mode)) {
		ceph_ll_put(fs->mount, in);
		err = -ENOTDIR;
	}
	if (!err)
		err = cfs_node_from_inode(fs, in, &stx, &fs->root);
	if (err)
		BAD(why, why_len, "%s", text_of(err));
	return err;
}

static struct cfs *alloc(struct nfs_export *export, const u8 key[CFS_KEY_BYTES])
{
	struct cfs *fs = calloc(1, sizeof(*fs));

	if (!fs)
		return NULL;
	fs->export = export;
	key_derive(fs, key);
	INIT_LIST_HEAD(&fs->lru);
	for (unsigned i = 0; i < CFS_HASH; i++)
		INIT_LIST_HEAD(&fs->hash[i]);
	pthread_mutex_init(&fs->lock, NULL);
	return fs;
}

static void dealloc(struct cfs *fs)
{
	if (fs->self)
		ceph_userperm_destroy(fs->self);
	pthread_mutex_destroy(&fs->lock);
	free(fs);
}

static int create(struct nfs_export *export, const struct cfs_source *source,
		  const u8 key[CFS_KEY_BYTES], struct cfs **out, char *why, size_t why_len)
{
	struct cfs *fs = alloc(export, key);
	u64 verifier;
	int err = -ENOMEM;

	BAD(why, why_len, "out of memory");
	if (!fs)
		return -ENOMEM;
	fs->self = ceph_userperm_new(0, 0, 0, NULL);
	if (!fs->self || ceph_create(&fs->mount, source->user ? source->user : "admin"))
		goto err_dealloc;
	err = getrandom(&verifier, sizeof(verifier), 0) == sizeof(verifier) ? 0 : -EIO;
	atomic_store(&fs->verifier, verifier);
	if (!err)
		err = configure(fs, source, why, why_len);
	if (!err)
		err = mount_it(fs, source, why, why_len);
	if (err)
		goto err_release;
	err = root_open(fs, why, why_len);
	if (err)
		goto err_unmount;
	err = cfs_idle_start(fs);
	if (err) {
		BAD(why, why_len, "a thread: %s", strerror(-err));
		goto err_root;
	}
	export->vfs = &vfs;
	export->remote = true;
	export->fs = fs;
	*out = fs;
	return 0;

err_root:
	cfs_node_free(fs->root);
err_unmount:
	ceph_unmount(fs->mount);
err_release:
	ceph_release(fs->mount);
err_dealloc:
	dealloc(fs);
	return err;
}

static void destroy(struct cfs *fs)
{
	cfs_node_put(fs->root);
	cfs_idle_stop(fs);
	ceph_unmount(fs->mount);
	ceph_release(fs->mount);
	dealloc(fs);
}

__attribute__((visibility("default"))) extern const struct cfs_module openrdma_nfsd_ceph;
const struct cfs_module openrdma_nfsd_ceph = {
	.version = CFS_MODULE_VERSION,
	.create = create,
	.destroy = destroy,
};
