// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/nfs_session.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"
#include "ual/base/addr.h"

#define LINKS_MAX 40

static void on_up(struct ornfs_client *client, int err, struct ornfs_file *root, void *ctx)
{
	struct nfs_session *s = ctx;

	s->err = err;
	s->root = root;
	s->up = true;
}

static void on_state(struct ornfs_client *client, int err, void *ctx)
{
	struct nfs_session *s = ctx;

	if (err)
		report_error("%s does not answer (%s): trying again", s->host, strerror(-err));
	else
		report_error("%s answers again", s->host);
}

static int url_parse(struct nfs_session *s, const char *url)
{
	const char *host = url + strlen(NFS_URL), *path;
	struct addr_name name;
	char why[300];

	static_assert(sizeof(s->host) >= sizeof(name.host), "it fits");
	path = strncmp(url, NFS_URL, strlen(NFS_URL)) ? NULL : strchr(host, '/');
	if (!path || strlen(path) >= sizeof(s->path))
		return report_usage("%s: expected nfs://SERVER[:PORT]/PATH", url);
	if (addr_name_parse(host, (size_t)(path - host), "nfs://SERVER[:PORT]/PATH", &name, why,
			    sizeof(why)))
		return report_usage("%s: %s", url, why);
	strcpy(s->host, name.host);
	strcpy(s->path, path);
	s->port = name.port;
	return EXIT_OK;
}

static int why_down(struct nfs_session *s, const struct nfs_options *o, int err)
{
	const char *how = o->proto == ORNFS_PROTO_RDMA ? "RDMA" : "TCP";

	switch (-err) {
	case ENOENT:
		report_error("%s: the server has no such export", s->url);
		break;
	case EACCES:
	case EPERM:
		report_error("%s: the server refuses the mount: expected an export for this "
			     "address, with the option `insecure`",
			     s->url);
		break;
	case EPROTO:
	case EPROTONOSUPPORT:
		report_error(
			"%s: what answers is no server of NFS version %s (%s): expected --vers "
			"of one that it has",
			s->url, ornfs_version_text(o->version), strerror(-err));
		break;
	case EHOSTUNREACH:
		report_error("%s: no such host, or no way to it", s->url);
		break;
	default:
		report_error("%s: cannot mount over %s: %s", s->url, how, strerror(-err));
	}
	return exit_code_of(err);
}

int nfs_session_open(struct nfs_session *s, const char *url, const struct nfs_options *options)
{
	struct ornfs_client_cfg cfg = {
		.host = s->host,
		.path = s->path,
		.proto = options->proto,
		.version = options->version,
		.mount_port = options->mount_port,
		.crc = options->crc,
		.uid = geteuid(),
		.gid = getegid(),
		.on_up = on_up,
		.on_state = on_state,
		.ctx = s,
	};
	char why[256];
	int code, err;

	memset(s, 0, sizeof(*s));
	s->url = url;
	code = url_parse(s, url);
	if (code)
		return code;
	if (transport_open(&s->net, why, sizeof(why))) {
		report_error("%s", why);
		return EXIT_FAILED;
	}
	cfg.ual = s->net.ual;
	cfg.loop = s->net.loop;
	cfg.port = s->port ? s->port : options->port;
	err = ornfs_client_create(&cfg, &s->client);
	while (!err && !s->up)
		ual_loop_step(s->net.loop, UINT64_MAX);
	if (!err)
		err = s->err;
	if (!err) {
		ornfs_client_info(s->client, &s->info);
		return EXIT_OK;
	}
	code = why_down(s, options, err);
	nfs_session_close(s);
	return code;
}

void nfs_session_close(struct nfs_session *s)
{
	ornfs_file_put(s->root);
	ornfs_client_destroy(s->client);
	transport_close(&s->net);
}

int nfs_session_report(struct nfs_session *s, int err)
{
	report_error("%s: %s", s->url,
		     err == -EXDEV ? "it leads out of the export" : strerror(-err));
	return exit_code_of(err);
}

void nfs_woken(struct ornfs_req *req, int err)
{
	struct nfs_wait *wait = (struct nfs_wait *)req;

	wait->done = true;
	wait->err = err;
}

int nfs_wait_for(struct nfs_session *s, struct nfs_wait *wait)
{
	while (!wait->done)
		ual_loop_step(s->net.loop, UINT64_MAX);
	wait->done = false;
	return wait->err;
}

/* ---- paths ------------------------------------------------------------------------------------ */

/* Length of the export in s->path: what is behind it begins with a slash, or is empty. */
static size_t export_length(const struct nfs_session *s)
{
	size_t len = strlen(s->info.export);

	return len == 1 ? 0 : len;
}

/* Is it the export, or below it?  Whole components count: /srv/share2 is not below /srv/share. */
static bool is_exported(const struct nfs_session *s, const char *path)
{
	size_t len = export_length(s);

	return !strncmp(path, s->info.export, len) && (path[len] == '/' || !path[len]);
}

