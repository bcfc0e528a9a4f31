/* SPDX-License-Identifier: BSD-3-Clause */
/* Which of very many sessions has an ingress, or writes a file. */
#include "unit.h"

#include <arpa/inet.h>

#include "session_book.h"

#define MANY 20000
#define SELF 7

struct scene {
	struct session_book book;
	struct session_entry entries[MANY];
	struct config_session sessions[MANY];
	struct config_egress egress[MANY];
	char files[MANY][32];
};

/* Each odd one starts here, each even one is written here. */
static void
make(struct scene *s, uint32_t i)
{
	struct config_session *session = &s->sessions[i];

	session->id = i;
	session->source = i % 2 == 1 ? SELF : 1;
	session->ingress.kind = CONFIG_INGRESS_UDP;
	session->ingress.udp.udp_port = (uint16_t)(5000 + i % 100);
	session->ingress.udp.address.family = AF_INET;
	session->ingress.udp.address.bytes[2] = (uint8_t)(i / 100);
	session->ingress.udp.address.bytes[3] = 1;
	snprintf(s->files[i], sizeof(s->files[i]), "/tmp/file-%u", i);
	s->egress[i] = (struct config_egress){
		.node = i % 2 == 0 ? SELF : 2, .kind = CONFIG_EGRESS_FILE, .file = s->files[i]};
	session->egress = &s->egress[i];
	session->destination_count = 1;
	s->entries[i].config = session;
}

static int
setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->book.node = calloc(1, sizeof(*s->book.node));
	assert_non_null(s->book.node);
	s->book.node->id = SELF;
	assert_int_equal(session_ends_init(&s->book.ends, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++) {
		make(s, i);
		session_ends_note(&s->book, &s->entries[i]);
	}
	*state = s;
	return 0;
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	session_ends_free(&s->book.ends);
	free(s->book.node);
	free(s);
	return 0;
}

static void
test_found(void **state)
{
	struct scene *s = *state;

	for (uint32_t i = 0; i < MANY; i++) {
		const struct session_entry *own = &s->entries[i];
		bool starts = i % 2 == 1;

		assert_ptr_equal(
			session_ends_ingress(&s->book, own->config, NULL), starts ? own : NULL);
		assert_ptr_equal(
			session_ends_file(&s->book, own->config, NULL), starts ? NULL : own);
		assert_null(session_ends_ingress(&s->book, own->config, own));
		assert_null(session_ends_file(&s->book, own->config, own));
	}
	assert_in_range(s->book.ends.steps, 2 * MANY, 8 * MANY);
}

/* What went, or is another, is not found by what it was. */
static void
test_changed(void **state)
{
	struct scene *s = *state;
	struct config_session before = s->sessions[4], other = s->sessions[4];
	struct config_egress egress = s->egress[4];

	egress.file = "/tmp/another";
	other.egress = &egress;
	s->entries[4].config = &other;
	session_ends_note(&s->book, &s->entries[4]);
	assert_null(session_ends_file(&s->book, &before, NULL));
	assert_ptr_equal(session_ends_file(&s->book, &other, NULL), &s->entries[4]);
	session_ends_drop(&s->entries[4]);
	assert_null(session_ends_file(&s->book, &other, NULL));
	session_ends_drop(&s->entries[4]);
	session_ends_drop(&s->entries[5]);
	assert_null(session_ends_ingress(&s->book, &s->sessions[5], NULL));
	session_ends_note(&s->book, &s->entries[5]);
	assert_ptr_equal(session_ends_ingress(&s->book, &s->sessions[5], NULL), &s->entries[5]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
