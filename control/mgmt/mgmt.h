/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's place in the management tree: the connection to its parent, those of its children,
 * and what passes through. The same for a node (ferryd) and for the root (ferry-root, which has no
 * parent and whose name is `^`).
 *
 * All runs in the event loop of one thread and never waits. Functions here may be called from the
 * handlers, but for mgmt_free().
 */
#ifndef FERRY_MGMT_H
#define FERRY_MGMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "message.h"
#include "mgmt_counters.h"

struct event_base;
struct mgmt;

/* Times are milliseconds; 0 = the default in brackets. Texts are copied. */
struct mgmt_settings {
	const char *name; /* own name, `^` for the root */

	/* Where children connect; family 0 = nowhere. */
	struct sockaddr_storage listen;
	/* The root program, if this is a node; family 0 = this is the root. */
	struct sockaddr_storage root;

	/*
	 * PEM files; all three, unless plain. The certificate's name must be the own one. They are
	 * read again when they change: mgmt_certificates.c.
	 */
	const char *certificate, *key, *authority;
	/* Without TLS: only if both addresses above are loopback ones. */
	bool plain;

	uint32_t ping;	      /* of a silent connection [2000] */
	uint32_t dead;	      /* that is as long silent [7000] */
	uint32_t handshake;   /* until a new connection has a name [5000] */
	uint32_t frame;	      /* from a message's first byte to its last [10000] */
	uint32_t backoff;     /* first pause before it connects again [100] */
	uint32_t backoff_max; /* it doubles until this [2000] */
	uint32_t renew;	      /* between two looks for changed files [5000] */
};

/*
 * What is done for a message that is for us. from is who said it (never ""), `^` or a name; via is
 * the direct neighbour that it came through. The message is freed after the call. What is to be
 * answered is sent with mgmt_send, mgmt_answer or mgmt_fail.
 */
typedef void mgmt_handler(void *ctx, const struct message *message, const char *via);

enum mgmt_event {
	MGMT_PARENT_UP,	  /* connected (name), and takes us: it said something */
	MGMT_PARENT_DOWN, /* lost or left (name) */
	MGMT_CHILD_UP,	  /* connected (name) */
	MGMT_CHILD_DOWN,  /* gone (name) */
	MGMT_CHILD_ROOM,  /* has room again (name), mgmt_has_room(); the root's only */
};

struct mgmt_ops {
	/*
	 * By type; NULL = MESSAGE_CODE_UNSUPPORTED goes back. mgmt itself answers `ping`, takes
	 * `pong`, `redirect`, `childsupdate` (mgmt_below), `bye`, and of `place` the parent and
	 * the nodes below, and logs `error`; then it calls the handler if there is one.
	 */
	mgmt_handler *handlers[MESSAGE_TYPE_COUNT];
	void (*event)(void *ctx, enum mgmt_event event, const char *name, const char *why);
	/* May be NULL. A line for the log. */
	void (*log)(void *ctx, int priority, const char *text);
	/*
	 * Fills in the hello that goes to `^` whenever the parent is connected; what it points to
	 * lives until the next call. NULL: this is the root.
	 */
	void (*hello)(void *ctx, struct message_info *info);
};

/* NULL with a sentence in error (size bytes). ops and ctx outlive it. */
struct mgmt *mgmt_new(struct event_base *base, const struct mgmt_settings *settings,
	const struct mgmt_ops *ops, void *ctx, char *error, size_t size);

/* Says bye to the root and leaves the parent for good. */
void mgmt_leave(struct mgmt *mgmt, const char *reason);

/* Last words are still being written (for a second at most): the event loop must go on for that. */
bool mgmt_leaving(const struct mgmt *mgmt);

/* Cuts all connections. NULL is allowed. */
void mgmt_free(struct mgmt *mgmt);

/*
 * Frees an event loop after all that had events in it: libevent keeps a connection that it was
 * told to free until a callback that it had put off has had its turn (a TLS connection has one
 * after each write), and forgets it where the loop is freed before. NULL is allowed.
 */
void mgmt_loop_free(struct event_base *base);

/*
 * Sends a message where its `to` says: `^`, a node's name, `*` (the root only), or "" to the
 * parent. What is not given is filled in: time (now), id, from. 0, or a negative errno and it went
 * nowhere: -ENOTCONN (no connection that leads there now), -EMSGSIZE, -EAGAIN (too much waits for
 * the neighbour), -ENOMEM, -EINVAL.
 */
int mgmt_send(struct mgmt *mgmt, struct message *message);

/*
 * Is little enough waiting for the neighbour by which a message leaves for somebody? Who has much
 * to say asks before each message, and goes on at MGMT_CHILD_ROOM; what waits is written when the
 * loop turns. True too if no connection leads there.
 */
bool mgmt_has_room(struct mgmt *mgmt, const char *to);

/* An answer to a request, to who said it: `to`, and the request's data where the type has them. */
int mgmt_answer(struct mgmt *mgmt, const struct message *request, struct message *answer);

/* The same as an `error`. Never about an `error`. */
int mgmt_fail(struct mgmt *mgmt, const struct message *request, enum message_code code,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Who may speak through us and below whom each is: parent is a name of the list, or NULL for a
 * child of ours. Replaces the list; connections of children that are no longer in it are closed.
 * A node does it by itself for each `place`. The root: any node with a certificate may connect to
 * it, and speak for itself; to have others speak through it, it must be in the list. 0 or -ENOMEM.
 */
int mgmt_set_below(struct mgmt *mgmt, const struct message_below *list, size_t count);

/* A node's: its last place, as if it came now; of one that starts again. */
void mgmt_take_place(struct mgmt *mgmt, const struct message *message);

/*
 * Stops handling of messages (they wait, connections are kept) and goes on with it: a node that is
 * not up yet takes no orders.
 */
void mgmt_pause(struct mgmt *mgmt);
void mgmt_resume(struct mgmt *mgmt);

/* The parent that is connected now, or NULL. */
const char *mgmt_parent(const struct mgmt *mgmt);

struct mgmt_child {
	char name[MESSAGE_NAME_MAX + 1];
	struct sockaddr_storage address;
	uint64_t since;	 /* ms since the epoch */
	size_t below;	 /* descendants that it told of */
	uint64_t rtt_us; /* of the last ping; 0 = none yet */
	size_t waiting;	 /* bytes that it has not taken yet */
};

/* Children that are connected now; at most max are filled in, returns how many there are. */
size_t mgmt_children(const struct mgmt *mgmt, struct mgmt_child *children, size_t max);

/* "10.0.0.1:13700", "[fd00::1]:13700"; buf has MGMT_ADDRESS_TEXT bytes. */
#define MGMT_ADDRESS_TEXT 64
const char *mgmt_address_text(const struct sockaddr_storage *address, char *buf);

/*
 * All descendants that are connected, with their parents, near ones first. *list is for free(), its
 * texts live until the next call into mgmt. 0 or -ENOMEM.
 */
int mgmt_below(const struct mgmt *mgmt, struct message_below **list, size_t *count);

/* Where children connect (with the port that was given for port 0). */
const struct sockaddr_storage *mgmt_address(const struct mgmt *mgmt);

/* Until when the own certificate is valid: seconds since the epoch. False: there is no TLS. */
bool mgmt_certificate_until(const struct mgmt *mgmt, int64_t *until);

const struct mgmt_counters *mgmt_counters(const struct mgmt *mgmt);

#endif
