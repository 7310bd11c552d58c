// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * load_library: loads shared libraries and then does nothing, so that what a program pays for a library that
 * it does not use can be read from outside.
 *
 *   load_library [--list] [LIBRARY...]
 *
 * --list asks the first library for its devices (ibv_get_device_list()) and opens none.  Prints the
 * microseconds of processor time that it took and lives until its standard input ends.
 */
#include <dlfcn.h>
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void list_devices(void *library)
{
	void **(*list)(int *n) = (void **(*)(int *))dlsym(library, "ibv_get_device_list");
	void (*release)(void **devices) = (void (*)(void **))dlsym(library, "ibv_free_device_list");
	void **devices;
	int n;

	if (!list || !release)
		errx(1, "%s", dlerror());
	devices = list(&n);
	if (!devices || n == 0)
		errx(1, "no devices");
	release(devices);
}

int main(int argc, char **argv)
{
	int list = argc > 1 && strcmp(argv[1], "--list") == 0;
	double began = cpu_us();
	void *library;
	char byte;

	for (int i = 1 + list; i < argc; i++) {
		library = dlopen(argv[i], RTLD_NOW | RTLD_GLOBAL);
		if (!library)
			errx(1, "%s", dlerror());
		if (list && i == 2)
			list_devices(library);
	}
	printf("%.0f\n", cpu_us() - began);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
