// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause

#include "fio-profiles/runner/cpu.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S	1000000000ull
#define TIME_MIN_S	0.25		/* the kernel counts in steps of 10 ms */

bool cpu_of_process(pid_t pid, uint64_t *cpu_ns)
{
	unsigned long long user, system;
	char path[64], line[1024], *p;
	uint64_t tick_ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(line, 1, sizeof(line) - 1, f);
	fclose(f);
	line[n] = '\0';
	/* The name, in parentheses, may hold anything; fields are counted from behind it. */
	p = strrchr(line, ')');
	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
			 &system) != 2)
		return false;
	*cpu_ns = (user + system) * tick_ns;
	return true;
}

void cpu_meter_init(struct cpu_meter *m, pid_t pid, unsigned ramp_s, unsigned runtime_s)
{
	*m = (struct cpu_meter){ .pid = pid,
				 .ramp_ns = ramp_s * NS_PER_S,
				 .run_ns = runtime_s * NS_PER_S };
}

static bool in_window(const struct cpu_meter *m, uint64_t now_ns)
{
	uint64_t elapsed_ns = now_ns - m->start_ns;

	if (!m->ramp_ns)
		return true;
	return elapsed_ns >= m->ramp_ns && elapsed_ns < m->ramp_ns + m->run_ns;
}

void cpu_meter_sample(struct cpu_meter *m, uint64_t now_ns)
{
	uint64_t cpu_ns;

	if (!m->start_ns)
		m->start_ns = now_ns;
	if (!m->pid || !in_window(m, now_ns) || !cpu_of_process(m->pid, &cpu_ns))
		return;
	m->last.at_ns = now_ns;
	m->last.cpu_ns = cpu_ns;
	if (!m->started)
		m->first = m->last;
	m->started = true;
}

double cpu_meter_per_io_us(const struct cpu_meter *m, uint64_t ios, double iops)
{
	double cpu_us = (double)(m->last.cpu_ns - m->first.cpu_ns) / 1e3;
	double time_s = (double)(m->last.at_ns - m->first.at_ns) / 1e9;

	if (!m->started || time_s < TIME_MIN_S || !ios || iops <= 0)
		return -1;
	return m->ramp_ns ? cpu_us / time_s / iops : cpu_us / (double)ios;
}
