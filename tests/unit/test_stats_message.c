/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams to containers and back, containers of others, and such as nobody should send. */
#include "unit.h"

#include "stats_message.h"

static struct stats_stream
random_stream(uint64_t *state)
{
	struct stats_stream s = {
		.id = *state, .start = 1368548254, .end = 1368548879, .children = 3, .weight = 40};

	for (int i = 0; i < STATS_NAME_COUNT; i++) {
		*state = *state * UINT64_C(6364136223846793005) + 1;
		if ((*state >> 60) == 0)
			continue;
		s.values[i] = (struct stats_value){.weight = 1 + (*state >> 33) % 40,
			.mean = (double)(*state >> 11) / 9007199254740992.0,
			.max = (double)(*state >> 9)};
		if (i == STATS_CPULOAD || i == STATS_FRACLOST)
			s.values[i].max = 1 - s.values[i].mean / 2;
		snprintf(s.values[i].maxnode, sizeof(s.values[i].maxnode), "leaf_%lu",
			(unsigned long)(*state >> 40));
	}
	if (s.values[STATS_CUMPKTLOST].weight != 0)
		s.lost_sum = (double)(*state >> 20);
	s.has_owd = (*state >> 62) != 0;
	for (int i = 0; s.has_owd && i < FERRY_STATS_DELAYS; i++)
		s.owd[i] = *state >> (24 + i);
	return s;
}

static void
test_round_trip(void **state)
{
	uint64_t random = unit_seed();

	(void)state;
	for (int i = 0; i < 2000; i++) {
		struct stats_stream in = random_stream(&random), out;
		struct stats_container c;
		char error[160];

		stats_message_write(&in, &c);
		assert_true(c.container.nb_values <= STATS_MESSAGE_VALUES);
		assert_true(stats_message_read(&c.container, "child", &out, error, sizeof(error)));
		assert_memory_equal(in.owd, out.owd, sizeof(in.owd));
		assert_int_equal(in.id, out.id);
		assert_int_equal(in.weight, out.weight);
		assert_int_equal(in.has_owd, out.has_owd);
		assert_true(in.lost_sum == out.lost_sum);
		for (int n = 0; n < STATS_NAME_COUNT; n++) {
			assert_int_equal(in.values[n].weight, out.values[n].weight);
			assert_true(in.values[n].mean == out.values[n].mean);
			assert_true(in.values[n].max == out.values[n].max);
			assert_string_equal(in.values[n].maxnode, out.values[n].maxnode);
		}
	}
}

/* The example of the original system: no weight, no greatest values. */
static void
test_other_system(void **state)
{
	const struct message_value values[] = {
		{"injitter", "255.3"}, {"cumpktlost", "12"}, {"colour", "red"}};
	const struct message_container c = {.start = 1368548254,
		.end = 1368548879,
		.children = 3,
		.id = 1234567,
		.values = values,
		.nb_values = 3};
	struct stats_stream s;
	char error[160];

	(void)state;
	assert_true(stats_message_read(&c, "relay_14982", &s, error, sizeof(error)));
	assert_int_equal(s.weight, 4);
	assert_int_equal(s.id, 1234567);
	assert_float_equal(s.values[STATS_INJITTER].mean, 255.3, 0);
	assert_float_equal(s.values[STATS_INJITTER].max, 255.3, 0);
	assert_string_equal(s.values[STATS_INJITTER].maxnode, "relay_14982");
	assert_float_equal(s.lost_sum, 48, 0);
	assert_int_equal(s.values[STATS_RATE].weight, 0);
	assert_false(s.has_owd);
}

