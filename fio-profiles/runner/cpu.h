/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/*
 * Processor time of a target that runs on this machine.
 *
 * It is sampled while a profile runs.  A profile may begin with a ramp that fio does not count: then the time
 * from the ramp's end to the planned end is looked at, which is one of steady load, and the load in it is
 * what counts.  Without a ramp all of the run counts.
 */
#ifndef FIO_PROFILES_CPU_H
#define FIO_PROFILES_CPU_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct cpu_meter {
	pid_t pid;			/* 0: nothing is measured */
	uint64_t ramp_ns, run_ns;
	uint64_t start_ns;
	bool started;
	struct cpu_sample {
		uint64_t at_ns, cpu_ns;
	} first, last;
};

/* User and system time of all threads of a process; false: it is gone or not ours to see. */
bool cpu_of_process(pid_t pid, uint64_t *cpu_ns);

void cpu_meter_init(struct cpu_meter *m, pid_t pid, unsigned ramp_s, unsigned runtime_s);
void cpu_meter_sample(struct cpu_meter *m, uint64_t now_ns);	/* often */
/* Microseconds for each of ios operations, of which there were iops a second; negative: not known. */
double cpu_meter_per_io_us(const struct cpu_meter *m, uint64_t ios, double iops);

#endif
