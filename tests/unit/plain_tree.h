/* SPDX-License-Identifier: BSD-3-Clause */
/* Programs of a management tree in one event loop, over loopback and without TLS. */
#ifndef FERRY_TEST_PLAIN_TREE_H
#define FERRY_TEST_PLAIN_TREE_H

#include "unit.h"

#include <arpa/inet.h>
#include <time.h>

#include <event2/event.h>

#include "mgmt.h"

static inline uint16_t
plain_port(struct mgmt *mgmt)
{
	return ntohs(((const struct sockaddr_in *)mgmt_address(mgmt))->sin_port);
}

/* settings has the name, and limits if they matter; root is NULL for the root itself. */
static inline struct mgmt *
plain_start(struct event_base *base, struct mgmt_settings *settings, struct mgmt *root,
	const struct mgmt_ops *ops, void *ctx)
{
	struct sockaddr_in *listen = (struct sockaddr_in *)&settings->listen;
	struct sockaddr_in *to = (struct sockaddr_in *)&settings->root;
	struct mgmt *mgmt;
	char error[256];

	settings->plain = true;
	listen->sin_family = AF_INET;
	listen->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (root != NULL) {
		*to = *listen;
		to->sin_port = htons(plain_port(root));
	}
	mgmt = mgmt_new(base, settings, ops, ctx, error, sizeof(error));
	if (mgmt == NULL)
		fail_msg("%s", error);
	return mgmt;
}

/* The place of one; port: where its parent listens, 0 = the parent is the root. */
static inline void
plain_place(struct mgmt *mgmt, const char *parent, uint16_t port, const struct message_below *below,
	size_t count)
{
	struct message place = {.type = MESSAGE_PLACE};

	place.place.below = below;
	place.place.nb_below = count;
	place.place.parent.name = parent;
	if (port != 0)
		place.place.parent.server = (struct message_end){"127.0.0.1", port};
	mgmt_take_place(mgmt, &place);
}

static inline bool
plain_parent_is(const struct mgmt *mgmt, const char *name)
{
	const char *parent = mgmt_parent(mgmt);

	return parent != NULL && strcmp(parent, name) == 0;
}

static inline int64_t
plain_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Turns the loop until a condition holds. False: it does not, in exactly that time. */
static inline bool
plain_turn_within(struct event_base *base, bool (*condition)(void), int64_t ms)
{
	const struct timeval step = {.tv_usec = 1000};

	for (int64_t limit = plain_now_ms() + ms; !condition();) {
		if (plain_now_ms() > limit)
			return false;
		event_base_loopexit(base, &step);
		event_base_loop(base, EVLOOP_ONCE);
	}
	return true;
}

/* The same for what has to come: slow builds and busy machines have more time. */
static inline bool
plain_turn(struct event_base *base, bool (*condition)(void), int64_t ms)
{
	return plain_turn_within(base, condition, (int64_t)((double)ms * unit_patience()));
}

static inline bool
plain_never(void)
{
	return false;
}

/* For what is not to come, or has to grow old. */
static inline void
plain_turn_for(struct event_base *base, int64_t ms)
{
	(void)plain_turn_within(base, plain_never, ms);
}

#endif
