// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* openrdma nfs ls, stat: what is there. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/nfs_session.h"
#include "tools/openrdma/report.h"

struct name {
	char *name;
	struct ornfs_stat stat;
	bool has_stat;
};

struct listing {
	struct nfs_wait wait;		/* first */
	struct name *names;
	size_t n, size;
	int err;
};

static bool on_entry(struct ornfs_req *req, const struct ornfs_entry *entry)
{
	struct listing *l = (struct listing *)req;
	struct name *names;

	if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
		return true;
	if (l->n == l->size) {
		l->size = l->size ? 2 * l->size : 256;
		names = realloc(l->names, l->size * sizeof(*names));
		if (!names) {
			l->err = -ENOMEM;
			return false;
		}
		l->names = names;
	}
	l->names[l->n] = (struct name){ .name = strdup(entry->name), .has_stat = entry->stat };
	if (entry->stat)
		l->names[l->n].stat = *entry->stat;
	if (!l->names[l->n].name)
		l->err = -ENOMEM;
	else
		l->n++;
	return !l->err;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static void mode_text(mode_t mode, char text[11])
{
	static const char bits[] = "rwxrwxrwx";
	char type = '-';

	switch (mode & S_IFMT) {
	case S_IFDIR:
		type = 'd';
		break;
	case S_IFLNK:
		type = 'l';
		break;
	case S_IFBLK:
		type = 'b';
		break;
	case S_IFCHR:
		type = 'c';
		break;
	case S_IFIFO:
		type = 'p';
		break;
	case S_IFSOCK:
		type = 's';
		break;
	default:
		break;
	}
	text[0] = type;
	for (unsigned i = 0; i < 9; i++)
		text[i + 1] = mode & (0400 >> i) ? bits[i] : '-';
	text[10] = '\0';
}

/* Names come from the server: what would move the cursor is not printed as it is. */
static void put_name(const char *name)
{
	for (; *name; name++)
		putchar((unsigned char)*name < ' ' || *name == 127 ? '?' : *name);
	putchar('\n');
}

static void print_one(const struct name *name, bool all_about)
{
	const struct stat *st = &name->stat.st;
	char mode[11] = "??????????", when[32];
	struct tm tm;

	if (all_about) {
		if (name->has_stat)
			mode_text(st->st_mode, mode);
		localtime_r(&st->st_mtime, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
		printf("%s %3ju %5u %5u %12jd %s ", mode, (uintmax_t)st->st_nlink, st->st_uid,
		       st->st_gid, (intmax_t)st->st_size, when);
	}
	put_name(name->name);
}

static int list(struct nfs_session *s, struct ornfs_file *dir, struct listing *l)
{
	int err;

	ornfs_readdir(s->client, dir, 0, on_entry, &l->wait.req);
	err = nfs_wait_for(s, &l->wait);
	return err ? err : l->err;
}

int nfs_ls(const char *url, const struct nfs_options *options, bool all_about)
{
	struct listing l = { .wait = NFS_WAIT };
	struct name self = { .has_stat = true };
	struct ornfs_file *file = NULL;
	struct nfs_session s;
	int code = nfs_session_open(&s, url, options), err;

	if (code)
		return code;
	err = nfs_session_find(&s, &file, &self.stat);
	if (!err && S_ISDIR(self.stat.st.st_mode)) {
		err = list(&s, file, &l);
	} else if (!err) {
		self.name = strrchr(s.path, '/') + 1;
		print_one(&self, all_about);
	}
	if (l.n)
		qsort(l.names, l.n, sizeof(*l.names), by_name);
	for (size_t i = 0; i < l.n; i++) {
		if (!err)
			print_one(&l.names[i], all_about);
		free(l.names[i].name);
	}
	free(l.names);
	if (err)
		code = nfs_session_report(&s, err);
	ornfs_file_put(file);
	nfs_session_close(&s);
	return code;
}

static void print_time(const char *what, const struct timespec *ts)
{
	char when[64];
	struct tm tm;

	localtime_r(&ts->tv_sec, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s: %s.%09ld\n", what, when, ts->tv_nsec);
}

int nfs_stat_print(const char *url, const struct nfs_options *options)
{
	struct ornfs_file *file = NULL;
	struct nfs_session s;
	struct ornfs_stat stat;
	const struct stat *st = &stat.st;
	char mode[11];
	int code = nfs_session_open(&s, url, options), err;

	if (code)
		return code;
	err = nfs_session_find(&s, &file, &stat);
	if (err) {
		code = nfs_session_report(&s, err);
	} else {
		mode_text(st->st_mode, mode);
		printf("path: %s\nserver: %s\nexport: %s\n", s.path, s.info.server, s.info.export);
		printf("mode: %04o %s\nlinks: %ju\nuid: %u\ngid: %u\n", st->st_mode & 07777, mode,
		       (uintmax_t)st->st_nlink, st->st_uid, st->st_gid);
		printf("size: %jd\nused: %jd\ninode: %ju\nfsid: %" PRIx64 "\n",
		       (intmax_t)st->st_size, (intmax_t)st->st_blocks * 512, (uintmax_t)st->st_ino,
		       stat.fsid);
		print_time("access", &st->st_atim);
		print_time("modify", &st->st_mtim);
		print_time("change", &st->st_ctim);
	}
	ornfs_file_put(file);
	nfs_session_close(&s);
	return code;
}
