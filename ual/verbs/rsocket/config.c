/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Defaults, and what an administrator put in /etc/rdma/rsocket: files of one number each, read once. */
#include <stdio.h>

#include "ual/verbs/rsocket/rs.h"

#define CONFIG_DIR "/etc/rdma/rsocket/"

static struct abi_rs_config config = {
	.rbuf_size = 1 << 17,
	.sbuf_size = 1 << 17,
	.sq_size = 384,
	.rq_size = 384,
	.inline_size = 64,
	.iomap_size = 0,
	.spin_us = 10,
	.wake_ms = 5000,
};

/* A file that is missing, empty or out of bounds leaves the default. */
static void config_read(const char *path, uint32_t *value, uint32_t min, uint32_t max)
{
	FILE *file = fopen(path, "re");
	unsigned long n;

	if (!file)
		return;
	if (fscanf(file, "%lu", &n) == 1)
		*value = n < min ? min : n > max ? max : n;
	fclose(file);
}

static void config_load(void)
{
	config_read(CONFIG_DIR "mem_default", &config.rbuf_size, RS_BUFFER_MIN, RS_BUFFER_MAX);
	config_read(CONFIG_DIR "wmem_default", &config.sbuf_size, RS_BUFFER_MIN, RS_BUFFER_MAX);
	config_read(CONFIG_DIR "sqsize_default", &config.sq_size, RS_QUEUE_MIN, RS_QUEUE_MAX);
	config_read(CONFIG_DIR "rqsize_default", &config.rq_size, RS_QUEUE_MIN, RS_QUEUE_MAX);
	config_read(CONFIG_DIR "inline_default", &config.inline_size, 0, RS_BUFFER_MIN);
	config_read(CONFIG_DIR "iomap_size", &config.iomap_size, 0, 127 << 8);
	config_read(CONFIG_DIR "polling_time", &config.spin_us, 0, 1000000);
	config_read(CONFIG_DIR "wake_up_interval", &config.wake_ms, 1, 3600000);
	config.iomap_size = rs_scale_decode(rs_scale_encode(config.iomap_size));
}

const struct abi_rs_config *abi_rs_config(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, config_load);
	return &config;
}
