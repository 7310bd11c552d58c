// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
#include "tools/openrdma/said.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SAID_MAX 1024

void said_begin(struct said *s)
{
	*s = (struct said){ -1, -1 };
	s->file = memfd_create("openrdma-said", MFD_CLOEXEC);
	if (s->file < 0)
		return;
	fflush(stderr);
	s->real = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (s->real >= 0 && dup2(s->file, STDERR_FILENO) >= 0)
		return;
	if (s->real >= 0)
		close(s->real);
	close(s->file);
	*s = (struct said){ -1, -1 };
}

/* Lines are one sentence after the other. */
static void one_line(char *text, size_t text_len, const char *said)
{
	size_t n = 0;

	while (*said && n + 3 < text_len) {
		if (*said != '\n')
			text[n++] = *said;
		else if (said[1])
			text[n++] = ';', text[n++] = ' ';
		said++;
	}
	text[n] = '\0';
}

void said_end(struct said *s, char *text, size_t text_len)
{
	char said[SAID_MAX];
	ssize_t n;

	text[0] = '\0';
	if (s->file < 0)
		return;
	fflush(stderr);
	dup2(s->real, STDERR_FILENO);
	close(s->real);
	n = pread(s->file, said, sizeof(said) - 1, 0);
	close(s->file);
	if (n <= 0)
		return;
	said[n] = '\0';
	fputs(said, stderr);
	one_line(text, text_len, said);
}
