// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Records of clients over restarts: who may reclaim, when the grace period ends, damaged and half-written files. */
#include "tests/unit/nfsrdma/session4.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void restart(struct s4 *s4)
{
	s4_stop(s4);
	s4_now_ms += 16;
	assert_int_equal(s4_start(s4), 0);
}

static bool in_grace(struct s4 *s4)
{
	bool yes;

	nfs4_state_lock(s4->state);
	yes = nfs4_in_grace(s4->state);
	nfs4_state_unlock(s4->state);
	return yes;
}

static bool may_reclaim(struct s4 *s4, u64 client)
{
	bool yes;

	nfs4_state_lock(s4->state);
	yes = nfs4_client_may_reclaim(nfs4_client_find(s4->state, client));
	nfs4_state_unlock(s4->state);
	return yes;
}

struct up {
	u64 client;
	u8 session[NFS4_SESSIONID_SIZE];
};

static struct up up(struct s4 *s4, const char *owner, u64 verifier)
{
	struct up u;

	u.client = s4_client_up(s4, owner, verifier, u.session);
	return u;
}

/* A client with an open file, as OPEN makes it. */
static struct up up_with_open(struct s4 *s4, const char *owner, u64 verifier)
{
	struct up u = up(s4, owner, verifier);
	struct nfs4_client *client = nfs4_client_find(s4->state, u.client);

	assert_int_equal(nfs4_client_record(s4->state, client), 0);
	s4_opens_set(s4, u.client, true);
	return u;
}

static enum nfs4_status reclaim_complete(struct s4 *s4, const struct up *u, u32 seq)
{
	return s4_in_session(s4, u->session, seq, nfs4_op_reclaim_complete, false);
}

static void test_no_records_no_grace(void **state)
{
	struct s4 *s4 = *state;
	struct up a;

	assert_false(in_grace(s4));
	a = up(s4, "a", 1);
	assert_int_equal(s4_records(s4), 0);	/* it holds nothing */
	restart(s4);
	assert_false(in_grace(s4));
	assert_int_equal(s4_destroy_session(s4, a.session), NFS4ERR_BADSESSION);
	assert_int_equal(s4_destroy_clientid(s4, a.client), NFS4ERR_STALE_CLIENTID);
}

static void test_all_reclaim(void **state)
{
	struct s4 *s4 = *state;
	struct up a, b, c;

	a = up_with_open(s4, "a", 1);
	up_with_open(s4, "b", 1);
	assert_int_equal(nfs4_client_record(s4->state, nfs4_client_find(s4->state, a.client)), 0);
	assert_int_equal(s4_records(s4), 2);
	restart(s4);
	assert_true(in_grace(s4));
	a = up(s4, "a", 1);
	b = up(s4, "b", 2);	/* also after its own restart: it decides what to reclaim */
	c = up(s4, "c", 1);
	assert_true(may_reclaim(s4, a.client) && may_reclaim(s4, b.client));
	assert_false(may_reclaim(s4, c.client));
	assert_int_equal(reclaim_complete(s4, &c, 1), NFS4_OK);
	assert_int_equal(reclaim_complete(s4, &a, 1), NFS4_OK);
	assert_false(may_reclaim(s4, a.client));
	nfs4_state_tick(s4->state);
	assert_true(in_grace(s4));
	assert_int_equal(reclaim_complete(s4, &b, 1), NFS4_OK);
	assert_false(in_grace(s4));	/* nobody is waited for */
	assert_int_equal(s4_records(s4), 2);
	assert_int_equal(reclaim_complete(s4, &b, 2), NFS4ERR_COMPLETE_ALREADY);
}

static void test_grace_runs_out(void **state)
{
	struct s4 *s4 = *state;
	struct up a, b, c;

	up_with_open(s4, "a", 1);
	up_with_open(s4, "b", 1);
	up_with_open(s4, "c", 1);
	up_with_open(s4, "d", 1);
	restart(s4);
	a = up(s4, "a", 1);
	b = up(s4, "b", 1);
	c = up(s4, "c", 1);
	assert_int_equal(reclaim_complete(s4, &a, 1), NFS4_OK);
	s4_opens_set(s4, b.client, true);	/* has reclaimed, but not said that it was all */
	s4_now_ms += 1000 * S4_GRACE_S - 1;
	/* c is there, and has one file system; a is not heard of. */
	assert_int_equal(s4_in_session(s4, c.session, 1, nfs4_op_reclaim_complete, true),
			 NFS4ERR_NOFILEHANDLE);
	nfs4_state_tick(s4->state);
	assert_true(in_grace(s4));
	s4_now_ms++;
	nfs4_state_tick(s4->state);
	assert_false(in_grace(s4));
	assert_false(may_reclaim(s4, b.client) || may_reclaim(s4, c.client));
	/* d did not come, c holds nothing, nor does a, whose lease has run out. */
	assert_int_equal(s4_records(s4), 1);
	/* After another restart, only who had state may reclaim: RFC 8881 8.4.3. */
	restart(s4);
	assert_true(in_grace(s4));
	a = up(s4, "d", 1);
	b = up(s4, "b", 1);
	assert_false(may_reclaim(s4, a.client));
	assert_true(may_reclaim(s4, b.client));
}

