/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node does as a relay with a coded session's packets (enum config_recode): recode them,
 * recode them towards links that lose less, or, where it is told of a session that it need not
 * recode, only pass on what is decoded. As session_actions.h: 0, or a negative errno and error.
 */
#ifndef FERRY_RECODE_ACTIONS_H
#define FERRY_RECODE_ACTIONS_H

#include "session_book.h"

/* From now on, at run time. *changed: it was not so before. */
int recode_set(struct session_book *book, uint32_t conference, uint32_t session, uint32_t how,
	bool *changed, char *error, size_t size);

/* Packets of the session go on as they come. *changed: they did not before. */
int recode_remove(struct session_book *book, uint32_t conference, uint32_t session, bool *changed,
	char *error, size_t size);

/* What the session's own configuration wants of this node, or no longer. later: at run time. */
int recode_configure(struct session_book *book, const struct config_session *session, bool later,
	char *error, size_t size);

/* Would that find room? */
int recode_check(const struct session_book *book, const struct config_session *session, bool later,
	char *error, size_t size);

/* NULL: it is not among them. */
const struct session_recode *
recode_of(const struct session_book *book, uint32_t conference, uint32_t session);

#endif
