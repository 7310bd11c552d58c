// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/* key=value text: what is read, what is refused, every limit and one past it. */
#include <stdlib.h>
#include <string.h>

#include "iser/engine/text.h"
#include "tests/unit/iser/cmocka_head.h"

/* Number of pairs, or -1; the text lies in an allocation of its size. */
static int read_all(const char *text, size_t len, struct text_reader *r)
{
	char *copy = malloc(len ? len : 1);
	int n = 0;

	memcpy(copy, text, len);
	text_reader_init(r, copy, len);
	for (;; n++) {
		enum text_event ev = text_next(r);

		if (ev == TEXT_PAIR)
			continue;
		free(copy);
		return ev == TEXT_END ? n : -1;
	}
}

static void test_texts(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		int pairs;
	} cases[] = {
#define TEXT(s) s, sizeof(s) - 1
		{ "nothing", TEXT(""), 0 },
		{ "one", TEXT("SendTargets=All\0"), 1 },
		{ "two", TEXT("HeaderDigest=None\0DataDigest=None\0"), 2 },
		{ "empty value", TEXT("SendTargets=\0"), 1 },
		{ "equals sign in the value", TEXT("CHAP_R=0bQUFBQQ==\0"), 1 },
		{ "names with odd letters", TEXT("X#NodeArchitecture=a\0iSERHelloRequired=No\0"),
		  2 },
		{ "no zero byte at the end", TEXT("SendTargets=All"), -1 },
		{ "second one is cut", TEXT("HeaderDigest=None\0DataDig"), -1 },
		{ "no equals sign", TEXT("SendTargets\0"), -1 },
		{ "no key", TEXT("=All\0"), -1 },
		{ "blank in the key", TEXT("Send Targets=All\0"), -1 },
		{ "digit first", TEXT("1Key=All\0"), -1 },
		{ "a lone zero byte", TEXT("\0"), -1 },
		{ "a zero byte between", TEXT("A=1\0\0B=2\0"), -1 },
#undef TEXT
	};
	struct text_reader r;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n = read_all(cases[i].text, cases[i].len, &r);

		if (n != cases[i].pairs)
			fail_msg("%s: %d pairs, expected %d", cases[i].name, n, cases[i].pairs);
		assert_int_equal(n < 0, r.why != NULL);
	}
}

/* Every prefix of a good text is refused, except those that end behind a pair. */
static void test_truncation(void **state)
{
	static const char text[] = "InitialR2T=No\0ImmediateData=Yes\0MaxBurstLength=262144";
	struct text_reader r;

	for (size_t len = 0; len <= sizeof(text); len++) {
		bool whole = len == 0 || text[len - 1] == '\0';

		assert_int_equal(read_all(text, len, &r) >= 0, whole);
	}
}

static int read_lengths(size_t key_len, size_t value_len)
{
	char *text = malloc(key_len + value_len + 2);
	struct text_reader r;
	int n;

	memset(text, 'K', key_len);
	text[key_len] = '=';
	memset(text + key_len + 1, 'v', value_len);
	text[key_len + 1 + value_len] = '\0';
	n = read_all(text, key_len + value_len + 2, &r);
	free(text);
	return n;
}

static void test_limits(void **state)
{
	char many[4 * (ISCSI_KEYS_MAX + 1)];
	struct text_reader r;

	assert_int_equal(read_lengths(ISCSI_KEY_LEN_MAX, 1), 1);
	assert_int_equal(read_lengths(ISCSI_KEY_LEN_MAX + 1, 1), -1);
	assert_int_equal(read_lengths(3, ISCSI_LIST_LEN_MAX), 1);
	assert_int_equal(read_lengths(3, ISCSI_LIST_LEN_MAX + 1), -1);
	for (size_t i = 0; i < sizeof(many); i += 4)
		memcpy(many + i, "K=v", 4);
	assert_int_equal(read_all(many, 4 * ISCSI_KEYS_MAX, &r), ISCSI_KEYS_MAX);
	assert_int_equal(read_all(many, 4 * (ISCSI_KEYS_MAX + 1), &r), -1);
}

static void test_gather(void **state)
{
	struct text_gather g;
	char buf[8];

	text_gather_init(&g, buf, sizeof(buf));
	assert_true(text_gather_add(&g, "abcde", 5));
	assert_true(text_gather_add(&g, NULL, 0));
	assert_false(text_gather_add(&g, "fghi", 4));
	assert_int_equal(g.len, 5);
	assert_true(text_gather_add(&g, "fgh", 3));
	assert_memory_equal(buf, "abcdefgh", 8);
}

