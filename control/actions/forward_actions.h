/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions that a node is told to forward, although it is told nothing else of them. They matter
 * where forwarding is `installed`. As session_actions.h: 0, or a negative errno and error.
 */
#ifndef FERRY_FORWARD_ACTIONS_H
#define FERRY_FORWARD_ACTIONS_H

#include "session_book.h"

/* *changed: it was not (was) among them already. */
int forward_add(struct session_book *book, uint32_t conference, uint32_t session, bool *changed,
	char *error, size_t size);
int forward_remove(struct session_book *book, uint32_t conference, uint32_t session, bool *changed,
	char *error, size_t size);
bool forward_is(const struct session_book *book, uint32_t conference, uint32_t session);

#endif
