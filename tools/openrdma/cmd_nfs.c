// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* openrdma nfs: files of an NFS server, without a mount.  The command line, cat and cp. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/openrdma/cmd.h"
#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/nfs_session.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/text.h"

static const char help[] =
	"usage: openrdma nfs ls [-l] URL...\n"
	"       openrdma nfs cat URL...\n"
	"       openrdma nfs cp FILE URL | URL FILE\n"
	"       openrdma nfs stat URL...\n"
	"\n"
	"URL is nfs://SERVER[:PORT]/PATH: a name, an IPv4 address or an IPv6 address in brackets, and\n"
	"the path of an export or of something in it.  FILE is a local file; - is standard input or output.\n"
	"\n"
	"  --proto rdma|tcp   how to reach the server (default rdma)\n"
	"  --vers 3|4.1|4.2   version of NFS (default 3)\n"
	"  --port PORT        of NFS (default 20049 for rdma, 2049 for tcp)\n"
	"  --mount-port PORT  of version 3's MOUNT (default: rpcbind is asked)\n"
	"  --crc on|off       checksums over RDMA; off: if the server does not ask either (default on)\n"
	"  -l                 ls: mode, links, owner, group, size and time too\n";

static bool is_url(const char *text)
{
	return !strncmp(text, NFS_URL, strlen(NFS_URL));
}

static int get(const char *url, const struct nfs_options *options, int fd, bool seekable)
{
	struct ornfs_file *file = NULL;
	struct nfs_session s;
	struct ornfs_stat stat;
	int code = nfs_session_open(&s, url, options), err;

	if (code)
		return code;
	err = nfs_session_find(&s, &file, &stat);
	if (!err && S_ISDIR(stat.st.st_mode))
		err = -EISDIR;
	if (!err)
		err = nfs_get_file(&s, file, fd, seekable);
	if (err)
		code = nfs_session_report(&s, err);
	ornfs_file_put(file);
	nfs_session_close(&s);
	return code;
}

int nfs_cat(const char *url, const struct nfs_options *options)
{
	return get(url, options, STDOUT_FILENO, false);
}

static int local_error(const char *path)
{
	report_error("%s: %s", path, strerror(errno));
	return EXIT_FAILED;
}

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int copy_from(const char *url, const char *to, const struct nfs_options *options)
{
	struct stat st;
	char path[4200];
	int fd, code;

	if (!strcmp(to, "-"))
		return nfs_cat(url, options);
	text_put(path, sizeof(path), "%s", to);
	if (!stat(to, &st) && S_ISDIR(st.st_mode))
		text_put(path, sizeof(path), "%s/%s", to, last_name(url));
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0 || fstat(fd, &st))
		return local_error(path);
	code = get(url, options, fd, S_ISREG(st.st_mode));
	if (close(fd) && !code)
		code = local_error(path);
	return code;
}

/* The file to be written: the URL's, or one of that name in the URL's directory. */
static int create(struct nfs_session *s, const char *from, const struct stat *st,
		  struct ornfs_file **file)
{
	struct nfs_wait wait = NFS_WAIT;
	struct ornfs_file *dir = NULL;
	struct ornfs_stat there;
	const char *name;
	int err = nfs_session_find(s, &dir, &there);

	if (!err && S_ISDIR(there.st.st_mode)) {
		name = last_name(from);
	} else {
		ornfs_file_put(dir);
		dir = NULL;
		err = nfs_session_parent(s, &dir, &name);
		if (err)
			return err;
	}
	ornfs_open(s->client, dir, name, O_CREAT | O_TRUNC, st->st_mode & 0777, &wait.req);
	err = nfs_wait_for(s, &wait);
	ornfs_file_put(dir);
	if (!err)
		*file = wait.req.file;
	return err;
}

