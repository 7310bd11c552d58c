/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What the commands of `openrdma nfs` share: the mounted server of a URL, and waiting for a request. */
#ifndef OPENRDMA_NFS_SESSION_H
#define OPENRDMA_NFS_SESSION_H

#include "nfsrdma/client/nfs.h"
#include "tools/openrdma/transport.h"

struct nfs_options {
	enum ornfs_proto proto;
	unsigned version;		/* as of ornfs_client_cfg */
	uint16_t port, mount_port;
	enum ual_crc crc;
};

struct nfs_session {
	const char *url;
	char host[256];
	char path[4097];		/* "/" and what follows */
	uint16_t port;
	struct transport net;
	struct ornfs_client *client;
	struct ornfs_client_info info;
	struct ornfs_file *root;
	int err;
	bool up;
};

#define NFS_URL "nfs://"
/* Both report what is wrong and return an enum exit_code. */
int nfs_session_open(struct nfs_session *s, const char *url, const struct nfs_options *options);
int nfs_session_report(struct nfs_session *s, int err);
void nfs_session_close(struct nfs_session *s);

/* A request that is waited for; zeroed before, its fn is nfs_woken(). */
struct nfs_wait {
	struct ornfs_req req;
	bool done;
	int err;
};
#define NFS_WAIT { .req = { .fn = nfs_woken } }
void nfs_woken(struct ornfs_req *req, int err);
int nfs_wait_for(struct nfs_session *s, struct nfs_wait *wait);

/* The object that the URL names, through symbolic links; attributes too.  0 or negative errno. */
int nfs_session_find(struct nfs_session *s, struct ornfs_file **file, struct ornfs_stat *stat);
/* The directory that it is or would be in, and its name (in s->path). */
int nfs_session_parent(struct nfs_session *s, struct ornfs_file **dir, const char **name);

int nfs_ls(const char *url, const struct nfs_options *options, bool all_about);
int nfs_stat_print(const char *url, const struct nfs_options *options);
int nfs_cat(const char *url, const struct nfs_options *options);
int nfs_cp(const char *from, const char *to, const struct nfs_options *options);

/* Moves all of one side to the other; several requests are under way at once. */
int nfs_get_file(struct nfs_session *s, struct ornfs_file *file, int fd, bool seekable);
int nfs_put_file(struct nfs_session *s, struct ornfs_file *file, int fd, bool seekable);

#endif
