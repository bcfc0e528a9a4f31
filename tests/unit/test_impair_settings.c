/* SPDX-License-Identifier: BSD-3-Clause */
/* The keys of an impaired line: what is a value, what goes together. */
#include "unit.h"

#include "impair_settings.h"

static const struct impair_key *
key(const char *name)
{
	const struct impair_key *found = impair_key_find(name, strlen(name));

	assert_non_null(found);
	return found;
}

static void
test_values(void **state)
{
	static const struct {
		const char *key, *text;
		uint64_t value;
	} good[] = {
		{"delay", "40ms", 40000000},
		{"delay", "0.25us", 250},
		{"delay", "0s", 0},
		{"delay", "60s", UINT64_C(60000000000)},
		{"delay", "1.000000001s", 1000000001},
		{"rate", "10Mbit", 10000000},
		{"rate", "2.5M", 2500000},
		{"rate", "1000", 1000},
		{"rate", "400Gbit", UINT64_C(400000000000)},
		{"rate", "64kbit", 64000},
		{"queue", "62500", 62500},
		{"loss", "0.5%", 5000},
		{"loss", "100%", 1000000},
		{"loss", "0.0001%", 1},
		{"burst_length", "12", 12},
		{"seed", "0", 0},
	};
	static const struct {
		const char *key, *text;
	} bad[] = {
		{"delay", "40"},
		{"delay", "40 ms"},
		{"delay", "-1ms"},
		{"delay", "61s"},
		{"delay", ""},
		{"delay", "ms"},
		{"delay", "0.1ns"},
		{"delay", ".5ms"},
		{"delay", "5.ms"},
		{"delay", "1.2.3ms"},
		{"delay", "40m"},
		{"rate", "999"},
		{"rate", "401G"},
		{"rate", "10MB"},
		{"rate", "10mbit"},
		{"rate", "1e6"},
		{"queue", "2047"},
		{"queue", "64k"},
		{"loss", "0.5"},
		{"loss", "101%"},
		{"loss", "0.00001%"},
		{"loss", "1%%"},
		{"seed", "1234567890123456789012"},
		{"frames", "0"},
		{"frames", "1000001"},
		{"burst_length", "0"},
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(impair_value_parse(key(good[i].key), good[i].text, &value));
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (impair_value_parse(key(bad[i].key), bad[i].text, &value))
			fail_msg("%s = %s was taken", bad[i].key, bad[i].text);
}

/* Whatever a key can hold is printed so that it reads back as the same. */
static void
test_round_trip(void **state)
{
	uint64_t random = unit_seed();

	(void)state;
	for (unsigned int i = 0; i < IMPAIR_KEYS; i++) {
		const struct impair_key *k = &impair_keys[i];

		for (unsigned int n = 0; n < 500; n++) {
			uint64_t value, back;
			char text[IMPAIR_TEXT];

			random = random * 6364136223846793005u + 1442695040888963407u;
			value = k->min + (random >> (n % 60)) % (k->max - k->min + 1);
			if (n < 2)
				value = n == 0 ? k->min : k->max;
			assert_true(
				impair_value_parse(k, impair_value_text(k, value, text), &back));
			assert_int_equal(back, value);
		}
	}
}

static void
test_wanted(void **state)
{
	char text[IMPAIR_TEXT];

	(void)state;
	assert_string_equal(impair_value_wanted(key("delay"), text),
		"a time from 0s to 60s, as \"40ms\" or \"150us\"");
	assert_string_equal(impair_value_wanted(key("rate"), text),
		"bit/s from 1kbit to 400Gbit, as \"10Mbit\" or \"2.5M\"");
	assert_string_equal(
		impair_value_wanted(key("loss"), text), "a share from 0% to 100%, as \"0.5%\"");
	assert_string_equal(impair_value_wanted(key("queue"), text),
		"bytes, an integer from 2048 to 1000000000");
	assert_null(impair_key_find("delays", 6));
	assert_null(impair_key_find("dela", 4));
}

static uint32_t
bit(const char *name)
{
	return 1u << (key(name) - impair_keys);
}

static void
test_what_goes_together(void **state)
{
	struct impair_settings s;
	struct line_params line;
	char reason[256];

	(void)state;
	impair_settings_init(&s);
	assert_null(impair_settings_finish(&s, 0, reason, sizeof(reason)));
	assert_int_equal(s.queue, 0);
	s.queue = 5000;
	assert_ptr_equal(
		impair_settings_finish(&s, bit("queue"), reason, sizeof(reason)), key("queue"));
	assert_string_equal(reason, "queue is set without rate, rate must be set too");
	impair_settings_init(&s);
	assert_ptr_equal(impair_settings_finish(&s, bit("burst_loss"), reason, sizeof(reason)),
		key("burst_loss"));

	s.rate = 10000000;
	assert_null(impair_settings_finish(&s, bit("rate"), reason, sizeof(reason)));
	assert_int_equal(s.queue, 125000);
	s.mark = 125001;
	assert_ptr_equal(
		impair_settings_finish(&s, bit("rate") | bit("mark"), reason, sizeof(reason)),
		key("mark"));
	assert_string_equal(reason, "mark is 125001, it must be at most the queue, 125000");

	s.mark = 0;
	s.burst = 10000;
	s.loss = 500000;
	line = impair_settings_line(&s);
	assert_int_equal(line.rate, 10000000);
	assert_true(line.impair.burst_begin == 0.01 && line.impair.burst_end == 0.1);
	assert_true(line.impair.loss == 0.5 && line.impair.burst_loss == 1.0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_what_goes_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
