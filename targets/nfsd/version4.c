// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/version4.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "targets/daemon/log.h"
#include "targets/nfsd/posix.h"

#define RECORDS_NAME	"clients"
#define TICK_NS		1000000000ull

static void log_line(int level, const char *text)
{
	daemon_log(level, "%s", text);
}

static void conn_down(struct nfs_server *server, struct nfs_conn *conn)
{
	nfs4_state_conn_down(server->state4, conn);
}

static void as_server(void)
{
	if (posix_act_as(NULL))
		daemon_log(LOG_ERR, "the records of clients are written with the rights of a "
				    "caller: the kernel does not give the server its own back");
}

static int records_open(int state_fd)
{
	int fd;

	if (mkdirat(state_fd, RECORDS_NAME, 0700) && errno != EEXIST)
		return -errno;
	fd = openat(state_fd, RECORDS_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int version4_open(struct version4 *v4, struct nfs_server *server, int state_fd, unsigned lease_s,
		  unsigned grace_s)
{
	struct nfs4_pseudo *pseudo = NULL;
	struct nfs4_state_cfg cfg = {
		.lease_s = lease_s,
		.grace_s = grace_s,
		.log = log_line,
		.as_server = as_server,
	};
	int err;

	*v4 = (struct version4){ .server = server, .records_fd = records_open(state_fd) };
	if (v4->records_fd < 0) {
		daemon_log(LOG_ERR, "state directory: %s: %s", RECORDS_NAME,
			   strerror(-v4->records_fd));
		return v4->records_fd;
	}
	cfg.dir_fd = v4->records_fd;
	err = nfs4_state_create(&cfg, &v4->state);
	if (!err)
		err = nfs4_pseudo_create(server->exports, &pseudo);
	if (err) {
		daemon_log(LOG_ERR, "NFS version 4: %s", strerror(-err));
		return err;
	}
	server->state4 = v4->state;
	server->pseudo4 = pseudo;
	server->conn_down = conn_down;
	return 0;
}

static void tick(struct ual_timer *timer)
{
	struct version4 *v4 = timer->ctx;

	nfs4_state_tick(v4->state);
	ual_timer_arm(v4->loop, timer, ual_loop_now(v4->loop) + TICK_NS);
}

void version4_start(struct version4 *v4, struct ual_loop *loop)
{
	v4->loop = loop;
	v4->tick.fn = tick;
	v4->tick.ctx = v4;
	ual_timer_arm(loop, &v4->tick, ual_loop_now(loop) + TICK_NS);
}

void version4_close(struct version4 *v4)
{
	if (!v4->server)
		return;
	if (v4->loop)
		ual_timer_disarm(v4->loop, &v4->tick);
	nfs4_state_destroy(v4->state);
	nfs4_pseudo_destroy((struct nfs4_pseudo *)nfs_server_pseudo(v4->server));
	if (v4->records_fd >= 0)
		close(v4->records_fd);
	v4->server->state4 = NULL;
}
