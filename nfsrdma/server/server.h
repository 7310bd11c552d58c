/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * The server between transports and programs: which programs there are, and the workers that run what may block.
 *
 *   reactor (one for each core, a ual_loop)        workers
 *   nfs_call_run(): decode, look up the procedure
 *     may run here -> proc(), reply at once
 *     would block  -> queue ----------------------> proc() again from the start, may_block set
 *   reply  <--------------------------------------- ual_loop_post()
 *
 * A procedure that may run on the reactor (`here`) must not wait for a disk: it passes nowait on, and returns
 * NFS_WOULD_BLOCK before it has changed anything; it is then run from the start by a worker.
 */
#ifndef NFSRDMA_SERVER_H
#define NFSRDMA_SERVER_H

#include "nfsrdma/server/call.h"

enum nfs_outcome {
	NFS_DONE,			/* results, or call->drop, are complete */
	NFS_WOULD_BLOCK,		/* only when !may_block */
	NFS_GARBAGE,			/* the arguments are malformed: RPC_GARBAGE_ARGS */
	NFS_SYSTEM_ERR,			/* out of memory: RPC_SYSTEM_ERR */
};

struct nfs_proc {
	const char *name;		/* NULL: there is no such procedure */
	enum nfs_outcome (*fn)(struct nfs_call *call, bool may_block);
	bool here;
	bool once;			/* changes something: not to be done twice (replay.h) */
};

struct nfs_program {
	u32 prog;
	const char *name;
	u32 vers_low, vers_high;
	/* [vers - vers_low]; a table of proc_n procedures */
	const struct nfs_proc *const *procs;
	const unsigned *proc_n;
	/* procedures other than 0 are refused to AUTH_NONE; false: programs judge */
	bool needs_auth_sys;
	struct nfs_program *next;
};

struct nfs_exports;
struct nfs_replay_cache;
struct nfs_export;
struct nfs_workers;
struct nfs4_state;
struct nfs4_pseudo;

struct nfs_server {
	struct nfs_program *programs;
	const struct nfs_exports *exports;
	struct nfs_workers *workers;
	struct nfs_replay_cache *replay;	/* or NULL: repeated calls are done again */
	struct nfs4_state *state4;		/* NULL: version 4 is not served */
	/* The tree above the exports: nfs_server_pseudo().  Another one may take its place; both stay. */
	const struct nfs4_pseudo *pseudo4;
	struct nfs_reactor *reactors;		/* stats.h; NULL: nothing is counted */
	unsigned reactor_n;
	/* Told of connections, after conn_up and before conn_down; may be NULL. */
	void (*conn_log)(struct nfs_server *server, struct nfs_conn *conn, bool up);
	/* Told of each that was turned away, by its reactor; may be NULL. */
	void (*refusal_log)(struct nfs_reactor *reactor, const struct sockaddr_storage *peer,
			    const char *why);
	/* Told of connections, by nfs_conn_up() and nfs_conn_down(); may be NULL. */
	void (*conn_up)(struct nfs_server *server, struct nfs_conn *conn);
	void (*conn_down)(struct nfs_server *server, struct nfs_conn *conn);
	/*
	 * Told of what a client may not mount or enter: a path as the client says it, and a sentence without its end.
	 * Any thread; may be NULL.
	 */
	void (*refused)(struct nfs_server *server, const struct nfs_conn *conn, const char *path,
			const char *why);
	/*
	 * As realpath(3), for paths that clients mount: free() it; NULL: there is none.  On a thread that may block; may
	 * be NULL.
	 */
	char *(*real_path)(const char *path);
};

#define NFS_REFUSED_HOST "it is not exported to this address"
#define NFS_REFUSED_PORT "the port is above 1023, and it is not exported as insecure"

static inline void nfs_refused(const struct nfs_call *call, const char *path, const char *why)
{
	if (call->server->refused)
		call->server->refused(call->server, call->conn, path, why);
}

static inline const struct nfs4_pseudo *nfs_server_pseudo(const struct nfs_server *server)
{
	return __atomic_load_n(&server->pseudo4, __ATOMIC_ACQUIRE);
}

/* Which file system it is about, by its arguments: what is equal waits together.  0: none that could be told. */
u64 nfs_call_where(const struct nfs_call *call, const struct xdr_in *args);
/* Whether it is this export that they wait for. */
bool nfs_export_is_where(const struct nfs_export *export, u64 where);

/* Threads that run what may block, at most so many for each file system.  -EAGAIN, -ENOMEM. */
int nfs_workers_create(unsigned threads, struct nfs_workers **workers);
/* What is queued is run first. */
void nfs_workers_destroy(struct nfs_workers *workers);
void nfs_workers_add(struct nfs_workers *workers, struct nfs_call *call);
/* What calls are under way for, each once; at most NFS_QUEUES_MAX. */
unsigned nfs_workers_busy(struct nfs_workers *workers, u64 wheres[]);

/* For the workers: runs the procedure, then posts the call back to its reactor. */
void nfs_call_run_blocking(struct nfs_call *call);

#endif
