/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A change of one key at run time keeps all the others: what `config_print` says of a group before
 * and after differs in that line only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_text.h"

#define PLACE                                                                                      \
	"node = { id = 1; socket = \"/tmp/t.sock\"; };\n"                                          \
	"ports = ( { name = \"wan0\"; device = \"net_null0\"; addresses = [ \"10.0.0.1/16\" ]; "   \
	"},\n"                                                                                     \
	"  { name = \"wan1\"; device = \"net_null1\"; addresses = [ \"10.1.0.1/16\" ];\n"          \
	"    gateways = [ \"10.1.0.254\" ]; } );\n"

#define LINES 16
#define LINE  160

/* No value is a default; the second is another. NULL: it must stay. */
struct key {
	const char *name, *first, *second;
};

static const struct key peer_keys[] = {
	{"id", "7", NULL},
	{"name", "\"far\"", "\"near\""},
	{"address", "\"10.0.0.7\"", "\"10.0.0.8\""},
	{"port", "\"wan1\"", "\"wan0\""},
	{"udp_port", "4000", "4001"},
	{"ring", "64", "128"},
	{"pacing", "\"rate:2500000\"", "\"none\""},
};

static const struct key conference_keys[] = {
	{"id", "9", NULL},
	{"name", "\"town\"", "\"hall\""},
	{"priority", "7", "1"},
	{"weight", "77", "78"},
	{"queue_packets", "100", "101"},
	{"queue_bytes", "20000", "20001"},
	{"queue_ms", "70", "71"},
};

#define COUNT(of) (sizeof(of) / sizeof((of)[0]))

/* The lines "KEY = VALUE;" of the one group in a list. */
struct group {
	char lines[LINES][LINE];
	unsigned int count;
};

static void
print_group(const struct config *config, const char *list, struct group *group)
{
	char *text = NULL, *at, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	config_print(config, out);
	assert_int_equal(fclose(out), 0);
	at = strstr(text, list);
	assert_non_null(at);
	memset(group, 0, sizeof(*group));
	strtok_r(at, "\n", &line);
	strtok_r(NULL, "\n", &line);
	for (at = strtok_r(NULL, "\n", &line);
		strchr(at, '}') == NULL && strstr(at, "sessions =") == NULL;
		at = strtok_r(NULL, "\n", &line)) {
		assert_true(group->count < LINES);
		snprintf(group->lines[group->count++], LINE, "%.*s", (int)strcspn(at, "#"), at);
	}
	free(text);
}

static bool
is_of(const char *line, const char *key)
{
	line += strspn(line, " ");
	return strncmp(line, key, strlen(key)) == 0 && strncmp(line + strlen(key), " = ", 3) == 0;
}

static struct config *
load(const char *list, const char *group, const char *more)
{
	struct config_errors errs = {0};
	struct config *config;
	char text[4096];

	snprintf(text, sizeof(text), PLACE "%s\n%s{ %s } );\n", more, list, group);
	config = config_load_string("t.cfg", text, strlen(text), &errs);
	config_errors_print(&errs, stderr);
	assert_non_null(config);
	config_errors_free(&errs);
	return config;
}

/* Changes the only peer or the only conference; what there was is put back by the caller. */
static void
change(struct config *config, bool peer, const struct key *key)
{
	char text[256], error[256] = "";
	int ret;

	snprintf(text, sizeof(text), "%s = %s;", key->name, key->second);
	if (peer) {
		const struct config_peer old = config->peers[0];

		ret = config_text_peer(config, text, &old, &config->peers[0], error, sizeof(error));
	} else {
		const struct config_conference old = config->conferences[0];

		ret = config_text_conference(
			config, text, &old, &config->conferences[0], error, sizeof(error));
	}
	assert_string_equal(error, "");
	assert_int_equal(ret, 0);
}

