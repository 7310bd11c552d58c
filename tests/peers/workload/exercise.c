// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * exercise: one file and a copy of it in memory.  Random operations are done to both: writes and reads, by calls, by a
 * mapping, past the caches, through a second descriptor; truncations, holes, copies of ranges, closing and opening
 * again.  What is read has to be what the copy has; at the end all of it, once more after a new open.  The file's name
 * has the seed in it, so that several may run in one directory.
 *
 * What the file system does not offer (EOPNOTSUPP) is left out and counted.  A failure prints the seed and the last
 * operations.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "workload.h"

enum { HISTORY = 40, PAGE = 4096 };

struct exercise {
	char name[40];
	int fd, second, direct;	/* direct: with O_DIRECT, -1 where that is refused */
	bool mapped;		/* written by a mapping, perhaps still in the caches */
	uint8_t *model;		/* size_max bytes; those behind size are zero */
	uint8_t *buf;		/* size_max bytes, aligned */
	size_t size, size_max;
	struct workload_random random;
	uint64_t seed;
	unsigned int done;	/* operations */
	struct {
		const char *what;
		size_t at, len, to;
	} history[HISTORY];
};

#define ORDER(ex, condition)                                                                       \
	do {                                                                                       \
		errno = 0;                                                                         \
		if (!(condition))                                                                  \
			wrong(ex, __LINE__, #condition);                                           \
	} while (0)

static void wrong(const struct exercise *ex, int line, const char *what)
{
	unsigned int n = ex->done < HISTORY ? ex->done : HISTORY;
	int error = errno;

	fprintf(stderr, "exercise: seed %" PRIu64 ", operation %u, size %zu; the last were\n",
		ex->seed, ex->done, ex->size);
	for (unsigned int i = ex->done - n; i < ex->done; i++) {
		fprintf(stderr, "  %u: %s at %zu, length %zu, to %zu\n", i + 1,
			ex->history[i % HISTORY].what, ex->history[i % HISTORY].at,
			ex->history[i % HISTORY].len, ex->history[i % HISTORY].to);
	}
	errno = error;
	workload_fail(__FILE__, line, what);
}

static void note(struct exercise *ex, const char *what, size_t at, size_t len, size_t to)
{
	ex->history[ex->done % HISTORY].what = what;
	ex->history[ex->done % HISTORY].at = at;
	ex->history[ex->done % HISTORY].len = len;
	ex->history[ex->done % HISTORY].to = to;
	ex->done++;
}

static bool compare(struct exercise *ex, size_t at, const uint8_t *got, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (got[i] == ex->model[at + i])
			continue;
		size_t differ = 0;

		for (size_t j = i; j < len; j++)
			differ += got[j] != ex->model[at + j];
		fprintf(stderr,
			"exercise: at %zu the file has %02x, expected %02x; %zu of %zu bytes differ\n",
			at + i, got[i], ex->model[at + i], differ, len - i);
		return false;
	}
	return true;
}

/* A place and a length below size_max, short ones more often; ends and pages are of interest. */
static void range(struct exercise *ex, size_t *at, size_t *len)
{
	uint64_t most = ex->size_max >> workload_below(&ex->random, 9);

	*at = workload_below(&ex->random, ex->size_max);
	if (workload_below(&ex->random, 4) == 0)
		*at -= *at % PAGE;
	else if (workload_below(&ex->random, 8) == 0 && ex->size < ex->size_max)
		*at = ex->size;
	*len = 1 + workload_below(&ex->random, most ? most : 1);
	if (*len > ex->size_max - *at)
		*len = ex->size_max - *at;
}

/* The same within the file; false if that is empty. */
static bool range_inside(struct exercise *ex, size_t *at, size_t *len)
{
	if (ex->size == 0)
		return false;
	range(ex, at, len);
	if (*at >= ex->size)
		*at %= ex->size;
	if (*len > ex->size - *at)
		*len = ex->size - *at;
	return true;
}

static void model_write(struct exercise *ex, size_t at, size_t len)
{
	memcpy(ex->model + at, ex->buf, len);
	if (at + len > ex->size)
		ex->size = at + len;
}

static void new_data(struct exercise *ex, size_t at, size_t len)
{
	if (workload_below(&ex->random, 16) == 0)
		memset(ex->buf, 0, len);
	else
		workload_fill(ex->buf, len, ex->seed ^ ex->done, at);
}

static void read_by(struct exercise *ex, int fd, size_t at, size_t len)
{
	size_t want = at >= ex->size ? 0 : len < ex->size - at ? len : ex->size - at;

	memset(ex->buf, 0xee, len);
	ORDER(ex, pread(fd, ex->buf, len, (off_t)at) == (ssize_t)want);
	ORDER(ex, compare(ex, at, ex->buf, want));
}

