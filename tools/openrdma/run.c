// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* Where the ABI-compatible libraries are, and whether the dynamic loader would give them to a program. */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tools/openrdma/run.h"

#define HEADERS_MAX	64	/* of an ELF program */

static bool holds_library(const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/libibverbs.so.1", dir);

	return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

/* The build tree that this program lies in, else an installation wherever it was moved, else the configured. */
bool run_library_dir(char *dir, size_t len)
{
	static const char *const beside[] = { "../../ual/verbs", RUN_ABI_BESIDE_BIN };
	char self[PATH_MAX], path[2 * PATH_MAX], real[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n > 0) {
		self[n] = '\0';
		slash = strrchr(self, '/');
		if (slash)
			*slash = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
			snprintf(path, sizeof(path), "%s/%s", self, beside[i]);
			if (realpath(path, real) && holds_library(real)) {
				snprintf(dir, len, "%s", real);
				return true;
			}
		}
	}
	snprintf(dir, len, "%s", RUN_ABI_DIR);
	return holds_library(dir);
}

static int try_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 0 : -EACCES;
}

int run_find_program(const char *name, char *path, size_t len)
{
	const char *dirs = getenv("PATH"), *end;
	int err = -ENOENT;

	if (!*name)
		return -ENOENT;
	if (strchr(name, '/')) {
		snprintf(path, len, "%s", name);
		return try_path(path);
	}
	if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;; dirs = end + 1) {
		int tried;

		end = strchrnul(dirs, ':');
		snprintf(path, len, "%.*s%s%s", (int)(end - dirs), dirs, end == dirs ? "" : "/",
			 name);
		tried = try_path(path);
		if (!tried)
			return 0;
		if (tried != -ENOENT)
			err = tried;
		if (!*end)
			return err;
	}
}

/* Of an ELF program; NULL for everything that is not clearly one. */
static const char *elf_refusal(int fd)
{
	Elf64_Ehdr h;
	Elf64_Phdr p;

	if (pread(fd, &h, sizeof(h), 0) != sizeof(h) || memcmp(h.e_ident, ELFMAG, SELFMAG))
		return NULL;
	if (h.e_ident[EI_CLASS] == ELFCLASS32)
		return "is a 32-bit program: our libraries are of 64 bits";
	if (h.e_phentsize != sizeof(p) || h.e_phnum > HEADERS_MAX)
		return NULL;
	for (int i = 0; i < h.e_phnum; i++) {
		if (pread(fd, &p, sizeof(p), (off_t)(h.e_phoff + (size_t)i * sizeof(p))) !=
		    sizeof(p))
			return NULL;
		if (p.p_type == PT_INTERP)
			return NULL;
	}
	return "is statically linked: it brings its own libibverbs, or none";
}

/* A process that is to get no new privileges (containers ask for that) starts the program without them. */
static bool gains_privileges(const char *path, const struct stat *st)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return false;
	return ((st->st_mode & S_ISUID) && st->st_uid != getuid()) ||
	       ((st->st_mode & S_ISGID) && st->st_gid != getgid()) ||
	       (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0);
}

const char *run_refusal(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *why = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;	/* executable, not readable: let it try */
	if (fstat(fd, &st) == 0 && gains_privileges(path, &st))
		why = "gets privileges when it starts (set-user-ID or capabilities), so the loader "
		      "would not look for our libraries; run a copy without them";
	else
		why = elf_refusal(fd);
	close(fd);
	return why;
}