static void
test_wrong_values(void **state)
{
	static const struct {
		struct message_value value;
		const char *error; /* begins so */
	} cases[] = {
		{{"weight", "0"}, "weight is"},
		{{"weight", "-1"}, "weight is"},
		{{"weight", "1000001"}, "weight is"},
		{{"weight", "99999999999999999999999"}, "weight is"},
		{{"weight", "4 "}, "weight is"},
		{{"cpuload", "1.1"}, "cpuload is"},
		{{"cpuload", "-0.1"}, "cpuload is"},
		{{"fraclost", "2"}, "fraclost is"},
		{{"rate", "nan"}, "rate is"},
		{{"rate", "inf"}, "rate is"},
		{{"rate", "1e999"}, "rate is"},
		{{"rate", "1.1e18"}, "rate is"},
		{{"rate", "0x10"}, "rate is"},
		{{"rate", ""}, "rate is"},
		{{"rate", "5 packets"}, "rate is"},
		{{"cpuload.max", "1.1"}, "cpuload.max is"},
		{{"injitter.max", "much"}, "injitter.max is"},
		{{"injitter.maxnode", "two words"}, "injitter.maxnode is"},
		{{"injitter.maxnode", "*"}, "injitter.maxnode is"},
		{{"injitter.weight", "9"}, "injitter.weight is"},
		{{"cumpktlost.sum", "-4"}, "cumpktlost.sum is"},
		{{"owd", "1 2 3"}, "owd is"},
		{{"owd", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"}, "owd is"},
		{{"owd", "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 18446744073709551615"}, "owd is"},
		{{"owd", "0  0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"}, "owd is"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message_value values[] = {
			cases[i].value, {"injitter", "5"}, {"cpuload", "0.5"}, {"weight", "8"}};
		const struct message_container c = {.values = values, .nb_values = 4};
		struct stats_stream s;
		char error[160] = "";

		if (stats_message_read(&c, "child", &s, error, sizeof(error)) ||
			strncmp(error, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s = %s: \"%s\"", cases[i].value.name, cases[i].value.value,
				error);
	}
}

/* Children that lie as much as they may: their parent's own report is still taken. */
static void
test_sums_of_lies(void **state)
{
	char owd[20 * FERRY_STATS_DELAYS + 1] = "", error[160];
	const struct message_value values[] = {{"weight", "1000000"}, {"cumpktlost", "1e18"},
		{"cumpktlost.sum", "1e18"}, {"owd", owd}};
	const struct message_container c = {.values = values, .nb_values = 4};
	struct stats_stream sum = {0}, part;
	struct stats_container out;

	(void)state;
	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		sprintf(owd + strlen(owd), "%s17592186044415", i > 0 ? " " : "");
	assert_true(stats_message_read(&c, "child", &part, error, sizeof(error)));
	for (int i = 0; i < 1000; i++)
		stats_stream_add(&sum, &part);
	stats_message_write(&sum, &out);
	assert_true(stats_message_read(&out.container, "parent", &part, error, sizeof(error)));
	assert_int_equal(part.weight, 1000000);
}

/* What is written passes the protocol's own writer and parser. */
static void
test_message(void **state)
{
	uint64_t random = 5;
	struct stats_stream in = random_stream(&random), out;
	struct stats_container c;
	struct message message = {.type = MESSAGE_STATS, .time = 1}, *parsed;
	struct message_fault failure;
	char error[MESSAGE_ERROR_MAX], *text;
	size_t size;

	(void)state;
	stats_message_write(&in, &c);
	message.stats.containers = &c.container;
	message.stats.nb_containers = 1;
	text = message_write(&message, &size, error);
	assert_non_null(text);
	/* So that a batch stays below the limit. */
	assert_true(size < MESSAGE_BYTES_MAX / STATS_MESSAGE_BATCH);
	parsed = message_parse(text, size, &failure);
	assert_non_null(parsed);
	assert_true(stats_message_read(
		&parsed->stats.containers[0], "child", &out, error, sizeof(error)));
	assert_memory_equal(in.owd, out.owd, sizeof(in.owd));
	assert_true(in.values[STATS_RATE].mean == out.values[STATS_RATE].mean);
	message_free(parsed);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_other_system),
		cmocka_unit_test(test_wrong_values),
		cmocka_unit_test(test_sums_of_lies),
		cmocka_unit_test(test_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