static void test_find(void **state)
{
	static const char text[] = "InitiatorNameX=no\0InitiatorName=iqn.a\0Initiator=z";

	assert_string_equal(text_find(text, sizeof(text), "InitiatorName"), "iqn.a");
	assert_string_equal(text_find(text, sizeof(text), "Initiator"), "z");
	assert_null(text_find(text, sizeof(text) - 1, "Initiator"));
	assert_null(text_find(text, sizeof(text), "TargetName"));
	assert_null(text_find(text, 0, "InitiatorName"));
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool right;
		uint64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "262144", true, 262144 },
		{ "0x40000", true, 262144 },
		{ "0Xff", true, 255 },
		{ "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 },
		{ "0x10000000000000000", false, 0 },
		{ "", false, 0 },
		{ "0x", false, 0 },
		{ "12a", false, 0 },
		{ "-1", false, 0 },
		{ " 1", false, 0 },
	};
	u64 out;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		out = 77;
		if (text_parse_num(cases[i].text, &out) != cases[i].right)
			fail_msg("\"%s\"", cases[i].text);
		assert_int_equal(out, cases[i].right ? cases[i].value : 77);
	}
	assert_true(text_parse_range("512", 512, 16777215, &out));
	assert_false(text_parse_range("511", 512, 16777215, &out));
	assert_true(text_parse_range("16777215", 512, 16777215, &out));
	assert_false(text_parse_range("16777216", 512, 16777215, &out));
}

static void test_values(void **state)
{
	bool yes = false;

	assert_true(text_parse_bool("Yes", &yes) && yes);
	assert_true(text_parse_bool("No", &yes) && !yes);
	assert_false(text_parse_bool("yes", &yes));
	assert_false(text_parse_bool("", &yes));
	assert_true(text_list_has("CRC32C,None", "None"));
	assert_true(text_list_has("None", "None"));
	assert_false(text_list_has("CRC32C,NoneX", "None"));
	assert_false(text_list_has("", "None"));
}

static void test_names(void **state)
{
	char name[ISCSI_NAME_LEN_MAX + 2];

	/* the examples of RFC 7143 4.2.7 and 13.4 */
	assert_true(text_name_valid("iqn.2001-04.com.example:storage:diskarrays-sn-a8675309"));
	assert_true(text_name_valid("eui.02004567A425678D"));
	assert_true(text_name_valid("naa.62004567BA64678D0123456789ABCDEF"));
	assert_false(text_name_valid("disk0"));
	assert_false(text_name_valid("iqn."));
	assert_false(text_name_valid("iqn.2001-04.com.example:a b"));
	assert_false(text_name_valid("iqn.2001-04.com.example:a/b"));
	memset(name, 'a', sizeof(name));
	memcpy(name, "iqn.", 4);
	name[ISCSI_NAME_LEN_MAX] = '\0';
	assert_true(text_name_valid(name));
	name[ISCSI_NAME_LEN_MAX] = 'a';
	name[ISCSI_NAME_LEN_MAX + 1] = '\0';
	assert_false(text_name_valid(name));
}

static void test_writer(void **state)
{
	static const char expected[] = "A=Yes\0B=262144\0C=None";
	struct text_writer w;
	char buf[sizeof(expected)];

	text_writer_init(&w, buf, sizeof(buf));
	text_put_bool(&w, "A", true);
	text_put_num(&w, "B", 262144);
	text_put(&w, "C", "None");
	assert_false(w.full);
	assert_int_equal(w.len, sizeof(expected));
	assert_memory_equal(buf, expected, sizeof(expected));
	text_put(&w, "", "");
	assert_true(w.full);
	assert_int_equal(w.len, sizeof(expected));
	text_writer_init(&w, buf, sizeof(buf) - 1);
	text_put(&w, "ABCDEFGHIJ", "0123456789");
	assert_true(w.full);
	assert_int_equal(w.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),	 cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_limits),	 cmocka_unit_test(test_gather),
		cmocka_unit_test(test_find),	 cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_values),	 cmocka_unit_test(test_names),
		cmocka_unit_test(test_writer),
	};

	return cmocka_run_group_tests_name("iser/text", tests, NULL, NULL);
}
