// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tools/openrdma/admin_client.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "targets/daemon/admin.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"

#define FIRST_BYTES 65536

const char *const admin_daemons[ADMIN_DAEMONS] = { "targetd", "nfsd" };

int admin_client_path(const char *name, char *path, size_t path_len)
{
	char socket_name[32], full[PATH_MAX];

	for (unsigned i = 0; i < ADMIN_DAEMONS; i++) {
		if (strcmp(name, admin_daemons[i]))
			continue;
		text_put(socket_name, sizeof(socket_name), "%s.sock", name);
		if (daemon_admin_path(socket_name, full))
			return -ENOENT;
		text_put(path, path_len, "%s", full);
		return 0;
	}
	text_put(path, path_len, "%s", name);
	return 0;
}

static int dial(const char *path, int *fd)
{
	const struct timeval limit = { .tv_sec = ADMIN_CLIENT_MS / 1000 };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return -errno;
	setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(*fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return 0;
	err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	close(*fd);
	return err;
}

static int read_all(int fd, char **answer, size_t *len)
{
	size_t size = FIRST_BYTES;
	char *text = malloc(size), *more;
	ssize_t n;
	int err;

	for (*len = 0; text;) {
		if (*len == size - 1) {
			more = realloc(text, size *= 2);
			if (!more)
				break;
			text = more;
		}
		n = recv(fd, text + *len, size - 1 - *len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			err = errno == EAGAIN ? -ETIMEDOUT : -errno;
			free(text);
			return err;
		}
		if (n == 0) {
			text[*len] = '\0';
			*answer = text;
			return 0;
		}
		*len += (size_t)n;
	}
	free(text);
	return -ENOMEM;
}

int admin_client_ask(const char *path, const char *request, char **answer, size_t *len)
{
	char line[512];
	int err, fd;

	text_put(line, sizeof(line), "%s\n", request);
	err = dial(path, &fd);
	if (err)
		return err;
	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		err = errno == EAGAIN ? -ETIMEDOUT : -errno;
	else
		err = read_all(fd, answer, len);
	close(fd);
	return err;
}

int admin_client_report(const char *path, int err)
{
	if (err == -ENOENT || err == -ECONNREFUSED)
		report_error("%s: no daemon answers there; is it running, and with this --admin?",
			     path);
	else if (err == -EACCES || err == -EPERM)
		report_error("%s: %s; ask as the user it runs as", path, strerror(-err));
	else
		report_error("%s: %s", path, strerror(-err));
	return err == -ENOENT || err == -ECONNREFUSED || err == -ETIMEDOUT ? EXIT_UNREACHABLE
									   : EXIT_FAILED;
}

json_t *admin_client_json(const char *path, const char *request, int *status)
{
	const char *why = "it said no";
	char *answer;
	json_t *object;
	size_t len;
	int ok = 0, err = admin_client_ask(path, request, &answer, &len);

	if (err) {
		*status = admin_client_report(path, err);
		return NULL;
	}
	object = json_loadb(answer, len, 0, NULL);
	free(answer);
	if (!object || json_unpack(object, "{s:b}", "ok", &ok)) {
		report_error("%s: what answers there is none of our daemons", path);
		json_decref(object);
		*status = EXIT_FAILED;
		return NULL;
	}
	if (!ok) {
		json_unpack(object, "{s:s}", "error", &why);
		report_error("%s: %s", path, why);
		json_decref(object);
		*status = EXIT_REFUSED;
		return NULL;
	}
	return object;
}
