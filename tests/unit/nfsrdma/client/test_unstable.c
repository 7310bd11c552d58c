// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * When a COMMIT may be believed.  A case is a story: 'w' a write is answered, 'c' a commit is submitted, 'C' the
 * oldest commit is answered, 'r' the server is another instance from now on; and what the commits say, '.' well,
 * '!' lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nfsrdma/client/unstable.h"

static const struct {
	const char *name, *story, *says;
} cases[] = {
	{ "nothing", "cC", "." },
	{ "written", "wcC", "." },
	{ "written, lost", "wrcC", "!" },
	{ "lost under way", "wcrC", "!" },
	{ "told once", "wrcCcC", "!." },
	{ "nothing to lose", "wcCrcC", ".." },
	{ "a new instance, nothing unstable", "wcCrwcC", ".." },
	{ "the next write meets it", "wrwcCcC", "!." },
	{ "two commits of what is lost", "wccrCC", "!!" },
	{ "a commit before and one after", "wcrcCC", "!!" },
	{ "a third is about later writes", "wccrCCwcC", "!!." },
	/* the second write was answered before the first commit was, which did not cover it */
	{ "written beside a commit", "wcwCrcC", ".!" },
	{ "written beside a commit, committed", "wcwCcCrcC", "..." },
	{ "lost twice", "wrwrcC", "!" },
	{ "lost, written again, lost", "wrcCwrcC", "!!" },
	{ "lost while nobody commits, then there is nothing", "wcCrrcC", ".." },
};

static void stories(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct nfsc_unstable u = { .written = 0 };
		struct nfsc_commit commits[8];
		unsigned first = 0, n = 0, said = 0;
		u8 verf[NFSC_VERIFIER_SIZE] = { 1 };

		for (const char *p = cases[i].story; *p; p++) {
			char says;

			switch (*p) {
			case 'w':
				nfsc_unstable_written(&u, verf);
				break;
			case 'c':
				commits[n++] = nfsc_unstable_commit(&u);
				break;
			case 'r':
				verf[7]++;
				break;
			case 'C':
				assert_true(first < n);
				says = nfsc_unstable_committed(&u, &commits[first++], verf) ? '!'
											    : '.';
				if (says != cases[i].says[said++])
					fail_msg("%s: commit %u says '%c'", cases[i].name, said,
						 says);
				break;
			}
		}
		assert_int_equal(cases[i].says[said], '\0');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
