// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Runs a fuzz target over the files of its corpus, without a fuzzer, so that the corpora are tests in
 * every build.
 *
 *   replay-NAME DIRECTORY|FILE...
 *
 * Each input lies in an allocation of exactly its size, and is replayed truncated to every shorter
 * length as well: a decoder that trusts a length field reads past the end here, and the sanitizers and
 * valgrind see it.  The name of an input is printed before it runs, so that the last line names the
 * one that aborted.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

/* Longer inputs are cut at this many places, evenly, instead of at every byte. */
#define REPLAY_CUTS_MAX 256

static void replay_prefix(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void replay_input(const uint8_t *data, size_t size)
{
	size_t step = size / REPLAY_CUTS_MAX + 1;

	for (size_t cut = 0; cut < size; cut += step)
		replay_prefix(data, cut);
	replay_prefix(data, size);
}

static int replay_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size ? size : 1);
	FILE *file = fopen(path, "rb");
	int err = 0;

	printf("%s\n", path);
	fflush(stdout);
	if (!data || !file || fread(data, 1, size, file) != size)
		err = -EIO;
	if (file)
		fclose(file);
	if (!err)
		replay_input(data, size);
	else
		fprintf(stderr, "%s: cannot be read\n", path);
	free(data);
	return err;
}

static int replay_path(const char *path, unsigned int *inputs)
{
	char name[4096];
	struct dirent *entry;
	struct stat st;
	DIR *dir;
	int err = 0;

	if (stat(path, &st) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	if (!S_ISDIR(st.st_mode)) {
		++*inputs;
		return replay_file(path, (size_t)st.st_size);
	}
	dir = opendir(path);
	if (!dir) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >=
		    sizeof(name))
			err = -ENAMETOOLONG;
		else
			err = replay_path(name, inputs);
	}
	closedir(dir);
	return err;
}

int main(int argc, char **argv)
{
	unsigned int inputs = 0;

	for (int i = 1; i < argc; i++)
		if (replay_path(argv[i], &inputs) != 0)
			return EXIT_FAILURE;
	printf("%u inputs replayed\n", inputs);
	return inputs ? EXIT_SUCCESS : EXIT_FAILURE;
}