static bool do_read(struct exercise *ex)
{
	size_t at, len;

	range(ex, &at, &len);
	note(ex, "read", at, len, 0);
	read_by(ex, ex->fd, at, len);
	return true;
}

static bool do_read_second(struct exercise *ex)
{
	size_t at, len;

	range(ex, &at, &len);
	note(ex, "read by the second descriptor", at, len, 0);
	read_by(ex, ex->second, at, len);
	return true;
}

static bool do_write(struct exercise *ex)
{
	size_t at, len;

	range(ex, &at, &len);
	note(ex, "write", at, len, 0);
	new_data(ex, at, len);
	ORDER(ex, pwrite(ex->fd, ex->buf, len, (off_t)at) == (ssize_t)len);
	model_write(ex, at, len);
	return true;
}

static bool do_write_second(struct exercise *ex)
{
	size_t at, len;

	range(ex, &at, &len);
	note(ex, "write by the second descriptor", at, len, 0);
	new_data(ex, at, len);
	ORDER(ex, pwrite(ex->second, ex->buf, len, (off_t)at) == (ssize_t)len);
	model_write(ex, at, len);
	return true;
}

static uint8_t *map(struct exercise *ex, size_t at, size_t len, int protection)
{
	void *memory;

	ORDER(ex, (memory = mmap(NULL, len + at % PAGE, protection, MAP_SHARED, ex->fd,
				 (off_t)(at - at % PAGE))) != MAP_FAILED);
	return (uint8_t *)memory + at % PAGE;
}

static void unmap(struct exercise *ex, uint8_t *memory, size_t at, size_t len)
{
	ORDER(ex, munmap(memory - at % PAGE, len + at % PAGE) == 0);
}

static bool do_map_read(struct exercise *ex)
{
	size_t at, len, end;
	uint8_t *memory;

	if (!range_inside(ex, &at, &len))
		return false;
	note(ex, "read by a mapping", at, len, 0);
	memory = map(ex, at, len, PROT_READ);
	ORDER(ex, compare(ex, at, memory, len));
	end = at + len;
	if (end == ex->size && end % PAGE)
		ORDER(ex, workload_is_zero(memory + len, PAGE - end % PAGE));
	unmap(ex, memory, at, len);
	return true;
}

static bool do_map_write(struct exercise *ex)
{
	size_t at, len;
	uint8_t *memory;

	if (!range_inside(ex, &at, &len))
		return false;
	note(ex, "write by a mapping", at, len, 0);
	new_data(ex, at, len);
	memory = map(ex, at, len, PROT_READ | PROT_WRITE);
	memcpy(memory, ex->buf, len);
	if (workload_below(&ex->random, 2))
		ORDER(ex, msync(memory - at % PAGE, len + at % PAGE, MS_SYNC) == 0);
	unmap(ex, memory, at, len);
	model_write(ex, at, len);
	ex->mapped = true;
	return true;
}

/* Linux's NFS client writes out what mappings have changed before the first of several direct operations only. */
static void before_direct(struct exercise *ex)
{
	if (ex->mapped)
		ORDER(ex, fsync(ex->fd) == 0);
	ex->mapped = false;
}

static void round_to_pages(struct exercise *ex, size_t *at, size_t *len)
{
	*at -= *at % PAGE;
	*len = (*len + PAGE - 1) / PAGE * PAGE;
	while (*len > ex->size_max - *at)
		*len -= PAGE;
}

static bool do_read_direct(struct exercise *ex)
{
	size_t at, len;

	if (ex->direct < 0)
		return false;
	range(ex, &at, &len);
	round_to_pages(ex, &at, &len);
	if (len == 0)
		return false;
	note(ex, "direct read", at, len, 0);
	before_direct(ex);
	read_by(ex, ex->direct, at, len);
	return true;
}

static bool do_write_direct(struct exercise *ex)
{
	size_t at, len;

	if (ex->direct < 0)
		return false;
	range(ex, &at, &len);
	round_to_pages(ex, &at, &len);
	if (len == 0)
		return false;
	note(ex, "direct write", at, len, 0);
	before_direct(ex);
	new_data(ex, at, len);
	ORDER(ex, pwrite(ex->direct, ex->buf, len, (off_t)at) == (ssize_t)len);
	model_write(ex, at, len);
	return true;
}

