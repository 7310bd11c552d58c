// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Who may use which export and how; file handles.  See export.h. */
#include <errno.h>
#include <netinet/in.h>

#include "nfsrdma/server/export.h"

#define SECURE_PORT_MAX	1023
#define FH_VERSION	1
#define FH_HEAD_BYTES	12	/* version, three of zero, fsid */

/* ---- rules -------------------------------------------------------------------------------------- */

static bool bits_equal(const void *a, const void *b, unsigned bits)
{
	const u8 *x = a, *y = b;
	unsigned bytes = bits / 8, rest = bits % 8;

	if (memcmp(x, y, bytes))
		return false;
	return !rest || !((x[bytes] ^ y[bytes]) >> (8 - rest));
}

/* An IPv4 peer of an IPv6 socket is an IPv4 peer. */
static int address_of(const struct sockaddr_storage *addr, const u8 **bytes)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (addr->ss_family == AF_INET) {
		*bytes = (const u8 *)&((const struct sockaddr_in *)addr)->sin_addr;
		return AF_INET;
	}
	if (addr->ss_family != AF_INET6)
		return AF_UNSPEC;
	*bytes = (const u8 *)&((const struct sockaddr_in6 *)addr)->sin6_addr;
	if (memcmp(*bytes, mapped, sizeof(mapped)))
		return AF_INET6;
	*bytes += sizeof(mapped);
	return AF_INET;
}

static bool rule_matches(const struct nfs_export_rule *rule, const struct sockaddr_storage *peer)
{
	const u8 *net = NULL, *addr = NULL;
	int family;

	if (rule->net.ss_family == AF_UNSPEC)
		return true;
	family = address_of(&rule->net, &net);
	return family != AF_UNSPEC && family == address_of(peer, &addr) &&
	       bits_equal(net, addr, rule->prefix);
}

const struct nfs_export_rule *nfs_export_rule_for(const struct nfs_export *export,
						  const struct sockaddr_storage *peer)
{
	const struct nfs_export_rule *rule = nfs_export_rules(export);

	while (rule && !rule_matches(rule, peer))
		rule = rule->next;
	return rule;
}

bool nfs_export_port_ok(const struct nfs_export_rule *rule, const struct sockaddr_storage *peer)
{
	u16 port = 0;

	if (rule->insecure)
		return true;
	if (peer->ss_family == AF_INET)
		port = ntohs(((const struct sockaddr_in *)peer)->sin_port);
	else if (peer->ss_family == AF_INET6)
		port = ntohs(((const struct sockaddr_in6 *)peer)->sin6_port);
	return port <= SECURE_PORT_MAX;
}

/* An id that the caller may not come with, or that nobody has. */
static bool is_squashed(const struct nfs_export_rule *rule, u32 id)
{
	return id == NFS_ID_NONE || (!id && rule->squash == NFS_SQUASH_ROOT);
}

void nfs_export_squash(const struct nfs_export_rule *rule, const struct nfs_cred *in,
		       struct nfs_cred *out)
{
	struct nfs_cred cred = *in;

	if (rule->squash == NFS_SQUASH_ALL || is_squashed(rule, in->uid)) {
		cred = (struct nfs_cred){ .uid = rule->anon_uid, .gid = rule->anon_gid };
	} else {
		if (is_squashed(rule, cred.gid))
			cred.gid = rule->anon_gid;
		for (unsigned i = 0; i < cred.group_n; i++)
			if (is_squashed(rule, cred.groups[i]))
				cred.groups[i] = rule->anon_gid;
	}
	*out = cred;
}

/* ---- finding ------------------------------------------------------------------------------------- */

struct nfs_export *nfs_exports_first(const struct nfs_exports *exports)
{
	return __atomic_load_n(&exports->first, __ATOMIC_ACQUIRE);
}

struct nfs_export *nfs_exports_next(const struct nfs_export *export)
{
	return __atomic_load_n(&export->next, __ATOMIC_ACQUIRE);
}

const struct nfs_export_rule *nfs_export_rules(const struct nfs_export *export)
{
	return nfs_export_is_gone(export) ? NULL
					  : __atomic_load_n(&export->rules, __ATOMIC_ACQUIRE);
}

