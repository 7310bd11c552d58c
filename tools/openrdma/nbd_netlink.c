// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Just enough generic netlink: one request, one answer.
 *
 *   nlmsghdr | genlmsghdr | attributes, each with length and type, padded to four bytes
 */
#include <dirent.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/env.h"
#include "tools/openrdma/nbd_netlink.h"
#include "tools/openrdma/text.h"

#define MSG_MAX		2048
#define ANSWER_S	30

struct msg {
	union {
		struct nlmsghdr nl;
		uint8_t bytes[MSG_MAX];
	};
};

static void msg_init(struct msg *m, uint16_t type, uint8_t cmd, uint8_t version)
{
	struct genlmsghdr *genl = NLMSG_DATA(&m->nl);

	memset(m, 0, NLMSG_SPACE(sizeof(*genl)));
	m->nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	m->nl.nlmsg_type = type;
	m->nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	m->nl.nlmsg_seq = 1;
	genl->cmd = cmd;
	genl->version = version;
}

static struct nlattr *put(struct msg *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr *a = (struct nlattr *)(m->bytes + m->nl.nlmsg_len);

	core_assert(m->nl.nlmsg_len + NLA_HDRLEN + NLA_ALIGN(len) <= MSG_MAX);
	memset(a, 0, NLA_HDRLEN + NLA_ALIGN(len));
	a->nla_type = type;
	a->nla_len = (uint16_t)(NLA_HDRLEN + len);
	if (len)
		memcpy((uint8_t *)a + NLA_HDRLEN, data, len);
	m->nl.nlmsg_len += (uint32_t)(NLA_HDRLEN + NLA_ALIGN(len));
	return a;
}

static void put_u32(struct msg *m, uint16_t type, uint32_t value)
{
	put(m, type, &value, sizeof(value));
}

static void put_u64(struct msg *m, uint16_t type, uint64_t value)
{
	put(m, type, &value, sizeof(value));
}

static struct nlattr *nest(struct msg *m, uint16_t type)
{
	return put(m, type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(struct msg *m, struct nlattr *a)
{
	a->nla_len = (uint16_t)(m->bytes + m->nl.nlmsg_len - (uint8_t *)a);
}

/* The attribute of this type in an answer, of at least len bytes; NULL: not there. */
static const void *find(const struct msg *m, uint16_t type, size_t len)
{
	size_t at = NLMSG_LENGTH(GENL_HDRLEN), end = m->nl.nlmsg_len;

	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *a = (const struct nlattr *)(m->bytes + at);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - at)
			return NULL;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			return a->nla_len >= NLA_HDRLEN + len ? m->bytes + at + NLA_HDRLEN : NULL;
		at += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

static int nl_open(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	struct timeval limit = { .tv_sec = ANSWER_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Sends m and waits for the kernel's verdict; a data message that comes with it is left in m. */
static int nl_call(int fd, struct msg *m)
{
	struct msg answer;
	ssize_t n;

	if (send(fd, m, m->nl.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		size_t at = 0;

		n = recv(fd, &answer, sizeof(answer), 0);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		}
		while (at + sizeof(struct nlmsghdr) <= (size_t)n) {
			const struct nlmsghdr *nl = (const struct nlmsghdr *)(answer.bytes + at);

			if (nl->nlmsg_len < sizeof(*nl) || nl->nlmsg_len > (size_t)n - at)
				return -EPROTO;
			if (nl->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(nl))->error;
			memcpy(m, nl, nl->nlmsg_len);
			at += NLMSG_ALIGN(nl->nlmsg_len);
		}
	}
}

/* The number that the driver's messages have on this boot. */
static int family_id(int fd)
{
	const uint16_t *id;
	struct msg m;
	int err;

	msg_init(&m, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	put(&m, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME, sizeof(NBD_GENL_FAMILY_NAME));
	err = nl_call(fd, &m);
	if (err)
		return err;
	id = find(&m, CTRL_ATTR_FAMILY_ID, sizeof(*id));
	return id ? *id : -EPROTO;
}

/* Opens and begins a message to the driver; the socket or a negative errno. */
static int begin(struct msg *m, uint8_t cmd)
{
	int fd = nl_open(), family;

	if (fd < 0)
		return fd;
	family = family_id(fd);
	if (family < 0) {
		close(fd);
		return family;
	}
	msg_init(m, (uint16_t)family, cmd, NBD_GENL_VERSION);
	return fd;
}

int nbd_netlink_connect(const struct nbd_netlink_cfg *cfg)
{
	struct nlattr *sockets, *item;
	const uint32_t *index;
	struct msg m;
	int fd = begin(&m, NBD_CMD_CONNECT), err;

	if (fd < 0)
		return fd;
	put_u64(&m, NBD_ATTR_SIZE_BYTES, cfg->size);
	put_u64(&m, NBD_ATTR_BLOCK_SIZE_BYTES, cfg->block_size);
	put_u64(&m, NBD_ATTR_SERVER_FLAGS, cfg->flags);
	put_u64(&m, NBD_ATTR_CLIENT_FLAGS, 0);
	put(&m, NBD_ATTR_BACKEND_IDENTIFIER, cfg->backend, strlen(cfg->backend) + 1);
	sockets = nest(&m, NBD_ATTR_SOCKETS);
	item = nest(&m, NBD_SOCK_ITEM);
	put_u32(&m, NBD_SOCK_FD, (uint32_t)cfg->fd);
	nest_end(&m, item);
	nest_end(&m, sockets);
	err = nl_call(fd, &m);
	close(fd);
	if (err)
		return err;
	index = find(&m, NBD_ATTR_INDEX, sizeof(*index));
	return index ? (int)*index : -EPROTO;
}

int nbd_netlink_disconnect(unsigned index)
{
	struct msg m;
	int fd = begin(&m, NBD_CMD_DISCONNECT), err;

	if (fd < 0)
		return fd;
	put_u32(&m, NBD_ATTR_INDEX, index);
	err = nl_call(fd, &m);
	close(fd);
	return err;
}

int nbd_netlink_resize(unsigned index, uint64_t size, const char *backend)
{
	struct msg m;
	int fd = begin(&m, NBD_CMD_RECONFIGURE), err;

	if (fd < 0)
		return fd;
	put_u32(&m, NBD_ATTR_INDEX, index);
	put_u64(&m, NBD_ATTR_SIZE_BYTES, size);
	put(&m, NBD_ATTR_BACKEND_IDENTIFIER, backend, strlen(backend) + 1);
	err = nl_call(fd, &m);
	close(fd);
	return err;
}

int nbd_netlink_probe(void)
{
	struct msg m;
	int fd = begin(&m, NBD_CMD_STATUS);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int has_backend(const char *name, const char *backend)
{
	char path[300], line[300] = "";
	FILE *f;

	text_put(path, sizeof(path), "/sys/block/%.200s/backend", name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	line[strcspn(line, "\n")] = 0;
	return !strcmp(line, backend);
}

int nbd_find_backend(const char *backend)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	int index = -ENOENT;

	if (!dir)
		return -errno;
	while (index < 0 && (entry = readdir(dir)) != NULL)
		if (!strncmp(entry->d_name, "nbd", 3) && has_backend(entry->d_name, backend))
			index = atoi(entry->d_name + 3);
	closedir(dir);
	return index;
}
