// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/progress.h"

#include <string.h>
#include <unistd.h>

#define NS_PER_S	1000000000ull
#define PERIOD_TTY_NS	(NS_PER_S / 4)
#define PERIOD_LOG_NS	(10 * NS_PER_S)

void progress_begin(struct progress *p, FILE *out, const char *name, unsigned step, unsigned steps,
		    unsigned total_s, uint64_t now_ns)
{
	*p = (struct progress){
		.out = out,
		.tty = isatty(fileno(out)),
		.name = name,
		.step = step,
		.steps = steps,
		.total_s = total_s,
		.start_ns = now_ns,
		.shown_ns = now_ns,
	};
	if (p->tty)
		return;
	if (total_s)
		fprintf(out, "[%u/%u] %s, about %u s\n", step, steps, name, total_s);
	else
		fprintf(out, "[%u/%u] %s\n", step, steps, name);
	fflush(out);
}

/* "Jobs: 1 (f=1): [r(1)][27.3%][r=1220MiB/s][r=312k IOPS][eta 00m:08s]": the part before " IOPS]". */
void progress_fio_line(struct progress *p, const char *line, size_t len)
{
	static const char end_mark[] = " IOPS]";
	const char *end = memmem(line, len, end_mark, strlen(end_mark));
	const char *start = end;

	if (!end)
		return;
	while (start > line && start[-1] != '[')
		start--;
	if (start > line)
		snprintf(p->rate, sizeof(p->rate), "%.*s IOPS", (int)(end - start), start);
}

void progress_tick(struct progress *p, uint64_t now_ns)
{
	unsigned elapsed_s = (unsigned)((now_ns - p->start_ns) / NS_PER_S);
	char of[32] = "";

	if (now_ns - p->shown_ns < (p->tty ? PERIOD_TTY_NS : PERIOD_LOG_NS))
		return;
	p->shown_ns = now_ns;
	if (p->total_s)
		snprintf(of, sizeof(of), " of %u", p->total_s);
	fprintf(p->out, "%s[%u/%u] %s  %u%s s  %s%s", p->tty ? "\r\033[K" : "", p->step, p->steps,
		p->name, elapsed_s, of, p->rate, p->tty ? "" : "\n");
	fflush(p->out);
	p->drawn = true;
}

void progress_clear(struct progress *p)
{
	if (p->tty && p->drawn)
		fputs("\r\033[K", p->out);
	fflush(p->out);
	p->drawn = false;
}