struct nfs_export *nfs_export_by_fsid(const struct nfs_exports *exports, u64 fsid)
{
	struct nfs_export *e = nfs_exports_first(exports);

	while (e && e->fsid != fsid)
		e = nfs_exports_next(e);
	return e;
}

/* How much of `path` is the export's; 0: none.  Both without a slash at the end. */
static size_t covers(const struct nfs_export *e, const char *path)
{
	size_t len = strlen(e->path);

	while (len && e->path[len - 1] == '/')
		len--;
	if (strncmp(e->path, path, len) || (path[len] && path[len] != '/'))
		return 0;
	return len + 1;
}

struct nfs_export *nfs_export_by_path(const struct nfs_exports *exports, const char *path,
				      const char **rest)
{
	struct nfs_export *best = NULL;
	size_t best_len = 0;

	for (struct nfs_export *e = nfs_exports_first(exports); e; e = nfs_exports_next(e)) {
		size_t len = nfs_export_is_gone(e) ? 0 : covers(e, path);

		if (len > best_len) {
			best = e;
			best_len = len;
		}
	}
	if (best) {
		*rest = path + best_len - 1;
		*rest += strspn(*rest, "/");
	}
	return best;
}

/* ---- changing it --------------------------------------------------------------------------------- */

void nfs_exports_add(struct nfs_exports *exports, struct nfs_export *export)
{
	struct nfs_export **at = &exports->first;

	while (*at)
		at = &(*at)->next;
	__atomic_store_n(at, export, __ATOMIC_RELEASE);
}

struct nfs_export_rule *nfs_export_set(struct nfs_export *export, struct nfs_export_rule *rules,
				       bool async)
{
	struct nfs_export_rule *old = export->rules;

	__atomic_store_n(&export->rules, rules, __ATOMIC_RELEASE);
	__atomic_store_n(&export->async, async, __ATOMIC_RELAXED);
	__atomic_store_n(&export->gone, false, __ATOMIC_RELEASE);
	return old;
}

void nfs_export_set_gone(struct nfs_export *export)
{
	__atomic_store_n(&export->gone, true, __ATOMIC_RELAXED);
}

void nfs_export_set_pseudo(struct nfs_export *export, const struct nfs4_pseudo *pseudo)
{
	__atomic_store_n(&export->pseudo4, pseudo, __ATOMIC_RELEASE);
}

/* ---- handles ------------------------------------------------------------------------------------- */

int nfs_fh_make(struct nfs_export *export, struct nfs_node *node, struct nfs_fh *fh)
{
	unsigned len = 0;
	int err = export->vfs->handle(node, fh->data + FH_HEAD_BYTES, &len);

	if (err)
		return err;
	core_assert(FH_HEAD_BYTES + len <= NFS_FH_BYTES_MAX);
	memset(fh->data, 0, FH_HEAD_BYTES);
	fh->data[0] = FH_VERSION;
	put_unaligned_be64(export->fsid, fh->data + 4);
	fh->len = (u8)(FH_HEAD_BYTES + len);
	return 0;
}

static bool fh_is_ours(const u8 *fh, unsigned fh_len)
{
	return fh_len > FH_HEAD_BYTES && fh_len <= NFS_FH_BYTES_MAX && fh[0] == FH_VERSION;
}

bool nfs_fh_fsid(const u8 *fh, unsigned fh_len, u64 *fsid)
{
	if (!fh_is_ours(fh, fh_len))
		return false;
	*fsid = get_unaligned_be64(fh + 4);
	return true;
}

bool nfs_fh_is_remote(const struct nfs_exports *exports, const u8 *fh, unsigned fh_len)
{
	const struct nfs_export *e = NULL;
	u64 fsid;

	if (nfs_fh_fsid(fh, fh_len, &fsid))
		e = nfs_export_by_fsid(exports, fsid);
	return e && e->remote;
}

int nfs_fh_resolve(const struct nfs_exports *exports, const u8 *fh, unsigned fh_len,
		   struct nfs_export **export, struct nfs_node **node)
{
	struct nfs_export *e;
	int err;

	if (!fh_is_ours(fh, fh_len))
		return -EBADMSG;
	e = nfs_export_by_fsid(exports, get_unaligned_be64(fh + 4));
	if (!e)
		return -ESTALE;
	err = e->vfs->find(e, fh + FH_HEAD_BYTES, fh_len - FH_HEAD_BYTES, node);
	if (err)
		return err;
	*export = e;
	return 0;
}

