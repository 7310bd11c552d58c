// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * An MPI program that checks its own results, for test-run-mpi.sh: point to point of every size class,
 * collectives, one-sided.  Each rank checks what it got; rank 0 prints "all N ranks agree".  Status 1 and a
 * line for the first wrong value otherwise.
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define LEN_MAX	 (1 << 18)	/* words: 1 MiB, beyond every eager limit */
#define BURST	 64
#define WIN_LEN	 4096

static int rank, ranks;

static void expect(const char *what, long i, unsigned got, unsigned wanted)
{
	if (got == wanted)
		return;
	fprintf(stderr, "rank %d: %s: word %ld is %#x instead of %#x\n", rank, what, i, got,
		wanted);
	MPI_Abort(MPI_COMM_WORLD, 1);
}

static unsigned word(int from, int len, int i)
{
	return (unsigned)from * 2654435761u + (unsigned)len * 40503u + (unsigned)i;
}

static void fill(unsigned *buf, int from, int len)
{
	for (int i = 0; i < len; i++)
		buf[i] = word(from, len, i);
}

static void check(const char *what, const unsigned *buf, int from, int len)
{
	for (int i = 0; i < len; i++)
		expect(what, i, buf[i], word(from, len, i));
}

/* Everybody sends to the next and receives from the one before. */
static void ring(unsigned *out, unsigned *in)
{
	int next = (rank + 1) % ranks, before = (rank + ranks - 1) % ranks;

	for (int len = 0; len <= LEN_MAX; len = len ? len * 4 : 1) {
		MPI_Status status;
		int got;

		fill(out, rank, len);
		MPI_Sendrecv(out, len, MPI_UNSIGNED, next, len, in, len, MPI_UNSIGNED, before, len,
			     MPI_COMM_WORLD, &status);
		MPI_Get_count(&status, MPI_UNSIGNED, &got);
		expect("length", 0, (unsigned)got, (unsigned)len);
		check("ring", in, before, len);
	}
}

/* Many at once to everybody, taken in the opposite order by tag: most come before they are asked for. */
static void burst(void)
{
	static unsigned out[BURST], in[BURST];
	MPI_Request request[2 * BURST];

	for (int peer = 0; peer < ranks; peer++) {
		if (peer == rank)
			continue;
		for (int i = 0; i < BURST; i++) {
			out[i] = word(rank, peer, i);
			MPI_Isend(&out[i], 1, MPI_UNSIGNED, peer, i, MPI_COMM_WORLD, &request[i]);
		}
		for (int i = 0; i < BURST; i++)
			MPI_Irecv(&in[i], 1, MPI_UNSIGNED, peer, BURST - 1 - i, MPI_COMM_WORLD,
				  &request[BURST + i]);
		MPI_Waitall(2 * BURST, request, MPI_STATUSES_IGNORE);
		for (int i = 0; i < BURST; i++)
			expect("burst", i, in[i], word(peer, rank, BURST - 1 - i));
	}
}

static void collectives(unsigned *out, unsigned *in)
{
	unsigned sum = 0;
	int len;

	for (int r = 0; r < ranks; r++)
		sum += (unsigned)r + 1;
	for (len = 1; len <= LEN_MAX / ranks; len *= 16) {
		if (rank == ranks - 1)
			fill(in, rank, len);
		MPI_Bcast(in, len, MPI_UNSIGNED, ranks - 1, MPI_COMM_WORLD);
		check("broadcast", in, ranks - 1, len);

		for (int i = 0; i < len; i++)
			out[i] = ((unsigned)rank + 1) * (unsigned)i;
		MPI_Allreduce(out, in, len, MPI_UNSIGNED, MPI_SUM, MPI_COMM_WORLD);
		for (int i = 0; i < len; i++)
			expect("sum", i, in[i], sum * (unsigned)i);

		fill(out, rank, len);
		MPI_Allgather(out, len, MPI_UNSIGNED, in, len, MPI_UNSIGNED, MPI_COMM_WORLD);
		for (int r = 0; r < ranks; r++)
			check("gather", in + (long)r * len, r, len);

		for (int r = 0; r < ranks; r++)
			fill(out + (long)r * len, rank * ranks + r, len);
		MPI_Alltoall(out, len, MPI_UNSIGNED, in, len, MPI_UNSIGNED, MPI_COMM_WORLD);
		for (int r = 0; r < ranks; r++)
			check("all to all", in + (long)r * len, r * ranks + rank, len);
		MPI_Barrier(MPI_COMM_WORLD);
	}
}

/* Put between fences, get and atomics under a lock. */
static void one_sided(unsigned *out)
{
	int next = (rank + 1) % ranks, before = (rank + ranks - 1) % ranks;
	unsigned *win, one = 1, old, total = 0;
	MPI_Win handle;

	MPI_Win_allocate(WIN_LEN * sizeof(*win), sizeof(*win), MPI_INFO_NULL, MPI_COMM_WORLD, &win,
			 &handle);
	for (int i = 0; i < WIN_LEN; i++)
		win[i] = 0;
	fill(out, rank, WIN_LEN / 2);
	MPI_Win_fence(0, handle);
	MPI_Put(out, WIN_LEN / 2, MPI_UNSIGNED, next, 0, WIN_LEN / 2, MPI_UNSIGNED, handle);
	MPI_Win_fence(0, handle);
	check("put", win, before, WIN_LEN / 2);

	MPI_Win_lock(MPI_LOCK_SHARED, next, 0, handle);
	MPI_Get(out, WIN_LEN / 2, MPI_UNSIGNED, next, 0, WIN_LEN / 2, MPI_UNSIGNED, handle);
	MPI_Win_unlock(next, handle);
	check("get", out, rank, WIN_LEN / 2);

	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Win_lock_all(0, handle);
	for (int i = 0; i < 100; i++) {
		MPI_Fetch_and_op(&one, &old, MPI_UNSIGNED, 0, WIN_LEN - 1, MPI_SUM, handle);
		MPI_Win_flush(0, handle);
	}
	MPI_Win_unlock_all(handle);
	MPI_Barrier(MPI_COMM_WORLD);
	MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, handle);
	MPI_Get(&total, 1, MPI_UNSIGNED, 0, WIN_LEN - 1, 1, MPI_UNSIGNED, handle);
	MPI_Win_unlock(0, handle);
	expect("fetch and add", 0, total, 100u * (unsigned)ranks);
	MPI_Win_free(&handle);
}

int main(int argc, char **argv)
{
	unsigned *out = calloc(LEN_MAX, sizeof(*out)), *in = calloc(LEN_MAX, sizeof(*in));

	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &ranks);
	if (!out || !in)
		MPI_Abort(MPI_COMM_WORLD, 1);
	ring(out, in);
	burst();
	collectives(out, in);
	one_sided(out);
	MPI_Barrier(MPI_COMM_WORLD);
	if (rank == 0)
		printf("all %d ranks agree\n", ranks);
	MPI_Finalize();
	free(in);
	free(out);
	return 0;
}
