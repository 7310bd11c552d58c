// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* openrdma run --list: asks the library itself, in the environment that the program would have. */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tools/openrdma/exit_codes.h"
#include "tools/openrdma/report.h"
#include "tools/openrdma/run.h"
#include "ual/verbs/objects.h"

static void print_addresses(const struct abi_device *d)
{
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < d->addr_n; i++) {
		const struct sockaddr_storage *addr = &d->addrs[i];
		const void *bytes = addr->ss_family == AF_INET
					    ? (const void *)&((struct sockaddr_in *)addr)->sin_addr
					    : &((struct sockaddr_in6 *)addr)->sin6_addr;

		inet_ntop(addr->ss_family, bytes, text, sizeof(text));
		printf("%s%s", i ? "," : "", text);
	}
	putchar('\n');
}

static void print_table(struct abi_device *const *devices, unsigned n)
{
	int width = 6;

	for (unsigned i = 0; i < n; i++)
		if ((int)strlen(devices[i]->ibv.name) > width)
			width = (int)strlen(devices[i]->ibv.name);
	printf("%-*s  %-15s  %-5s  %s\n", width, "DEVICE", "INTERFACE", "STATE", "ADDRESSES");
	for (unsigned i = 0; i < n; i++) {
		const struct abi_device *d = devices[i];

		printf("%-*s  %-15s  %-5s  ", width, d->ibv.name, d->ifname, d->up ? "up" : "down");
		print_addresses(d);
	}
}

int run_list(const char *dir)
{
	char path[PATH_MAX + 32];
	struct abi_device *const *(*devices)(unsigned *n);
	struct abi_device *const *list;
	void *library;
	unsigned n;

	snprintf(path, sizeof(path), "%s/libibverbs.so.1", dir);
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	devices = library ? (typeof(devices))dlsym(library, "abi_devices") : NULL;
	if (!devices) {
		report_error("%s", dlerror());
		return EXIT_FAILED;
	}
	list = devices(&n);
	print_table(list, n);
	return EXIT_OK;
}