/* The grace period ends between an OPEN's look at the record and its end: the record stays. */
static void test_reclaim_under_way(void **state)
{
	struct s4 *s4 = *state;
	struct up a, b;
	struct s4_call of_a, of_b;
	struct s4_seq seq = { .seq = 1 };

	up_with_open(s4, "a", 1);
	up_with_open(s4, "b", 1);
	restart(s4);
	a = up(s4, "a", 1);
	b = up(s4, "b", 1);
	seq.session = a.session;
	assert_int_equal(s4_sequence(s4, &of_a, &seq), NFS4_OK);
	seq.session = b.session;
	assert_int_equal(s4_sequence(s4, &of_b, &seq), NFS4_OK);
	assert_int_equal(nfs4_client_record(s4->state, of_a.c.client), 0);
	s4_now_ms += 1000 * S4_GRACE_S + 1;
	nfs4_state_tick(s4->state);
	assert_false(in_grace(s4));
	assert_int_equal(s4_records(s4), 1);
	s4_opens_set(s4, a.client, true);
	s4_end(&of_a, 0, 0);
	/* b has none any more, and gets a new one before it has state. */
	assert_int_equal(nfs4_client_record(s4->state, of_b.c.client), 0);
	assert_int_equal(s4_records(s4), 2);
	s4_end(&of_b, 0, 0);
	restart(s4);
	a = up(s4, "a", 1);
	assert_true(may_reclaim(s4, a.client));
}

/* The server stops before the grace period is over: who has not come yet may still come. */
static void test_restart_in_grace(void **state)
{
	struct s4 *s4 = *state;
	struct up a, b;

	up_with_open(s4, "a", 1);
	up_with_open(s4, "b", 1);
	restart(s4);
	a = up(s4, "a", 1);
	s4_opens_set(s4, a.client, true);
	assert_int_equal(reclaim_complete(s4, &a, 1), NFS4_OK);
	restart(s4);
	a = up(s4, "a", 1);
	b = up(s4, "b", 1);
	assert_true(may_reclaim(s4, a.client) && may_reclaim(s4, b.client));
}

static void test_removed_with_the_client(void **state)
{
	struct s4 *s4 = *state;
	struct up a = up_with_open(s4, "a", 1);

	s4_opens_set(s4, a.client, false);
	assert_int_equal(s4_destroy_session(s4, a.session), NFS4_OK);
	s4->cannot_wait = true;
	assert_int_equal(s4_destroy_clientid(s4, a.client), NFS4_WOULD_BLOCK);
	s4->cannot_wait = false;
	assert_int_equal(s4_destroy_clientid(s4, a.client), NFS4_OK);
	assert_int_equal(s4_records(s4), 0);
	a = up_with_open(s4, "a", 1);
	s4_opens_set(s4, a.client, false);
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4_records(s4), 0);
	/* Courtesy: as long as nobody needs what it holds, it may come back, also after a restart. */
	a = up_with_open(s4, "a", 1);
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4_records(s4), 1);
	restart(s4);
	a = up(s4, "a", 1);
	assert_true(may_reclaim(s4, a.client));
}

/* A new instance of the client takes over its record, and loses it like another. */
static void test_client_restarts(void **state)
{
	struct s4 *s4 = *state;
	struct up a;

	up_with_open(s4, "a", 1);
	a = up_with_open(s4, "a", 2);
	assert_int_equal(s4_records(s4), 1);
	s4_opens_set(s4, a.client, false);
	assert_int_equal(s4_destroy_session(s4, a.session), NFS4_OK);
	assert_int_equal(s4_destroy_clientid(s4, a.client), NFS4_OK);
	assert_int_equal(s4_records(s4), 0);
}

static void record_name(struct s4 *s4, char *path, size_t len)
{
	DIR *dir = opendir(s4->dir);
	struct dirent *entry;

	*path = '\0';
	while ((entry = readdir(dir)))
		if (!strncmp(entry->d_name, "client-", 7))
			snprintf(path, len, "%s/%s", s4->dir, entry->d_name);
	closedir(dir);
	assert_true(*path);
}

