// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * openrdma discover: SendTargets over iSER, one line for each target and portal:
 *
 *   IQN ADDR:PORT URL
 *
 * The URL names LUN 0; SendTargets says nothing about LUNs.
 */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iser/iser_disk.h"
#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"
#include "tools/openrdma/transport.h"
#include "ual/base/resolve.h"

#define LOGIN_TIMEOUT_MS 10000

static const char help[] =
	"usage: openrdma discover ADDR[:PORT][?KEY=VALUE...] [--json]\n"
	"\n"
	"Prints a line for each target of the portal: IQN, ADDR:PORT, and the URL that attach takes.\n"
	"ADDR is a name, an IPv4 address, or an IPv6 address in brackets; PORT is 3260 if not given.\n"
	"The keys are those of URLs, openrdma(1), initiator=IQN for example.\n";

struct discovery {
	const char *portal;
	struct oriser_url url;
	struct transport net;
	struct addr_list addrs;	/* of the portal; they are tried in turn */
	struct oriser_session *session;
	json_t *found;
	bool answered;		/* the list is complete */
	bool unreached;		/* this address of the portal does not do */
	int code;
};

/*
 * "192.0.2.1:3260,1" without the portal group.  A target cannot say by which of our links its link-local address is to be
 * reached: by the one that we asked on.
 */
static void portal_text(const struct discovery *d, const char *portal, char *text, size_t text_len)
{
	size_t len = strcspn(portal, ",");
	struct addr_name name;
	char why[256];

	text_put(text, text_len, "%.*s", (int)len, portal);
	if (addr_name_parse(portal, len, "ADDR:PORT", &name, why, sizeof(why)) ||
	    !addr_wants_zone(name.host) || !addr_add_zone(name.host, addr_list_now(&d->addrs)))
		return;
	addr_name_text(&name, text, text_len);
}

static void add(struct discovery *d, const char *target, const char *portal)
{
	char where[ADDR_HOST_MAX + 16], url[640];

	portal_text(d, portal, where, sizeof(where));
	text_put(url, sizeof(url), "iser://%s/%s/0", where, target);
	json_array_append_new(d->found, json_pack("{s:s, s:s, s:s}", "target", target, "portal",
						  where, "url", url));
}

static void on_target(void *ctx, const char *target, const char *portal, int err)
{
	struct discovery *d = ctx;

	if (target) {
		add(d, target, portal);
		return;
	}
	d->answered = err == 0;
	if (err) {
		report_error("%s: the target did not list its targets: %s", d->portal,
			     strerror(-err));
		d->code = exit_code_of(err);
	}
	oriser_session_logout(d->session);
}

static void on_up(struct oriser_session *s)
{
	struct discovery *d = oriser_session_ctx(s);
	int err = oriser_discover(s, on_target, d);

	if (err)
		on_target(d, NULL, NULL, err);
}

static int code_of(const struct oriser_down_info *info)
{
	switch (info->why) {
	case ORISER_DOWN_CONNECT:
		return EXIT_UNREACHABLE;
	case ORISER_DOWN_LOGIN:
		return EXIT_REFUSED;
	case ORISER_DOWN_LOST:
		return exit_code_of(info->err);
	case ORISER_DOWN_LOGOUT:
	case ORISER_DOWN_NOT_ISER:
	case ORISER_DOWN_PROTOCOL:
	case ORISER_DOWN_TARGET_ASKED:
		break;
	}
	return EXIT_FAILED;
}

/* The session goes at the end of the pass: the next one is for the loop's caller to make. */
static void on_down(struct oriser_session *s, const struct oriser_down_info *info)
{
	struct discovery *d = oriser_session_ctx(s);

	ual_loop_stop(d->net.loop);
	if (d->answered || d->code != EXIT_OK)
		return;
	d->unreached = info->why == ORISER_DOWN_CONNECT || info->why == ORISER_DOWN_NOT_ISER;
	report_error("%s", info->text);
	d->code = code_of(info);
}

static const struct oriser_session_ops session_ops = { .on_up = on_up, .on_down = on_down };

static int open_session(struct discovery *d)
{
	struct oriser_session_cfg cfg = {
		.dev = d->net.dev,
		.addr = addr_list_now(&d->addrs),
		.addr_len = addr_list_now_len(&d->addrs),
		.initiator = d->url.initiator[0] ? d->url.initiator : NULL,
		.login_mode = d->url.login_mode,
		.login_timeout_ms = LOGIN_TIMEOUT_MS,
		.conn = { .crc = d->url.crc, .mpa_revision = d->url.mpa_revision },
	};
	int err = oriser_session_open(&cfg, &session_ops, d, &d->session);

	if (!err)
		return EXIT_OK;
	report_error("%s: cannot open a session: %s", d->portal, strerror(-err));
	return exit_code_of(err);
}

static void ask(struct discovery *d)
{
	char why[256];

	if (resolve_now(d->url.host, (uint16_t)atoi(d->url.port), &d->addrs, why, sizeof(why))) {
		report_error("%s", why);
		d->code = EXIT_UNREACHABLE;
		return;
	}
	do {
		d->unreached = false;
		d->code = open_session(d);
		if (d->code)
			return;
		ual_loop_run(d->net.loop);
		oriser_session_destroy(d->session);
	} while (d->unreached && addr_list_next(&d->addrs));
}

static void print(const json_t *found, bool as_json)
{
	if (as_json) {
		json_dumpf(found, stdout, JSON_INDENT(2));
		putchar('\n');
		return;
	}
	for (size_t i = 0; i < json_array_size(found); i++) {
		const json_t *one = json_array_get(found, i);

		printf("%s %s %s\n", json_string_value(json_object_get(one, "target")),
		       json_string_value(json_object_get(one, "portal")),
		       json_string_value(json_object_get(one, "url")));
	}
}

static int discover(struct discovery *d)
{
	char why[256];
	int err = transport_open(&d->net, why, sizeof(why));

	if (err) {
		report_error("%s", why);
		return EXIT_FAILED;
	}
	ask(d);
	transport_close(&d->net);
	return d->code;
}

static int parse(struct discovery *d, bool *json, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char text[512], err[256];
	int c;

	while ((c = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			*json = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_OK);
		default:
			return report_usage("%s: unknown option", argv[optind - 1]);
		}
	}
	if (optind + 1 != argc)
		return report_usage("expected one ADDR[:PORT], there are %d", argc - optind);
	d->portal = argv[optind];
	text_put(text, sizeof(text), "%s%s", strncmp(d->portal, "iser://", 7) ? "iser://" : "",
		 d->portal);
	if (oriser_url_parse(text, &d->url, err, sizeof(err)))
		return report_usage("%s", err);
	if (d->url.target[0])
		return report_usage("%s: expected a portal alone, without a target", d->portal);
	return EXIT_OK;
}

int cmd_discover(int argc, char **argv)
{
	struct discovery d = { 0 };
	bool as_json = false;
	int code = parse(&d, &as_json, argc, argv);

	if (code)
		return code;
	d.found = json_array();
	if (!d.found) {
		report_error("out of memory");
		return EXIT_FAILED;
	}
	code = discover(&d);
	if (!code)
		print(d.found, as_json);
	json_decref(d.found);
	return code;
}
