/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* The command line of openrdma-targetd. */
#ifndef TARGETS_TARGETD_OPTIONS_H
#define TARGETS_TARGETD_OPTIONS_H

#include <limits.h>
#include <sys/socket.h>

#include "iser/iser_target.h"
#include "targets/daemon/options.h"
#include "targets/store/store.h"
#include "ual/ual.h"

#define TARGETD_IQN_PREFIX	"iqn.2026-11.org.openrdma:"
#define TARGETD_PORT		3260
#define TARGETD_PORTALS_MAX	64
#define TARGETD_LUNS_MAX	256
#define TARGETD_REACTORS_MAX	256
#define TARGETD_SERIAL_MAX	64

struct targetd_portal {
	struct sockaddr_storage addr;
	socklen_t addr_len;
	bool is_default; /* nobody asked for it: a machine without IPv6 is no error */
};

struct targetd_lun {
	char name[STORE_NAME_MAX];
	char path[PATH_MAX];
	uint64_t size;
	uint32_t block_size;
	uint32_t io_max;		/* bytes; 0: the server's */
	bool read_only;
	bool create;			/* a file that is not there is made, once */
	bool adopt;			/* what is there is the disk that was there before */
	enum store_direct direct;
	struct oriser_terms terms;
	char serial[TARGETD_SERIAL_MAX];	/* empty: none given */
};

struct targetd_options {
	struct targetd_portal portals[TARGETD_PORTALS_MAX];
	unsigned portal_n;
	struct targetd_lun *luns;	/* of targetd_options_deinit() */
	unsigned lun_n;
	unsigned reactors;
	unsigned sessions_max;		/* 0: the library's */
	unsigned depth;			/* 0: the library's */
	unsigned spin_us;
	uint64_t pool_max;		/* bytes of buffers in each reactor; 0: default */
	enum aio_engine aio;
	enum ual_crc crc;
	uint8_t mpa_revision;		/* 0: default */
	uint8_t mpa_rtr;
	bool mpa_markers;
	bool no_remote_inv;
	struct oriser_terms terms;	/* of LUNs that have none of their own */
	int log_level;			/* syslog */
	int argc;			/* read again by a reload */
	char *const *argv;
	char *config;			/* text of the file, of targetd_options_deinit() */
	/* NULL: the default; points into argv or config, as those below */
	const char *admin;
	const char *pid_file;
	const char *state_dir;		/* NULL: the default */
	const char *device;		/* NULL: the first */
	const char *provider_dir;
};

/* OPTIONS_BAD: a sentence in why that names the option, what was expected and what to do. */
enum daemon_options_verdict targetd_options_parse(int argc, char *const *argv,
						  struct targetd_options *options, char *why,
						  size_t why_len);
void targetd_options_deinit(struct targetd_options *options);
const char *targetd_options_help(void);

/* ---- parts, each with its own syntax -------------------------------------------------------------- */

/* "10G" (binary suffixes K, M, G, T), decimal.  0 or -EINVAL, -ERANGE. */
int targetd_size_parse(const char *text, uint64_t *size);
/* ADDR, ADDR:PORT, [V6], [V6]:PORT; numeric addresses.  0 or -EINVAL and why. */
int targetd_portal_parse(const char *text, struct targetd_portal *portal, char *why,
			 size_t why_len);
/* NAME=PATH[,key=value...].  0 or -EINVAL and why. */
int targetd_lun_parse(const char *text, struct targetd_lun *lun, char *why, size_t why_len);

#endif