static int copy_to(const char *from, const char *url, const struct nfs_options *options)
{
	bool is_stdin = !strcmp(from, "-");
	int fd = is_stdin ? dup(STDIN_FILENO) : open(from, O_RDONLY | O_CLOEXEC);
	struct ornfs_file *file = NULL;
	struct nfs_session s;
	struct stat st;
	int code, err;

	if (fd < 0 || fstat(fd, &st))
		return local_error(from);
	if (S_ISDIR(st.st_mode)) {
		close(fd);
		report_error("%s: is a directory: expected a file", from);
		return EXIT_FAILED;
	}
	if (is_stdin)
		st.st_mode = (st.st_mode & S_IFMT) | 0644;
	code = nfs_session_open(&s, url, options);
	if (!code) {
		err = create(&s, is_stdin ? "stdin" : from, &st, &file);
		if (!err)
			err = nfs_put_file(&s, file, fd, S_ISREG(st.st_mode) && !is_stdin);
		if (err)
			code = nfs_session_report(&s, err);
		ornfs_file_put(file);
		nfs_session_close(&s);
	}
	close(fd);
	return code;
}

int nfs_cp(const char *from, const char *to, const struct nfs_options *options)
{
	if (is_url(from) == is_url(to))
		return report_usage("cp: expected one nfs:// URL and one local file");
	return is_url(from) ? copy_from(from, to, options) : copy_to(from, to, options);
}

static int port_parse(const char *name, const char *text, uint16_t *port)
{
	uint64_t n;

	if (!number_parse(text, 1, 65535, &n))
		return report_usage("--%s %s: expected a number from 1 to 65535", name, text);
	*port = (uint16_t)n;
	return EXIT_OK;
}

static int parse(struct nfs_options *o, bool *all_about, int argc, char **argv)
{
	static const struct option options[] = {
		{ "proto", required_argument, NULL, 'P' },
		{ "vers", required_argument, NULL, 'v' },
		{ "port", required_argument, NULL, 'p' },
		{ "mount-port", required_argument, NULL, 'm' },
		{ "crc", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c, code = EXIT_OK;

	while (!code && (c = getopt_long(argc, argv, ":lh", options, NULL)) != -1) {
		switch (c) {
		case 'l':
			*all_about = true;
			break;
		case 'P':
			if (strcmp(optarg, "rdma") && strcmp(optarg, "tcp"))
				code = report_usage("--proto %s: expected rdma or tcp", optarg);
			o->proto = strcmp(optarg, "tcp") ? ORNFS_PROTO_RDMA : ORNFS_PROTO_TCP;
			break;
		case 'v':
			if (!ornfs_version_parse(optarg, &o->version))
				code = report_usage("--vers %s: expected 3, 4.1 or 4.2", optarg);
			break;
		case 'p':
			code = port_parse("port", optarg, &o->port);
			break;
		case 'm':
			code = port_parse("mount-port", optarg, &o->mount_port);
			break;
		case 'c':
			if (strcmp(optarg, "on") && strcmp(optarg, "off"))
				code = report_usage("--crc %s: expected on or off", optarg);
			o->crc = strcmp(optarg, "off") ? UAL_CRC_ON : UAL_CRC_OFF;
			break;
		case 'h':
			fputs(help, stdout);
			exit(EXIT_OK);
		case ':':
			code = report_usage("%s: expected a value", argv[optind - 1]);
			break;
		default:
			code = report_usage("%s: unknown option", argv[optind - 1]);
		}
	}
	return code;
}

static int one(const char *what, const char *url, const struct nfs_options *o, bool all_about)
{
	if (!strcmp(what, "ls"))
		return nfs_ls(url, o, all_about);
	if (!strcmp(what, "cat"))
		return nfs_cat(url, o);
	return nfs_stat_print(url, o);
}

int cmd_nfs(int argc, char **argv)
{
	struct nfs_options o = { .proto = ORNFS_PROTO_RDMA };
	bool all_about = false;
	int code = parse(&o, &all_about, argc, argv), first = EXIT_OK;
	const char *what = argv[optind];

	if (code)
		return code;
	if (!what)
		return report_usage("expected ls, cat, cp or stat");
	argv += optind + 1;
	argc -= optind + 1;
	if (!strcmp(what, "cp"))
		return argc == 2 ? nfs_cp(argv[0], argv[1], &o)
				 : report_usage("cp: expected a source and a destination");
	if (strcmp(what, "ls") && strcmp(what, "cat") && strcmp(what, "stat"))
		return report_usage("%s: expected ls, cat, cp or stat", what);
	if (!argc)
		return report_usage("%s: expected an nfs:// URL", what);
	for (int i = 0; i < argc; i++) {
		code = one(what, argv[i], &o, all_about);
		if (!first)
			first = code;
	}
	if (fflush(stdout) && !first)
		first = local_error("standard output");
	return first;
}
