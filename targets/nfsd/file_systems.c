// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/file_systems.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "targets/daemon/log.h"
#include "targets/nfsd/ceph_module.h"
#include "targets/nfsd/posix.h"

/* ---- directories of this machine --------------------------------------------------------------------- */

/* A node has two descriptors at most; the rest are for connections. */
static unsigned nodes_allowed(unsigned exports)
{
	struct rlimit limit;
	rlim_t n;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 256;
	n = limit.rlim_cur / 4 / (exports ? exports : 1);
	return n < 64 ? 64 : n > POSIX_NODES_MAX ? POSIX_NODES_MAX : (unsigned)n;
}

static int open_posix(struct file_systems *f, struct nfs_export *e, const u8 *key, unsigned nodes)
{
	const char *why;
	int err = posix_fs_create(e, key, nodes, &f->posix[f->posix_n], &why);

	if (err) {
		daemon_log(LOG_ERR, "export %s: %s", e->path, why);
		return err;
	}
	f->posix_n++;
	return 0;
}

/* ---- CephFS ------------------------------------------------------------------------------------------ */

/* Beside the program (a build tree), where an installation has it seen from there, where it was configured. */
static bool module_path(char path[PATH_MAX])
{
	static const char *const places[] = { "%.*s/" CFS_MODULE_FILE,
					      "%.*s/../" NFSD_LIBDIR "/openrdma/" CFS_MODULE_FILE };
	char exe[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe));

	while (len > 0 && exe[len - 1] != '/')
		len--;
	for (unsigned i = 0; i < ARRAY_SIZE(places) && len > 0; i++)
		if (snprintf(path, PATH_MAX, places[i], (int)len, exe) < PATH_MAX &&
		    !access(path, F_OK))
			return true;
	snprintf(path, PATH_MAX, "%s", NFSD_MODULE_DIR "/" CFS_MODULE_FILE);
	return !access(path, F_OK);
}

/* Stays loaded: libcephfs is not made for going. */
static int load_ceph(struct file_systems *f, const struct nfs_export *e)
{
	const struct cfs_module *module;
	char path[PATH_MAX];
	void *handle;

	if (f->ceph_module)
		return 0;
	if (!module_path(path)) {
		daemon_log(
			LOG_ERR,
			"export %s: CephFS needs %s, which is not installed: built without libcephfs?",
			e->path, path);
		return -ENOENT;
	}
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	module = handle ? dlsym(handle, CFS_MODULE_SYMBOL) : NULL;
	if (!module || module->version != CFS_MODULE_VERSION) {
		daemon_log(LOG_ERR, "export %s: CephFS: %s", e->path,
			   !module ? dlerror()
				   : "the module is of another version than the daemon");
		return -EINVAL;
	}
	f->ceph_module = module;
	return 0;
}

static int open_ceph(struct file_systems *f, struct nfs_export *e, const struct cfs_source *source,
		     const u8 *key)
{
	char why[1024];
	int err = load_ceph(f, e);

	if (err)
		return err;
	daemon_log(LOG_INFO, "export %s: mounting ceph:%s as client.%s", e->path, source->path,
		   source->user ? source->user : "admin");
	err = f->ceph_module->create(e, source, key, &f->ceph[f->ceph_n], why, sizeof(why));
	if (err) {
		daemon_log(LOG_ERR, "export %s: ceph:%s: %s", e->path, source->path, why);
		return err;
	}
	f->ceph_n++;
	return 0;
}

int file_systems_open(struct file_systems *f, const struct exports_list *list,
		      const uint8_t key[FILE_SYSTEMS_KEY_BYTES])
{
	unsigned nodes = nodes_allowed(list->n);

	static_assert(FILE_SYSTEMS_KEY_BYTES == POSIX_KEY_BYTES, "one key for both");
	static_assert(FILE_SYSTEMS_KEY_BYTES == CFS_KEY_BYTES, "one key for both");
	for (struct nfs_export *e = list->table.first; e; e = e->next) {
		const struct cfs_source *source = exports_cfs_source(e);
		int err = source->path ? open_ceph(f, e, source, key)
				       : open_posix(f, e, key, nodes);

		if (err)
			return err;
		daemon_log(LOG_INFO, "export %s: fsid %#llx", e->path, (unsigned long long)e->fsid);
	}
	return 0;
}

static const struct nfs_export *closing;

const struct nfs_export *file_systems_closing(void)
{
	return __atomic_load_n(&closing, __ATOMIC_ACQUIRE);
}

void file_systems_close(struct file_systems *f)
{
	for (unsigned i = 0; i < f->posix_n; i++) {
		__atomic_store_n(&closing, f->posix[i]->export, __ATOMIC_RELEASE);
		posix_fs_destroy(f->posix[i]);
	}
	__atomic_store_n(&closing, NULL, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < f->ceph_n; i++)
		f->ceph_module->destroy(f->ceph[i]);
	f->posix_n = f->ceph_n = 0;
}

char *file_systems_real_path(const char *path)
{
	return posix_act_as(NULL) ? NULL : realpath(path, NULL);
}