/* What the link at s->path[at..rest) leads to takes its place, within the export. */
static int follow(struct nfs_session *s, struct ornfs_file *link, size_t at, size_t rest)
{
	struct nfs_wait wait = NFS_WAIT;
	char target[4097], path[4097];
	int n, err;

	ornfs_readlink(s->client, link, target, sizeof(target), &wait.req);
	err = nfs_wait_for(s, &wait);
	if (err)
		return err;
	/* A path of the server: only inside the export does it mean something to a client. */
	if (target[0] == '/' && !is_exported(s, target))
		return -EXDEV;
	if (target[0] == '/')
		n = snprintf(path, sizeof(path), "%s%s", target, s->path + rest);
	else
		n = snprintf(path, sizeof(path), "%.*s%s%s", (int)at, s->path, target,
			     s->path + rest);
	if ((size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(s->path, path, (size_t)n + 1);
	return 0;
}

/*
 * ".." at s->path[at..at + 2): what is before it are directories and no links, so it takes the last of them away.  A
 * server would say what is above its export, or fail.
 */
static int up(struct nfs_session *s, size_t at)
{
	size_t to = at;

	while (to > export_length(s) && s->path[to - 1] == '/')
		to--;
	if (to <= export_length(s))
		return -EXDEV;
	while (s->path[to - 1] != '/')
		to--;
	memmove(s->path + to, s->path + at + 2, strlen(s->path + at + 2) + 1);
	return 0;
}

/* One name down, "file" becomes what it names. */
static int down(struct nfs_session *s, struct ornfs_file **file, size_t at, size_t len,
		struct ornfs_stat *stat)
{
	struct nfs_wait wait = NFS_WAIT;
	char name[256];
	int err;

	if (len >= sizeof(name))
		return -ENAMETOOLONG;
	text_put(name, sizeof(name), "%.*s", (int)len, s->path + at);
	ornfs_lookup(s->client, *file, name, &wait.req);
	err = nfs_wait_for(s, &wait);
	if (err)
		return err;
	ornfs_file_put(*file);
	*file = wait.req.file;
	if (!wait.req.has_stat) {
		ornfs_getattr(s->client, *file, &wait.req);
		err = nfs_wait_for(s, &wait);
	}
	*stat = wait.req.stat;
	return err;
}

enum walked { WALK_AGAIN = 1, WALK_LINK };	/* the path is another; because of a link */

/* From the export's root to s->path[..end): 0, an enum walked, or a negative errno. */
static int walk(struct nfs_session *s, bool parent, struct ornfs_file **file,
		struct ornfs_stat *stat)
{
	size_t at = export_length(s), len;
	int err = 0;

	for (;; at += len) {
		at += strspn(s->path + at, "/");
		len = strcspn(s->path + at, "/");
		if (len == 2 && !memcmp(s->path + at, "..", 2))
			return up(s, at) ?: WALK_AGAIN;
		if (len == 1 && s->path[at] == '.') {
			memmove(s->path + at, s->path + at + 1, strlen(s->path + at));
			len = 0;
			continue;
		}
		if (!len || (parent && !s->path[at + len + strspn(s->path + at + len, "/")]))
			return 0;
		err = down(s, file, at, len, stat);
		if (err)
			return err;
		if (S_ISLNK(stat->st.st_mode))
			return follow(s, *file, at, at + len) ?: WALK_LINK;
	}
}

static int find(struct nfs_session *s, bool parent, struct ornfs_file **file,
		struct ornfs_stat *stat)
{
	struct nfs_wait wait = NFS_WAIT;
	unsigned links = 0;
	int err;

	ornfs_getattr(s->client, s->root, &wait.req);
	err = nfs_wait_for(s, &wait);
	while (!err) {
		*stat = wait.req.stat;
		*file = s->root;
		ornfs_file_get(*file);
		err = walk(s, parent, file, stat);
		if (!err)
			return 0;
		ornfs_file_put(*file);
		*file = NULL;
		links += err == WALK_LINK;
		if (err > 0)
			err = links < LINKS_MAX ? 0 : -ELOOP;
	}
	return err;
}

int nfs_session_find(struct nfs_session *s, struct ornfs_file **file, struct ornfs_stat *stat)
{
	return find(s, false, file, stat);
}

int nfs_session_parent(struct nfs_session *s, struct ornfs_file **dir, const char **name)
{
	struct ornfs_stat stat;
	size_t len = strlen(s->path);
	int err;

	while (len > 1 && s->path[len - 1] == '/')
		s->path[--len] = '\0';
	if (len <= strlen(s->info.export))
		return -EISDIR;
	err = find(s, true, dir, &stat);
	if (!err)
		*name = strrchr(s->path, '/') + 1;
	return err;
}
