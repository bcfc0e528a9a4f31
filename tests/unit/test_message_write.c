/* SPDX-License-Identifier: BSD-3-Clause */
/* What is written is what the other end takes; all else is not written, and told why. */
#include "unit.h"

#include <errno.h>
#include <math.h>

#include "message_shape.h"
#include "xml_utf8.h"

static void
assert_not_written(const struct message *message, int number, const char *why)
{
	char error[MESSAGE_ERROR_MAX];
	size_t size;

	errno = 0;
	assert_null(message_write(message, &size, error));
	assert_int_equal(errno, number);
	assert_non_null(strstr(error, why));
}

static void
test_not_written(void **state)
{
	struct message message = {.type = MESSAGE_ERROR, .time = 1};
	struct message_value value = {.name = "owd"};
	struct message_container *containers = calloc(20000, sizeof(*containers));

	(void)state;
	message.error.code = 400;
	assert_not_written(&message, EINVAL, "missing");
	message.error.text = "\x01";
	assert_not_written(&message, EINVAL, "cannot hold");
	message.error.text = "\xef\xbf\xbf";
	assert_not_written(&message, EINVAL, "cannot hold");
	message.error.text = "\xc3";
	assert_not_written(&message, EINVAL, "UTF-8");
	message = (struct message){.type = MESSAGE_STATS, .time = 1};
	value.value = "1";
	for (size_t i = 0; i < 20000; i++)
		containers[i] = (struct message_container){.values = &value, .nb_values = 1};
	message.stats.containers = containers;
	message.stats.nb_containers = 20000;
	assert_not_written(&message, EMSGSIZE, "larger");
	free(containers);
}

/* Values that the schema does not allow, each named. */
static void
test_ranges(void **state)
{
	struct message message = {.type = MESSAGE_REMOVEPIPELINE, .time = 1};
	char text[9000];

	(void)state;
	message.pipeline.session = 5;
	assert_not_written(&message, EINVAL,
		"removepipeline cannot be written: pipeline conference is \"0\", it must be a "
		"number "
		"within its range");
	message.pipeline.conference = 1;
	message.type = MESSAGE_PIPEDEF;
	message.pipeline.priority = 8;
	assert_not_written(&message, EINVAL, "pipeline priority is \"8\"");
	message.pipeline.priority = 0;
	message.pipeline.name = "two words";
	assert_not_written(&message, EINVAL, "pipeline name is \"two words\", it must be a node");
	message.pipeline.name = NULL;
	memset(text, 'a', sizeof(text));
	text[8193] = 0;
	message.pipeline.coding = text;
	assert_not_written(&message, EINVAL, "pipeline coding has 8193 bytes, it must be shorter");
	message.pipeline.coding = NULL;
	message.pipeline.ingress = (struct message_ingress){.kind = "tcp"};
	assert_not_written(&message, EINVAL, "ingress kind is \"tcp\"");
	message.pipeline.ingress = (struct message_ingress){.kind = "file", .file = "/a\xe4"};
	assert_not_written(&message, EINVAL, "ingress file: a text is not UTF-8");
	message = (struct message){.type = MESSAGE_ALERT, .time = 1};
	message.alert = (struct message_alert){"n", "v", "clear", HUGE_VAL, 1, 0};
	assert_not_written(&message, EINVAL, "alert value");
}

static void
test_header(void **state)
{
	struct message message = {.type = MESSAGE_PING};

	(void)state;
	assert_not_written(&message, EINVAL, "time");
	message.time = UINT64_MAX;
	assert_not_written(&message, EINVAL, "time");
	message.time = 1;
	strcpy(message.to, "a b");
	assert_not_written(&message, EINVAL, "to nobody");
	strcpy(message.to, "*");
	strcpy(message.from, "*");
	assert_not_written(&message, EINVAL, "from nobody");
	strcpy(message.from, "^");
	strcpy(message.id, "a b");
	assert_not_written(&message, EINVAL, "id");
	strcpy(message.id, "1");
	message.hops = 1000;
	assert_not_written(&message, EINVAL, "passed");
}

