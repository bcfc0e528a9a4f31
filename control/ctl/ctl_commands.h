/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node does for a request: the table of ctl_table.h with its functions. Commands that change
 * something act through struct ctl_ops, so that they can be tried without a node.
 */
#ifndef FERRY_CTL_COMMANDS_H
#define FERRY_CTL_COMMANDS_H

#include "ctl_request.h"
#include "pathlet_tree.h"
#include "show.h"
#include "stats_export.h"

/*
 * Actions, as session_actions.h and the other ..._actions.h have them. 0, or a negative
 * errno with a sentence in error (size bytes) that says what is wrong and what would be right; then
 * nothing has changed.
 */
#define CTL_RECODE_OFF UINT32_MAX

struct ctl_ops {
	int (*set_weights)(void *ctx, uint32_t conference, uint32_t session,
		const uint32_t *weights, unsigned int nb_weights, char *error, size_t size);
	int (*set_routes)(void *ctx, uint32_t conference, uint32_t session, const char *text,
		char *error, size_t size);
	int (*flow_add)(void *ctx, uint32_t conference, uint32_t session, uint32_t weight,
		const struct pathlet_tree *tree, uint8_t *id, char *error, size_t size);
	int (*flow_remove)(void *ctx, uint32_t conference, uint32_t session, uint8_t flow,
		char *error, size_t size);
	int (*session_add)(void *ctx, uint32_t conference, const char *text, uint32_t *session,
		char *error, size_t size);
	int (*session_remove)(
		void *ctx, uint32_t conference, uint32_t session, char *error, size_t size);
	int (*session_run)(void *ctx, uint32_t conference, uint32_t session, bool run,
		bool *changed, char *error, size_t size);
	int (*conference_define)(void *ctx, uint32_t conference, const char *text,
		uint32_t *defined, char *error, size_t size);
	int (*conference_remove)(void *ctx, uint32_t conference, char *error, size_t size);
	int (*conference_end)(
		void *ctx, uint32_t conference, uint32_t *stopped, char *error, size_t size);
	int (*forward)(void *ctx, uint32_t conference, uint32_t session, bool add, bool *changed,
		char *error, size_t size);
	/* how: enum config_recode; CTL_RECODE_OFF: none of them. */
	int (*recode)(void *ctx, uint32_t conference, uint32_t session, uint32_t how, bool *changed,
		char *error, size_t size);
	int (*peer_add)(void *ctx, const char *text, uint32_t *id, char *error, size_t size);
	int (*peer_change)(void *ctx, uint32_t id, const char *text, char *error, size_t size);
	int (*peer_remove)(void *ctx, uint32_t id, char *error, size_t size);
};

struct ctl_context {
	const struct show_view *view;
	const struct ctl_ops *ops;
	void *ops_ctx;
	const struct stats_export *statistics; /* NULL: there are none yet */
};

/* The actions on a node: ctx is a struct peer_actions, which has the book of its sessions. */
extern const struct ctl_ops ctl_node_ops;

/* As ctl_dispatch_line. Takes control_lock. Control thread. */
json_t *ctl_execute_line(struct ctl_context *ctx, const char *line, size_t len, bool *follow);

#endif
