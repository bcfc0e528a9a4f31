/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FERRY_ROOT_BOOK_PRIVATE_H
#define FERRY_ROOT_BOOK_PRIVATE_H

#include "root_book.h"

int root_book_fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

void root_book_insert(struct root_book *book, struct root_conference *conference);
void root_book_attend_put(
	struct root_conference *conference, uint32_t node, bool present, int64_t since);
void root_book_left_free(struct root_book_left *left);

/*
 * A conference from its text, in place of an old one (NULL = none), whose sessions it takes over:
 * they are in both until one of them is freed. The topology is not asked. NULL with error.
 */
struct root_conference *root_conference_new(const char *text, const char *origin,
	const struct root_conference *old, int64_t now, struct config_errors *errs, char *error);
/* The new one stays: what the old one had is told gone, or changed. Frees old. */
void root_conference_replace(
	struct root_book *book, struct root_conference *old, struct root_conference *conference);
void root_conference_free(struct root_conference *conference);
char *root_conference_text(const struct config_conference *config);
/* Its sessions' states. */
int root_conference_save(struct root_book *book, const struct root_conference *conference,
	const struct root_conference *old, char *error);
enum root_state root_session_begin(const struct root_session *session, int64_t now);
/* State and what an operator made of it, as the store has them. */
uint32_t root_session_stored(const struct root_session *session);
bool root_session_read(struct root_session *session, uint32_t stored);

/*
 * Changes the definition to config. fresh is what the topology is asked about, NULL = nothing: what
 * was taken once stays, and keeps nobody from changing the rest.
 */
int root_book_change(struct root_book *book, struct root_conference *conference,
	const struct config_conference *config, struct config_conference *fresh, char *error);

#endif
