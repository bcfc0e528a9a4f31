/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the JSON reader share. */
#ifndef FERRY_ROOT_JSON_PRIVATE_H
#define FERRY_ROOT_JSON_PRIVATE_H

#include <jansson.h>

#include "config_private.h"

#define ROOT_JSON_PACKET 1000 /* payload bytes of a generator's packets */

struct root_json {
	const char *name;
	bool udp_for_tcp;
	struct config_errors *errors;
	char context[96]; /* "ConferenceID 3, SessionID 1: " */
	/* Where the objects are, by address. */
	struct root_json_place {
		const json_t *object;
		uint32_t line;
	} * places;
	size_t place_count;
	/* What comes of it. */
	FILE *out;
	uint32_t line;
};

uint32_t root_json_line(const struct root_json *json, const json_t *object);
void root_json_fail(struct root_json *json, const json_t *object, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* "KEY is VALUE, it must be WANTED", or that it is missing. */
void
root_json_want(struct root_json *json, const json_t *object, const char *key, const char *wanted);
/* Is it an object, with no other keys than those (which end with NULL)? */
bool root_json_keys(
	struct root_json *json, const json_t *object, const json_t *outer, const char *const *keys);
/* An integer from 1 to max, or that as a string. */
bool root_json_id(const json_t *value, uint64_t max, uint64_t *id);
/* Goes on to a line, if it is not there or further already. */
void root_json_go(struct root_json *json, uint32_t line);

/* root_json_routes.c: the flows of a session. */
void root_json_routes(struct root_json *json, const json_t *session);

#endif
