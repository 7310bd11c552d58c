// SPDX-License-Identifier: GPL-2.0-only
/*
 * fio calls setup() for every job in its main process, before jobs are started as threads or processes;
 * nothing that is opened there can be taken along.  So setup() opens the disk only to learn its size, and
 * init(), in the job, opens the session that the job uses.
 */

#include "fio-profiles/engine/engine.h"

#define WHY_LEN	320

/* The url option, or a file name that is a URL (with fio's rule that a colon in it is escaped). */
static const char *find_url(const struct thread_data *td)
{
	const struct engine_options *o = td->eo;

	if (o->url && *o->url)
		return o->url;
	if (td->files_index && strstr(td->files[0]->file_name, "://"))
		return td->files[0]->file_name;
	return NULL;
}

static struct bench_disk *open_disk(struct thread_data *td, const char *url)
{
	const struct engine_options *o = td->eo;
	struct bench_disk_cfg cfg = {
		.url = url,
		.depth = td->o.iodepth,
		.reconnect_ms = o->reconnect_timeout * 1000,
		.spin_us = o->spin_us,
	};
	struct bench_disk *d = NULL;
	char why[WHY_LEN] = "";
	int r;

	r = bench_disk_open(&cfg, &d, why, sizeof(why));
	if (r) {
		log_err("openrdma: %s\n", why);
		td_verror(td, -r, "open");
	}
	return d;
}

/* What would run into the end or a read-only disk half way is said before anything starts. */
static bool check_job(struct thread_data *td, const struct bench_disk_info *info)
{
	bool whole = td->o.size_percent || td->o.size == -1ULL;
	unsigned long long end = td->o.start_offset + (whole ? 0 : td->o.size);

	if (end > info->size) {
		log_err("openrdma: %s: offset and size ask for %llu bytes, the %s has %llu\n",
			td->o.name, end, info->what, (unsigned long long)info->size);
		td_verror(td, EINVAL, "size");
		return false;
	}
	if (info->read_only && (td_write(td) || td_trim(td))) {
		log_err("openrdma: %s: the %s is read-only\n", td->o.name, info->what);
		td_verror(td, EROFS, "open");
		return false;
	}
	if (td_trim(td) && !info->discard) {
		log_err("openrdma: %s: the %s does not support discard\n", td->o.name, info->what);
		td_verror(td, EOPNOTSUPP, "trim");
		return false;
	}
	if (td_min_bs(td) % info->block_size) {
		log_err("openrdma: %s: block sizes must be multiples of the disk's %u bytes\n",
			td->o.name, info->block_size);
		td_verror(td, EINVAL, "block size");
		return false;
	}
	return true;
}

static int engine_setup(struct thread_data *td)
{
	const char *url = find_url(td);
	struct bench_disk *d;
	struct fio_file *f;
	bool ok;

	if (!engine_fits(td))
		return 1;
	if (!url) {
		log_err("openrdma: %s: option url=iser://ADDR[:PORT]/IQN/LUN or "
			"url=nfs://HOST[:PORT]/PATH is missing\n",
			td->o.name);
		td_verror(td, EINVAL, "url");
		return 1;
	}
	if (!td->files_index) {
		add_file(td, url, 0, 0);
		td->o.nr_files = td->o.nr_files ? : 1;
		td->o.open_files++;
	}
	if (td->files_index != 1) {
		log_err("openrdma: %s: a job has one disk or file\n", td->o.name);
		td_verror(td, EINVAL, "filename");
		return 1;
	}
	d = open_disk(td, url);
	if (!d)
		return 1;
	f = td->files[0];
	f->filetype = FIO_TYPE_BLOCK;
	f->real_file_size = d->info.size;
	ok = check_job(td, &d->info);
	bench_disk_close(d);
	return ok ? 0 : 1;
}

static void engine_destroy(struct engine *e)
{
	e->closing = true;
	bench_disk_close(e->disk);	/* ends what is in flight */
	free(e->ended);
	free(e->ios);
	free(e);
}

static int engine_init(struct thread_data *td)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		goto fail;
	e->ios_n = td->o.iodepth;
	for (e->ended_size = 1; e->ended_size < e->ios_n; e->ended_size *= 2)
		;
	e->ios = calloc(e->ios_n, sizeof(*e->ios));
	e->ended = calloc(e->ended_size, sizeof(*e->ended));
	if (!e->ios || !e->ended)
		goto fail;
	e->disk = open_disk(td, find_url(td));
	if (!e->disk) {
		engine_destroy(e);
		return 1;
	}
	td->io_ops_data = e;
	return 0;
fail:
	if (e)
		engine_destroy(e);
	td_verror(td, ENOMEM, "init");
	return 1;
}

/* fio reports a failed allocation of buffers and goes on: stop it here. */
static int engine_post_init(struct thread_data *td)
{
	return (td_read(td) || td_write(td)) && !td->orig_buffer ? 1 : 0;
}

static void engine_cleanup(struct thread_data *td)
{
	if (td->io_ops_data)
		engine_destroy(td->io_ops_data);
	td->io_ops_data = NULL;
}

static int engine_open_file(struct thread_data *td, struct fio_file *f)
{
	return 0;
}

static int engine_close_file(struct thread_data *td, struct fio_file *f)
{
	return 0;
}

/* Nothing is cached on this side. */
static int engine_invalidate(struct thread_data *td, struct fio_file *f)
{
	return 0;
}

/* setup() has set it. */
static int engine_get_file_size(struct thread_data *td, struct fio_file *f)
{
	return 0;
}

/* fio finds it by this name. */
extern struct ioengine_ops ioengine __attribute__((visibility("default")));

struct ioengine_ops ioengine = {
	.name = "openrdma",
	.version = FIO_IOOPS_VERSION,
	.flags = FIO_DISKLESSIO | FIO_NOEXTEND | FIO_NODISKUTIL | FIO_NO_OFFLOAD | FIO_MEMALIGN,
	.setup = engine_setup,
	.init = engine_init,
	.post_init = engine_post_init,
	.queue = engine_queue,
	.commit = engine_commit,
	.getevents = engine_getevents,
	.event = engine_event,
	.cleanup = engine_cleanup,
	.open_file = engine_open_file,
	.close_file = engine_close_file,
	.invalidate = engine_invalidate,
	.get_file_size = engine_get_file_size,
	.iomem_alloc = engine_mem_alloc,
	.iomem_free = engine_mem_free,
	.io_u_init = engine_io_init,
	.option_struct_size = sizeof(struct engine_options),
	.options = engine_options,
};