/* ---- one on another ------------------------------------------------------------------------------- */

static struct nfs_export *above(const struct nfs_exports *exports, const struct nfs_export *e,
				const char **rest)
{
	struct nfs_export *best = NULL;
	size_t best_len = 0;

	for (struct nfs_export *o = nfs_exports_first(exports); o; o = nfs_exports_next(o)) {
		size_t len = o == e || nfs_export_is_gone(o) ? 0 : covers(o, e->path);

		if (len > best_len) {
			best = o;
			best_len = len;
		}
	}
	if (best)
		*rest = e->path + best_len;
	return best;
}

/* Down from o's root as the server itself; *path: what is behind its last slash, in the directory that is returned. */
static struct nfs_node *directory(struct nfs_export *o, const char **path)
{
	static const struct nfs_cred server;
	struct nfs_node *dir, *next;
	char name[NFS_NAME_MAX + 1];
	const char *slash;
	int err;

	if (o->vfs->root(o, &dir))
		return NULL;
	while ((slash = strchr(*path, '/'))) {
		err = slash - *path > NFS_NAME_MAX ? -ENAMETOOLONG : 0;
		if (!err) {
			memcpy(name, *path, (size_t)(slash - *path));
			name[slash - *path] = '\0';
			err = o->vfs->lookup(dir, &server, name, &next);
		}
		o->vfs->put(dir);
		if (err)
			return NULL;
		dir = next;
		*path = slash + 1;
	}
	return dir;
}

/* Whether this name is another directory than e's: something is mounted on it. */
static bool is_covered(struct nfs_export *o, struct nfs_node *dir, const char *name,
		       struct nfs_export *e)
{
	static const struct nfs_cred server;
	struct nfs_attr below, root;
	struct nfs_node *node;
	int err = o->vfs->lookup(dir, &server, name, &node);
	bool covered = err == -EXDEV;

	if (err)
		return covered;
	err = o->vfs->getattr(node, &below);
	o->vfs->put(node);
	if (err || e->vfs->root(e, &node))
		return false;
	covered = !e->vfs->getattr(node, &root) &&
		  (below.st.st_dev != root.st.st_dev || below.st.st_ino != root.st.st_ino);
	e->vfs->put(node);
	return covered;
}

void nfs_exports_nest(struct nfs_exports *exports)
{
	for (struct nfs_export *e = nfs_exports_first(exports); e; e = nfs_exports_next(e)) {
		const char *name = NULL;
		struct nfs_export *o = e->outer ? NULL : above(exports, e, &name);
		struct nfs_node *dir = o && *name ? directory(o, &name) : NULL;

		if (!dir)
			continue;
		if (is_covered(o, dir, name, e) && !nfs_fh_make(o, dir, &e->outer_dir)) {
			e->outer_name = name;
			__atomic_store_n(&e->outer, o, __ATOMIC_RELEASE);
		}
		o->vfs->put(dir);
	}
}

struct nfs_export *nfs_export_shown_in(const struct nfs_export *export)
{
	struct nfs_export *outer = __atomic_load_n(&export->outer, __ATOMIC_ACQUIRE);

	return outer && (__atomic_load_n(&outer->crossmnt, __ATOMIC_RELAXED) ||
			 __atomic_load_n(&export->nohide, __ATOMIC_RELAXED))
		       ? outer
		       : NULL;
}

struct nfs_export *nfs_export_mounted_at(const struct nfs_exports *exports,
					 const struct nfs_export *outer, const u8 *dir, u32 dir_len,
					 const char *name, const struct sockaddr_storage *peer)
{
	const struct nfs_export_rule *rule;

	for (struct nfs_export *e = nfs_exports_first(exports); e; e = nfs_exports_next(e)) {
		if (nfs_export_shown_in(e) != outer || strcmp(e->outer_name, name) ||
		    e->outer_dir.len != dir_len || memcmp(e->outer_dir.data, dir, dir_len))
			continue;
		rule = nfs_export_rule_for(e, peer);
		return rule && nfs_export_port_ok(rule, peer) ? e : NULL;
	}
	return NULL;
}