/* Every byte changed, every length: such a record is none, and the log says so. */
static void test_damaged(void **state)
{
	struct s4 *s4 = *state;
	u8 good[2048], bad[2048];
	char path[512];
	ssize_t len;
	int fd;

	up_with_open(s4, "some owner", 1);
	record_name(s4, path, sizeof(path));
	fd = open(path, O_RDONLY);
	len = read(fd, good, sizeof(good));
	close(fd);
	assert_int_equal(len, 8 + 4 + 10 + 4);
	for (ssize_t i = 0; i < 2 * len; i++) {
		memcpy(bad, good, (size_t)len + 1);
		if (i < len)
			bad[i] ^= 0x20;
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		assert_true(write(fd, bad, (size_t)(i < len ? len : i - len)) >= 0);
		close(fd);
		restart(s4);
		assert_false(in_grace(s4));
		assert_non_null(strstr(s4_log, "damaged"));
		assert_int_equal(s4_records(s4), 0);
	}
	/* Longer ones, too; what is not ours is left alone. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	memset(bad, 0, sizeof(bad));
	assert_int_equal(write(fd, bad, sizeof(bad)), sizeof(bad));
	close(fd);
	strcat(path, "x");
	close(open(path, O_WRONLY | O_CREAT, 0600));
	restart(s4);
	assert_non_null(strstr(s4_log, "damaged"));
	assert_int_equal(s4_records(s4), 1);
	path[strlen(path) - 1] = '\0';
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, good, (size_t)len), len);
	close(fd);
	strcat(path, ".new");	/* the server died while it wrote it */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(write(fd, good, 5), 5);
	close(fd);
	restart(s4);
	assert_true(in_grace(s4));
	assert_string_equal(s4_log, "");
	assert_int_equal(s4_records(s4), 2);
}

/* Numbers go on behind those that are there. */
static void test_numbers(void **state)
{
	struct s4 *s4 = *state;
	char owner[8];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(owner, sizeof(owner), "%u", i);
		up_with_open(s4, owner, 1);
		if (i % 3 == 2)
			restart(s4);
		assert_int_equal(s4_records(s4), i + 1);
	}
}

/* The disk refuses: no state without a record, and none is let in before old records are gone. */
static void test_disk_refuses(void **state)
{
	struct s4 *s4 = *state;
	char path[512], hidden[600];
	struct up a;

	a = up_with_open(s4, "a", 1);
	record_name(s4, path, sizeof(path));
	restart(s4);
	/* A directory in the record's place: it cannot be removed as a file is. */
	snprintf(hidden, sizeof(hidden), "%s/kept", s4->dir);
	assert_int_equal(rename(path, hidden), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	s4_now_ms += 1000 * S4_GRACE_S + 1;
	nfs4_state_tick(s4->state);
	assert_true(in_grace(s4));
	assert_non_null(strstr(s4_log, "cannot be removed"));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rename(hidden, path), 0);
	s4_now_ms += 1000 * NFS4_RETRY_S + 1;
	nfs4_state_tick(s4->state);
	assert_false(in_grace(s4));
	assert_int_equal(s4_records(s4), 0);
	/* The same for a client that is to be given up: it stays until it can be. */
	a = up_with_open(s4, "a", 1);
	s4_opens_set(s4, a.client, false);
	record_name(s4, path, sizeof(path));
	assert_int_equal(rename(path, hidden), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	s4_now_ms += 1000 * S4_LEASE_S + 1;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4->state->client_n, 1);
	assert_int_equal(rmdir(path), 0);
	s4_now_ms += 1000 * NFS4_RETRY_S + 1;
	nfs4_state_tick(s4->state);
	assert_int_equal(s4->state->client_n, 0);
}

static void test_record_not_written(void **state)
{
	struct s4 *s4 = *state;
	struct up a = up(s4, "a", 1);
	struct nfs4_client *client = nfs4_client_find(s4->state, a.client);
	char path[512];

	snprintf(path, sizeof(path), "%s/client-%08x.new", s4->dir, s4->state->record_next);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(nfs4_client_record(s4->state, client), -EISDIR);
	assert_int_equal(nfs4_client_record(s4->state, client), 0);	/* another number */
	assert_int_equal(rmdir(path), 0);
}

static void test_server_owner(void **state)
{
	struct s4 *s4 = *state;
	char before[NFS4_SERVER_OWNER_BYTES], path[128];

	strcpy(before, s4->state->server_owner);
	assert_int_equal(strlen(before), 9 + 32);
	restart(s4);
	assert_string_equal(before, s4->state->server_owner);
	snprintf(path, sizeof(path), "%s/server-owner", s4->dir);
	assert_int_equal(truncate(path, 3), 0);
	restart(s4);
	assert_string_not_equal(before, s4->state->server_owner);
	strcpy(before, s4->state->server_owner);
	restart(s4);
	assert_string_equal(before, s4->state->server_owner);
}

/* Without a directory nothing is kept, and nothing is waited for. */
static void test_no_directory(void **state)
{
	struct s4 *s4 = *state;
	int fd = s4->dir_fd;

	s4->dir_fd = -1;
	restart(s4);
	up_with_open(s4, "a", 1);
	restart(s4);
	assert_false(in_grace(s4));
	s4->dir_fd = fd;
	assert_int_equal(s4_records(s4), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, s4_setup, s4_teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_no_records_no_grace),
		CASE(test_all_reclaim),
		CASE(test_grace_runs_out),
		CASE(test_restart_in_grace),
		CASE(test_reclaim_under_way),
		CASE(test_removed_with_the_client),
		CASE(test_client_restarts),
		CASE(test_damaged),
		CASE(test_numbers),
		CASE(test_disk_refuses),
		CASE(test_record_not_written),
		CASE(test_server_owner),
		CASE(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