static bool do_truncate(struct exercise *ex)
{
	size_t to = workload_below(&ex->random, ex->size_max + 1);

	if (workload_below(&ex->random, 3) == 0 && ex->size)	/* a little shorter */
		to = ex->size - 1 -
		     workload_below(&ex->random, ex->size < 2 * PAGE ? ex->size : 2 * PAGE);
	note(ex, "truncate", ex->size, 0, to);
	if (workload_below(&ex->random, 4) == 0)
		ORDER(ex, truncate(ex->name, (off_t)to) == 0);
	else
		ORDER(ex, ftruncate(ex->fd, (off_t)to) == 0);
	if (to < ex->size)
		memset(ex->model + to, 0, ex->size - to);
	ex->size = to;
	return true;
}

/* False where the file system cannot. */
static bool allocate(struct exercise *ex, const char *what, int mode, size_t at, size_t len)
{
	errno = 0;
	if (fallocate(ex->fd, mode, (off_t)at, (off_t)len) == 0) {
		note(ex, what, at, len, 0);
		return true;
	}
	ORDER(ex, fallocate(ex->fd, mode, (off_t)at, (off_t)len) < 0 && errno == EOPNOTSUPP);
	return false;
}

static bool do_allocate(struct exercise *ex)
{
	bool keep = workload_below(&ex->random, 2);
	size_t at, len;

	range(ex, &at, &len);
	if (!allocate(ex, keep ? "allocate" : "allocate and extend", keep ? FALLOC_FL_KEEP_SIZE : 0,
		      at, len))
		return false;
	if (!keep && at + len > ex->size)
		ex->size = at + len;
	return true;
}

static bool do_punch(struct exercise *ex)
{
	size_t at, len;

	range(ex, &at, &len);
	if (!allocate(ex, "punch a hole", FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len))
		return false;
	memset(ex->model + at, 0, len);
	return true;
}

static bool do_zero(struct exercise *ex)
{
	bool keep = workload_below(&ex->random, 2);
	size_t at, len;

	range(ex, &at, &len);
	if (!allocate(ex, "zero a range", FALLOC_FL_ZERO_RANGE | (keep ? FALLOC_FL_KEEP_SIZE : 0),
		      at, len))
		return false;
	memset(ex->model + at, 0, len);
	if (!keep && at + len > ex->size)
		ex->size = at + len;
	return true;
}

/* Within the file; ranges that overlap are refused. */
static bool do_copy(struct exercise *ex)
{
	size_t at, len, to;
	off_t from_off, to_off;
	ssize_t n;

	if (!range_inside(ex, &at, &len))
		return false;
	to = workload_below(&ex->random, ex->size_max);
	if (len > ex->size_max - to)
		len = ex->size_max - to;
	note(ex, "copy", at, len, to);
	from_off = (off_t)at;
	to_off = (off_t)to;
	if (at < to + len && to < at + len) {
		ORDER(ex, copy_file_range(ex->fd, &from_off, ex->second, &to_off, len, 0) < 0);
		ORDER(ex, copy_file_range(ex->fd, &from_off, ex->second, &to_off, len, 0) < 0 &&
				  errno == EINVAL);
		return true;
	}
	while (len > 0) {
		ORDER(ex,
		      (n = copy_file_range(ex->fd, &from_off, ex->second, &to_off, len, 0)) > 0);
		memcpy(ex->buf, ex->model + at, (size_t)n);
		model_write(ex, to, (size_t)n);
		at += (size_t)n;
		to += (size_t)n;
		len -= (size_t)n;
		ORDER(ex, from_off == (off_t)at && to_off == (off_t)to);
	}
	return true;
}

/* What is said to be a hole has to be zero; where the file ends there is one. */
static bool do_seek(struct exercise *ex)
{
	off_t data, hole, at;

	note(ex, "seek data and holes", 0, ex->size, 0);
	ORDER(ex, fsync(ex->fd) == 0);
	for (at = 0; at < (off_t)ex->size; at = hole) {
		errno = 0;
		data = lseek(ex->fd, at, SEEK_DATA);
		if (data < 0) {
			ORDER(ex, lseek(ex->fd, at, SEEK_DATA) < 0 && errno == ENXIO);
			data = (off_t)ex->size;
		}
		ORDER(ex, data >= at && data <= (off_t)ex->size);
		ORDER(ex, workload_is_zero(ex->model + at, (size_t)(data - at)));
		if (data == (off_t)ex->size)
			break;
		ORDER(ex,
		      (hole = lseek(ex->fd, data, SEEK_HOLE)) > data && hole <= (off_t)ex->size);
	}
	ORDER(ex, lseek(ex->fd, (off_t)ex->size, SEEK_HOLE) < 0);
	return true;
}

static bool do_size(struct exercise *ex)
{
	struct stat st;

	note(ex, "ask for the size", 0, ex->size, 0);
	ORDER(ex, stat(ex->name, &st) == 0 && st.st_size == (off_t)ex->size);
	ORDER(ex, fstat(ex->second, &st) == 0 && st.st_size == (off_t)ex->size);
	ORDER(ex, lseek(ex->fd, 0, SEEK_END) == (off_t)ex->size);
	return true;
}

