// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * rdma_getaddrinfo: names to addresses by the system's resolver.  Its failures are returned as they are (EAI_*),
 * as programs expect that print them with gai_strerror().
 */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "ual/verbs/cm/cm.h"

static void ask(struct addrinfo *ai, const struct rdma_addrinfo *hints)
{
	bool datagram = hints->ai_qp_type == IBV_QPT_UD;

	*ai = (struct addrinfo){ .ai_family = AF_UNSPEC };
	if (hints->ai_flags & RAI_PASSIVE)
		ai->ai_flags |= AI_PASSIVE;
	if (hints->ai_flags & RAI_NUMERICHOST)
		ai->ai_flags |= AI_NUMERICHOST;
	if (hints->ai_flags & RAI_FAMILY)
		ai->ai_family = hints->ai_family;
	if (hints->ai_qp_type)
		ai->ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM;
	switch (hints->ai_port_space) {
	case RDMA_PS_TCP:
		ai->ai_protocol = IPPROTO_TCP;
		break;
	case RDMA_PS_IPOIB:
	case RDMA_PS_UDP:
		ai->ai_protocol = IPPROTO_UDP;
		break;
	case RDMA_PS_IB:
		if (hints->ai_qp_type)
			ai->ai_protocol = datagram ? IPPROTO_UDP : IPPROTO_TCP;
		break;
	}
}

static int copy_addr(const struct sockaddr *from, socklen_t len, struct sockaddr **to,
		     socklen_t *to_len)
{
	*to = malloc(len);
	if (!*to)
		return -ENOMEM;
	memcpy(*to, from, len);
	*to_len = len;
	return 0;
}

static int answer(struct rdma_addrinfo *rai, const struct rdma_addrinfo *hints,
		  const struct addrinfo *ai)
{
	bool passive = hints->ai_flags & RAI_PASSIVE;
	bool datagram = ai->ai_socktype == SOCK_DGRAM;
	char **name = passive ? &rai->ai_src_canonname : &rai->ai_dst_canonname;

	rai->ai_flags = passive ? RAI_PASSIVE : 0;
	rai->ai_family = ai->ai_family;
	rai->ai_qp_type = hints->ai_qp_type ? hints->ai_qp_type
			  : datagram	    ? IBV_QPT_UD
					    : IBV_QPT_RC;
	rai->ai_port_space = hints->ai_port_space ? hints->ai_port_space
			     : datagram		  ? RDMA_PS_UDP
						  : RDMA_PS_TCP;
	if (ai->ai_canonname) {
		*name = strdup(ai->ai_canonname);
		if (!*name)
			return -ENOMEM;
	}
	if (passive)
		return copy_addr(ai->ai_addr, ai->ai_addrlen, &rai->ai_src_addr, &rai->ai_src_len);
	return copy_addr(ai->ai_addr, ai->ai_addrlen, &rai->ai_dst_addr, &rai->ai_dst_len);
}

/* 0, EAI_* as the resolver says it, or -1 and errno. */
static int resolve(const char *node, const char *service, const struct rdma_addrinfo *hints,
		   struct rdma_addrinfo *rai)
{
	struct addrinfo wish, *found;
	int ret;

	ask(&wish, hints);
	ret = getaddrinfo(node, service, &wish, &found);
	if (ret)
		return ret;
	ret = answer(rai, hints, found);
	freeaddrinfo(found);
	return abi_cm_result(ret);
}

/* No name: the answer is what the program gave. */
static int repeat(const struct rdma_addrinfo *hints, struct rdma_addrinfo *rai)
{
	rai->ai_flags = hints->ai_flags;
	rai->ai_family = hints->ai_family;
	rai->ai_qp_type = hints->ai_qp_type;
	rai->ai_port_space = hints->ai_port_space;
	if (!hints->ai_dst_len || !hints->ai_dst_addr)
		return 0;
	return abi_cm_result(copy_addr(hints->ai_dst_addr, hints->ai_dst_len, &rai->ai_dst_addr,
				       &rai->ai_dst_len));
}

int rdma_getaddrinfo(const char *node, const char *service, const struct rdma_addrinfo *hints,
		     struct rdma_addrinfo **res)
{
	static const struct rdma_addrinfo none;
	struct rdma_addrinfo *rai;
	int ret;

	if (!res || (!node && !service && !hints))
		return abi_cm_result(-EINVAL);
	rai = calloc(1, sizeof(*rai));
	if (!rai)
		return -1;
	if (!hints)
		hints = &none;
	ret = node || service ? resolve(node, service, hints, rai) : repeat(hints, rai);
	if (!ret && !rai->ai_src_len && hints->ai_src_len && hints->ai_src_addr)
		ret = abi_cm_result(copy_addr(hints->ai_src_addr, hints->ai_src_len,
					      &rai->ai_src_addr, &rai->ai_src_len));
	if (ret) {
		rdma_freeaddrinfo(rai);
		return ret;
	}
	*res = rai;
	return 0;
}

void rdma_freeaddrinfo(struct rdma_addrinfo *res)
{
	struct rdma_addrinfo *next;

	for (; res; res = next) {
		next = res->ai_next;
		free(res->ai_src_addr);
		free(res->ai_dst_addr);
		free(res->ai_src_canonname);
		free(res->ai_dst_canonname);
		free(res->ai_route);
		free(res->ai_connect);
		free(res);
	}
}