static void
check_changes(struct config *config, const char *list, bool peer, const struct key *keys,
	unsigned int count)
{
	const struct config_peer old_peer = peer ? config->peers[0] : (struct config_peer){0};
	const struct config_conference old_conference = peer ? (struct config_conference){0}
							     : config->conferences[0];
	struct group before, after;

	print_group(config, list, &before);
	for (unsigned int i = 0; i < count; i++) {
		if (keys[i].second == NULL)
			continue;
		change(config, peer, &keys[i]);
		print_group(config, list, &after);
		assert_int_equal(after.count, before.count);
		for (unsigned int j = 0; j < before.count; j++) {
			if (is_of(before.lines[j], keys[i].name))
				assert_string_not_equal(after.lines[j], before.lines[j]);
			else
				assert_string_equal(after.lines[j], before.lines[j]);
		}
		if (peer)
			config->peers[0] = old_peer;
		else
			config->conferences[0] = old_conference;
	}
}

/* All keys of the group are in the table, and none has its default. */
static void
check_table(const struct group *all, const struct group *few, const struct key *keys,
	unsigned int count, const char *needed)
{
	assert_int_equal(all->count, count);
	assert_int_equal(few->count, count);
	for (unsigned int i = 0; i < count; i++) {
		assert_true(is_of(all->lines[i], keys[i].name));
		if (strstr(needed, keys[i].name) == NULL)
			assert_string_not_equal(all->lines[i], few->lines[i]);
	}
}

static const char *
group_text(const struct key *keys, unsigned int count, char *text, size_t size)
{
	size_t used = 0;

	for (unsigned int i = 0; i < count; i++)
		used += (size_t)snprintf(
			text + used, size - used, "%s = %s; ", keys[i].name, keys[i].first);
	return text;
}

static void
test_peer(void **state)
{
	static const char list[] = "peers = (", needed[] = "id port address";
	const unsigned int count = COUNT(peer_keys);
	struct group all, few;
	struct config *config;
	char text[1024];

	(void)state;
	config = load(list, "id = 7; port = \"wan0\"; address = \"10.0.0.7\";", "");
	print_group(config, list, &few);
	config_free(config);
	config = load(list, group_text(peer_keys, count, text, sizeof(text)), "");
	print_group(config, list, &all);
	check_table(&all, &few, peer_keys, count, needed);
	check_changes(config, list, true, peer_keys, count);
	config_free(config);
}

static void
test_conference(void **state)
{
	static const char list[] = "conferences = (", none[] = "sessions = ();";
	const unsigned int count = COUNT(conference_keys);
	struct group all, few;
	struct config *config;
	char text[1024], whole[1200];

	(void)state;
	snprintf(whole, sizeof(whole), "id = 9; %s", none);
	config = load(list, whole, "peers = ();");
	print_group(config, list, &few);
	config_free(config);
	group_text(conference_keys, count, text, sizeof(text));
	snprintf(whole, sizeof(whole), "%s%s", text, none);
	config = load(list, whole, "peers = ();");
	print_group(config, list, &all);
	check_table(&all, &few, conference_keys, count, "id");
	check_changes(config, list, false, conference_keys, count);
	config_free(config);
}

/* What does not fit 64 bits is refused, and not taken for what is left of it. */
static void
test_rates(void **state)
{
	static const char *const bad[] = {"18446744073709551617k", "18446744074G",
		"184467440737095517M", "0.5", "1.0005k", "1.5.5", "", "k", "1T", "-1", "1 k",
		"0.00000000010G"};
	uint64_t rate;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (config_rate_parse(bad[i], &rate))
			fail_msg("\"%s\" is %llu", bad[i], (unsigned long long)rate);
	assert_true(config_rate_parse("2.5Gbit", &rate));
	assert_int_equal(rate, 2500000000);
	assert_true(config_rate_parse("1.005k", &rate));
	assert_int_equal(rate, 1005);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peer),
		cmocka_unit_test(test_conference),
		cmocka_unit_test(test_rates),
	};

	return cmocka_run_group_tests_name("config_text", tests, NULL, NULL);
}