static bool do_sync(struct exercise *ex)
{
	note(ex, "fsync", 0, ex->size, 0);
	ORDER(ex, fsync(workload_below(&ex->random, 2) ? ex->fd : ex->second) == 0);
	return true;
}

static void open_all(struct exercise *ex, int more)
{
	ORDER(ex, (ex->fd = open(ex->name, O_RDWR | more, 0644)) >= 0);
	ORDER(ex, (ex->second = open(ex->name, O_RDWR)) >= 0);
	errno = 0;
	ex->direct = open(ex->name, O_RDWR | O_DIRECT);
	ORDER(ex, ex->direct >= 0 || open(ex->name, O_RDWR | O_DIRECT) >= 0 || errno == EINVAL);
}

static void close_all(struct exercise *ex)
{
	ORDER(ex, close(ex->fd) == 0);
	ORDER(ex, close(ex->second) == 0);
	ORDER(ex, ex->direct < 0 || close(ex->direct) == 0);
}

/* The pages that the client has are dropped, if the kernel likes to. */
static bool do_forget(struct exercise *ex)
{
	note(ex, "fsync, forget", 0, ex->size, 0);
	ORDER(ex, fsync(ex->fd) == 0);
	ORDER(ex, posix_fadvise(ex->fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	return true;
}

static bool do_reopen(struct exercise *ex)
{
	note(ex, "close, open", 0, ex->size, 0);
	close_all(ex);
	open_all(ex, 0);
	return true;
}

static const struct operation {
	const char *name;
	bool (*run)(struct exercise *ex);	/* false: nothing was done */
	unsigned int weight;
} operations[] = {
	{ "read", do_read, 14 },
	{ "read-2", do_read_second, 6 },
	{ "write", do_write, 16 },
	{ "write-2", do_write_second, 5 },
	{ "map-read", do_map_read, 8 },
	{ "map-write", do_map_write, 8 },
	{ "direct-read", do_read_direct, 4 },
	{ "direct-write", do_write_direct, 4 },
	{ "truncate", do_truncate, 8 },
	{ "allocate", do_allocate, 3 },
	{ "punch", do_punch, 5 },
	{ "zero", do_zero, 2 },
	{ "copy", do_copy, 4 },
	{ "seek", do_seek, 2 },
	{ "size", do_size, 3 },
	{ "sync", do_sync, 3 },
	{ "forget", do_forget, 2 },
	{ "reopen", do_reopen, 3 },
};

enum { OPERATION_N = sizeof(operations) / sizeof(operations[0]) };

static unsigned int pick(struct exercise *ex)
{
	unsigned int all = 0, n;

	for (unsigned int i = 0; i < OPERATION_N; i++)
		all += operations[i].weight;
	n = (unsigned int)workload_below(&ex->random, all);
	for (unsigned int i = 0;; i++) {
		if (n < operations[i].weight)
			return i;
		n -= operations[i].weight;
	}
}

void workload_exercise(const struct workload_args *args)
{
	struct exercise ex = { .seed = args->seed,
			       .size_max = args->size,
			       .random = { args->seed } };
	unsigned int counts[OPERATION_N] = { 0 };
	time_t until = time(NULL) + (time_t)args->seconds;
	unsigned int n;

	snprintf(ex.name, sizeof(ex.name), "exercise-%" PRIu64, args->seed);
	CHECK((ex.model = calloc(1, args->size + PAGE)) != NULL);
	CHECK((ex.buf = aligned_alloc(PAGE, (args->size / PAGE + 1) * PAGE)) != NULL);
	fprintf(stderr, "exercise: seed %" PRIu64 "\n", args->seed);
	open_all(&ex, O_CREAT | O_TRUNC);
	for (n = 0; n < args->ops && time(NULL) < until; n++) {
		unsigned int i = pick(&ex);

		counts[i] += operations[i].run(&ex);
	}
	note(&ex, "read all", 0, ex.size, 0);
	read_by(&ex, ex.fd, 0, args->size);
	close_all(&ex);
	open_all(&ex, 0);
	CHECK(posix_fadvise(ex.fd, 0, 0, POSIX_FADV_DONTNEED) == 0);
	read_by(&ex, ex.fd, 0, args->size);
	close_all(&ex);
	CHECK(unlink(ex.name) == 0);
	fprintf(stderr, "exercise: %u operations:", n);
	for (unsigned int i = 0; i < OPERATION_N; i++)
		fprintf(stderr, " %s %u", operations[i].name, counts[i]);
	fputc('\n', stderr);
	free(ex.model);
	free(ex.buf);
}
