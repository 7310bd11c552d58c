// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "targets/nfsd/admin_exports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "targets/daemon/admin.h"

#define NET_TEXT (INET6_ADDRSTRLEN + 5)

/* "192.0.2.0/24", "2001:db8::1", "*" */
static void net_text(const struct nfs_export_rule *rule, char text[NET_TEXT])
{
	bool v6 = rule->net.ss_family == AF_INET6;
	const void *addr = v6 ? (const void *)&((const struct sockaddr_in6 *)&rule->net)->sin6_addr
			      : (const void *)&((const struct sockaddr_in *)&rule->net)->sin_addr;
	char host[INET6_ADDRSTRLEN];

	if (rule->net.ss_family == AF_UNSPEC ||
	    !inet_ntop(rule->net.ss_family, addr, host, sizeof(host)))
		snprintf(text, NET_TEXT, "*");
	else if (rule->prefix == (v6 ? 128 : 32))
		snprintf(text, NET_TEXT, "%s", host);
	else
		snprintf(text, NET_TEXT, "%s/%u", host, rule->prefix);
}

static json_t *rule_json(const struct nfs_export_rule *rule)
{
	static const char *const squash[] = {
		[NFS_SQUASH_ROOT] = "root",
		[NFS_SQUASH_NONE] = "none",
		[NFS_SQUASH_ALL] = "all",
	};
	char net[NET_TEXT];

	net_text(rule, net);
	return json_pack("{s:s, s:b, s:s, s:b}", "host", net, "rw", (int)rule->rw, "squash",
			 squash[rule->squash], "insecure", (int)rule->insecure);
}

json_t *nfsd_admin_exports(const struct nfs_exports *exports)
{
	json_t *list = json_array();
	char fsid[24];

	for (const struct nfs_export *e = nfs_exports_first(exports); e; e = nfs_exports_next(e)) {
		const struct nfs_export_rule *rule = nfs_export_rules(e);
		json_t *rules;

		if (!rule)
			continue;	/* no longer exported */
		rules = json_array();
		for (; rule; rule = rule->next)
			json_array_append_new(rules, rule_json(rule));
		snprintf(fsid, sizeof(fsid), "%#llx", (unsigned long long)e->fsid);
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:b, s:o}", "path",
					daemon_admin_text(e->path, strlen(e->path)), "fsid", fsid,
					"async", (int)nfs_export_is_async(e), "clients", rules));
	}
	return list;
}