/* What may be left out may not be there and empty, as the schema has it: read or written. */
static void
test_empty(void **state)
{
	static const char *const pipedef = "<message type=\"pipedef\" time=\"1\"><pipeline "
					   "conference=\"1\" session=\"1\">%s</pipeline></message>";
	static const char *const inside[] = {"<rate/>", "<source> </source>", "<play></play>",
		"<coding/>", "<name>\n</name>", "<ingress><kind>udp</kind><address/></ingress>",
		"<rateTo host=\"\" port=\"1\"/>", "<rateTo host=\"::1\" port=\"\"/>",
		"<egress node=\"1\" kind=\"udp\" address=\"\"/>",
		"<egress node=\"1\" kind=\"udp\" port=\"\"/>"};
	struct message message = {.type = MESSAGE_BYE, .time = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		struct message_fault fault;
		char text[300];

		snprintf(text, sizeof(text), pipedef, inside[i]);
		if (message_parse(text, strlen(text), &fault) != NULL)
			fail_msg("it was taken: %s", text);
		assert_int_equal(fault.code, MESSAGE_CODE_MALFORMED);
		assert_non_null(strstr(fault.text, " has no "));
	}
	message.reason.text = " \n";
	assert_not_written(&message, EINVAL, "must be more than blanks");
}

static const struct message_shape *const bodies[] = {
#define BODY(NAME, word, body, rules) &message_shape_##body,
	MESSAGE_TYPES(BODY)
#undef BODY
};

static uint64_t drawn, arena[4096];
static size_t used; /* of it */

static uint32_t
draw(uint32_t bound)
{
	drawn = drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(drawn >> 33) % bound;
}

static void
fill_text(const struct message_field *field, const char **at)
{
	static char large[20001];
	static const char *const texts[] = {
		NULL, "", "a", "two words", "^", "\xc3\xa4", "\xff", "\x01", large};

	memset(large, 'a', sizeof(large) - 1);
	if (draw(20) == 0)
		*at = texts[draw(9)];
	else
		*at = field->kind == FIELD_WORD ? field->choices[0] : "b";
}

static void
fill_scalar(const struct message_field *field, void *at)
{
	const uint64_t numbers[] = {0, 1, field->min - 1, field->max, field->max + 1, UINT64_MAX};
	uint64_t number = draw(20) == 0 ? numbers[draw(6)] : field->min + 1;

	if (field->kind == FIELD_U16)
		*(uint16_t *)at = (uint16_t)number;
	else if (field->kind == FIELD_U32)
		*(uint32_t *)at = (uint32_t)number;
	else if (field->kind == FIELD_U64)
		*(uint64_t *)at = number;
	else if (field->kind == FIELD_REAL)
		*(double *)at = draw(20) == 0 ? HUGE_VAL : 1e-310;
	else if (field->kind == FIELD_BOOL)
		*(bool *)at = draw(2) == 1;
	else
		fill_text(field, at);
}

/* All fields of it, most of them right. */
static void
fill(const struct message_shape *shape, char *object)
{
	for (size_t i = 0; i < shape->nb_fields; i++) {
		const struct message_field *field = &shape->fields[i];
		char *at = object + field->offset;

		if (field->place == FIELD_INSIDE) {
			fill(field->shape, at);
			if (field->present != 0)
				*(bool *)(object + field->present) = draw(2) == 1;
		} else if (field->place == FIELD_LIST) {
			char *list = (char *)&arena[used];

			*(size_t *)(object + field->count) = draw(3);
			used += 3 * (field->shape->size + 7) / 8;
			assert_true(used <= sizeof(arena) / sizeof(arena[0]));
			*(void **)at = list;
			for (size_t j = 0; j < 3; j++)
				fill(field->shape, list + j * field->shape->size);
		} else if (draw(4) != 0 || (field->flags & FIELD_NEEDED) != 0) {
			fill_scalar(field, at);
		}
	}
}

/* Whatever stands in a message: either it is not written, or it is read again. */
static void
test_read_again(void **state)
{
	unsigned int written[MESSAGE_TYPE_COUNT] = {0}, refused = 0;

	(void)state;
	drawn = unit_seed();
	for (unsigned int i = 0; i < 20000; i++) {
		struct message message = {.type = i % MESSAGE_TYPE_COUNT, .time = 1}, *again;
		struct message_fault fault;
		char error[MESSAGE_ERROR_MAX], *text;
		size_t size;

		memset(arena, 0, used * sizeof(arena[0]));
		used = 0;
		fill(bodies[message.type], (char *)&message.info);
		text = message_write(&message, &size, error);
		if (text == NULL) {
			assert_int_equal(errno, EINVAL);
			assert_true(xml_utf8_valid(error, strlen(error)));
			refused++;
			continue;
		}
		again = message_parse(text, size, &fault);
		if (again == NULL)
			fail_msg("%u %s: %.400s", fault.code, fault.text, text);
		written[message.type]++;
		message_free(again);
		free(text);
	}
	assert_true(refused > 1000);
	for (unsigned int i = 0; i < MESSAGE_TYPE_COUNT; i++) {
		if (written[i] < 20)
			fail_msg("%s: %u", message_type_name(i), written[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_written),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
