/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * JSON as the Bellini framework's conference files have it: with comments, and with a bare word as
 * the value of "Protocol". Made into JSON (RFC 8259) of the same lines, comments as blanks.
 */
#ifndef FERRY_ROOT_JSON_TEXT_H
#define FERRY_ROOT_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct root_json_text {
	char *text; /* for root_json_text_free() */
	size_t size;
	uint32_t *objects; /* the lines of all '{', in their order */
	size_t object_count;
};

/* 0, or -1 with the line and what is wrong there (a constant). Lack of memory ends the program. */
int root_json_text_clean(const char *text, size_t size, struct root_json_text *clean,
	uint32_t *line, const char **error);
void root_json_text_free(struct root_json_text *clean);

#endif
