/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of root_install.h share. */
#ifndef FERRY_ROOT_INSTALL_PRIVATE_H
#define FERRY_ROOT_INSTALL_PRIVATE_H

#include "root.h"

/* A node's copy of the session: NULL if it has none, or made if it has none (get). */
struct root_copy *root_copy_find(const struct root_install *install, uint32_t node);
struct root_copy *root_copy_get(struct root *root, struct root_install *install, uint32_t node);
/* All copies of a node; NULL: it has none. When the last is dropped, this is gone. */
struct root_bearer *root_copy_bearer(struct root *root, uint32_t node);
void root_copy_drop(struct root *root, struct root_copy *copy);
/* A stray has to wait for the source; or no longer. */
void root_copy_stuck(struct root *root, struct root_copy *copy, bool stuck);
/* The node is to have it, or has it no more. */
void root_copy_no_stray(struct root *root, struct root_copy *copy);
/* As if nothing was ever told; what it has, and that it refused, stays known. */
void root_copy_reset(struct root *root, struct root_copy *copy);
/* An answer is awaited; or no longer. */
void root_copy_asked(struct root *root, struct root_copy *copy, const struct message *request);
void root_copy_answered(struct root *root, struct root_copy *copy);
/* That which a node was asked by a request; NULL: it was not. */
struct root_copy *
root_copy_by_request(struct root *root, uint32_t node, const struct message_request *request);

/* It does not do what it is to do: it said so, or no message can tell it. */
void root_copy_refused(struct root *root, struct root_install *install, struct root_copy *copy,
	uint32_t code, const char *why);

/* The node, if messages reach it now; else NULL. */
const struct root_node *root_install_reach(const struct root *root, uint32_t id);

/*
 * The source sends, and this is a relay that it does not send to yet and that has refused, whether
 * it is asked again, or away, meanwhile: what the source sent along the new routes would end there.
 */
bool root_install_holds(
	const struct root *root, const struct root_install *install, const struct root_copy *copy);

/* Frees one, which is no longer in the root's list. */
void root_install_end(struct root *root, struct root_install *install);

#endif
