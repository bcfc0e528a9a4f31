/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node does for messages of the management protocol: one action a type of message. Each gets
 * the message, checked as PROTOCOL.md says, and returns 0, or a negative errno with a sentence in
 * error: then nothing has changed, and the error goes back. What else is to be answered the action
 * sends itself (mgmt_answer). Control thread, control_lock held, the node is up.
 */
#ifndef FERRY_MANAGE_H
#define FERRY_MANAGE_H

#include <stddef.h>
#include <stdint.h>

#include "history.h"
#include "message.h"

struct ferryd;
struct mgmt_ops;
struct session_entry;

#define MANAGE_ERROR_MAX 256

typedef int
manage_action(struct ferryd *f, const struct message *message, char *error, size_t size);

/*
 * By type. NULL: this node does nothing for it, which is told (MESSAGE_CODE_UNSUPPORTED). What the
 * management tree does by itself (mgmt.h) is done before, and for that alone no action is needed.
 */
extern manage_action *const manage_actions[MESSAGE_TYPE_COUNT];

/* For mgmt_new(); its ctx is the struct ferryd. */
const struct mgmt_ops *manage_ops(void);

/* An event of the node, as it comes: congestion goes to the root. */
void manage_event(struct ferryd *f, const struct history_entry *entry);

/* manage_place.c */
manage_action manage_place;
/* The NodeID that a place gives; -1 and error if it is not the one that is set. */
int
manage_place_check(const struct ferryd *f, const struct message *message, char *error, size_t size);

/* The last one that was taken is f->place: a copy. 0 or -ENOMEM, then it is the one before. */
int manage_place_keep(struct ferryd *f, const struct message *message, char *error, size_t size);

/*
 * manage_orders.c: begin, once there is a management tree, reads what was kept: then f->place is
 * there; 0 or -1. again carries it out, but for the place, once the node is up. end saves what was
 * not yet. note: what was carried out.
 */
int manage_orders_begin(struct ferryd *f);
void manage_orders_again(struct ferryd *f);
void manage_orders_note(struct ferryd *f, const struct message *message);
void manage_orders_end(struct ferryd *f);

/*
 * manage_peers.c: 0, or the first mistake; the others are done, but for those whose links have no
 * room until others are gone: that is no mistake, manage_peers_tick does them then.
 */
struct message_place;
int manage_peers(struct ferryd *f, const struct message_place *place, char *error, size_t size);
void manage_peers_tick(struct ferryd *f);
/* Those that had to stay, if nothing is sent to them any more. */
void manage_peers_left(struct ferryd *f);

/* manage_define.c */
manage_action manage_pipedef, manage_routepipeline, manage_removepipeline;

/* manage_pipelines.c: which sessions are defined, and how they are. */
manage_action manage_pipelines_tell, manage_pipeline_play, manage_pipeline_stop;
/*
 * The answer to a stream request: one session as it now is; its state is "removed" if it is gone.
 */
int manage_pipeline_answer(
	struct ferryd *f, const struct message *request, uint32_t conference, uint32_t session);

#endif
