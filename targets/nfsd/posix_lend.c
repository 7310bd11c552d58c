// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Data lent from the page cache: large reads are sent from a mapping, without a buffer in between.
 *
 * Windows of WINDOW_BYTES of files are mapped and stay so; the least recently used makes room.  A window is made
 * when a file is read near the place of the last read, so that reads all over a large file do not map and unmap.
 *
 * Anybody may write the file while it is lent.  So a transport must look at each byte once (call.h): one that first
 * computed a checksum would send what the peer refuses, and whoever maps the file could break the connections of those
 * who read it.
 *
 * A file that is cut while it is lent has no page any more where it is touched: SIGBUS.  The handler puts a page
 * there with what the file has in that place now: zeros behind its end, which is what a read may see of a file that is
 * being cut; and the window is not used again.  A page that cannot be read from the disk ends the process, as the
 * kernel wants it.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "targets/nfsd/posix.h"

#define WINDOW_BYTES	(256u << 20)
#define WINDOWS_MAX	16
#define PAGE		4096u		/* smaller than the system's is fine: only arithmetic of mincore() and SIGBUS */
#define LEND_MIN	(64u << 10)	/* less is copied sooner than lent */

struct window {
	_Atomic(u8 *) mem; /* NULL: free.  The handler of SIGBUS looks at it and what follows */
	atomic_int fd;			/* the node's; open while there are loans */
	u64 offset;
	atomic_bool bad;
	struct nfs_node *node;
	unsigned loans;
	u64 used;			/* by the count of uses */
};

static struct window windows[WINDOWS_MAX];
static u64 uses;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool usable;

/* ---- pages that are gone ------------------------------------------------------------------------- */

static void on_sigbus(int sig, siginfo_t *info, void *ctx)
{
	u8 *page = (u8 *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1));
	int saved = errno;
	u8 bytes[PAGE];
	ssize_t n;

	for (unsigned i = 0; i < WINDOWS_MAX && info->si_code == BUS_ADRERR; i++) {
		struct window *w = &windows[i];
		u8 *mem = atomic_load(&w->mem);

		if (!mem || page < mem || page >= mem + WINDOW_BYTES)
			continue;
		/* Nothing behind the end; what is there if the file has grown again; an error of a disk that fails. */
		n = pread(w->fd, bytes, PAGE, (off_t)(w->offset + (u64)(page - mem)));
		if (n < 0)
			break;
		atomic_store(&w->bad, true);
		if (mmap(page, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
			break;
		memcpy(page, bytes, (size_t)n);
		errno = saved;
		return;
	}
	signal(SIGBUS, SIG_DFL);	/* the access is repeated, and ends us */
}

static void install(void)
{
	struct sigaction action = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	usable = sysconf(_SC_PAGESIZE) == PAGE && !sigaction(SIGBUS, &action, NULL);
}

/* ---- windows, with the lock held ----------------------------------------------------------------- */

static void unmap(struct window *w)
{
	u8 *mem = atomic_exchange(&w->mem, NULL);

	if (mem)
		munmap(mem, WINDOW_BYTES);
	w->node = NULL;
}

static struct window *find(const struct nfs_node *node, u64 offset)
{
	for (unsigned i = 0; i < WINDOWS_MAX; i++)
		if (windows[i].node == node && windows[i].offset == offset)
			return &windows[i];
	return NULL;
}

static struct window *idle(void)
{
	struct window *oldest = NULL;

	for (unsigned i = 0; i < WINDOWS_MAX; i++) {
		struct window *w = &windows[i];

		if (!w->node)
			return w;
		if (!w->loans && (!oldest || w->used < oldest->used))
			oldest = w;
	}
	return oldest;
}

static struct window *map(struct nfs_node *node, int fd, u64 offset)
{
	struct window *w = idle();
	u8 *mem;

	if (!w)
		return NULL;
	unmap(w);
	mem = mmap(NULL, WINDOW_BYTES, PROT_READ, MAP_SHARED, fd, (off_t)offset);
	if (mem == MAP_FAILED)
		return NULL;
	w->node = node;
	w->offset = offset;
	atomic_store(&w->fd, fd);
	atomic_store(&w->bad, false);
	atomic_store(&w->mem, mem);
	return w;
}

static struct window *borrow(struct nfs_node *node, int fd, u64 offset)
{
	unsigned near = (unsigned)(offset / WINDOW_BYTES) + 1;
	struct window *w;

	pthread_mutex_lock(&lock);
	w = find(node, offset);
	if (w && w->bad && !w->loans) {
		unmap(w);
		w = NULL;
	}
	if (!w && atomic_exchange(&node->lend_near, near) == near)
		w = map(node, fd, offset);
	if (w && w->bad)
		w = NULL;
	if (w) {
		w->loans++;
		w->used = ++uses;
	}
	pthread_mutex_unlock(&lock);
	return w;
}

static void give_back(struct window *w)
{
	pthread_mutex_lock(&lock);
	if (!--w->loans && w->bad)
		unmap(w);
	pthread_mutex_unlock(&lock);
}

void posix_lend_forget(struct nfs_node *node)
{
	if (!atomic_load(&node->lend_near))
		return;
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < WINDOWS_MAX; i++)
		if (windows[i].node == node)
			unmap(&windows[i]);
	pthread_mutex_unlock(&lock);
}

/* ---- loans --------------------------------------------------------------------------------------- */

/* All of it is in memory.  mincore() tells who may write the file: the server itself. */
static bool resident(u8 *data, u32 len)
{
	unsigned char pages[NFS_DATA_MAX / PAGE + 2];
	u32 head = (u32)((uintptr_t)data % PAGE);
	u32 n = (head + len + PAGE - 1) / PAGE;

	if (posix_act_as(NULL) || n > sizeof(pages) || mincore(data - head, head + len, pages))
		return false;
	for (u32 i = 0; i < n; i++)
		if (!(pages[i] & 1))
			return false;
	return true;
}

static void end(struct nfs_loan *loan)
{
	struct window *w = loan->priv;
	struct nfs_node *node = w->node;

	give_back(w);
	posix_node_put(node);
}

int posix_lend(struct nfs_node *node, const struct nfs_cred *cred, u64 offset, u32 len,
	       struct nfs_loan *loan)
{
	u64 at = offset % WINDOW_BYTES;
	struct window *w;
	struct stat st;
	int fd;

	if (len < LEND_MIN || posix_data_ok(node, cred, NFS_MAY_READ))
		return -EAGAIN;
	pthread_once(&once, install);
	fd = posix_node_data_fd(node, false);
	if (fd < 0 || !usable || fstat(fd, &st) || offset >= (u64)st.st_size)
		return -EAGAIN;
	len = (u32)min_t(u64, len, (u64)st.st_size - offset);
	if (at + len > WINDOW_BYTES)
		return -EAGAIN;
	w = borrow(node, fd, offset - at);
	if (!w)
		return -EAGAIN;
	if (!resident(w->mem + at, len)) {
		give_back(w);
		return -EAGAIN;
	}
	posix_node_get(node);
	*loan = (struct nfs_loan){
		.data = w->mem + at,
		.len = len,
		.eof = offset + len == (u64)st.st_size,
		.fd = fd,
		.offset = offset,
		.end = end,
		.priv = w,
	};
	return 0;
}
