/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the management tree share. All of it is of the event loop's thread.
 *
 * A connection that is closed is freed when the loop has turned (`reap`), so that whoever holds a
 * pointer to it within a callback may go on looking at its state; nothing is sent over it.
 */
#ifndef FERRY_MGMT_PRIVATE_H
#define FERRY_MGMT_PRIVATE_H

#include <netinet/in.h>
#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/ssl.h>

#include "listener_guard.h"
#include "mgmt.h"
#include "mgmt_frame.h"
#include "mgmt_placed.h"
#include "mgmt_rules.h"
#include "mgmt_seen.h"

#define MGMT_NAMELESS_MAX 64	   /* connections at once that have no name yet */
#define MGMT_YIELD_MS	  1000	   /* one of them gives way to a host that has one less */
#define MGMT_CHILDREN_MAX 4096	   /* direct ones */
#define MGMT_CHAINS	  4096	   /* by name */
#define MGMT_OUTPUT_MAX	  4194304u /* bytes that may wait for a neighbour */
#define MGMT_OUTPUT_MARK  1048576u /* from which on it is full, until half of it is gone */
#define MGMT_FULL_MS	  4000	   /* what comes from above waits so long for a child that is */
#define MGMT_STUCK_MS	  10000	   /* it takes none of them for so long */
#define MGMT_SLOW_MS	  60000	   /* it takes some of them, and is full for so long */
#define MGMT_LINGER_MS	  1000	   /* for what still waits when we close */
#define MGMT_TURN	  32	   /* messages of one neighbour, before others have a turn */
#define MGMT_REDIRECTS	  3	   /* that are followed at once */
#define MGMT_UNREACHED_MS 60000	   /* until a parent that was not reached is tried again */
#define MGMT_HOLD_MS	  2000	   /* those below wait for a parent that is on its way */
#define MGMT_WHY_MAX	  160	   /* bytes of a reason */

enum mgmt_state {
	MGMT_NAMELESS, /* connecting, shaking hands, or not yet introduced */
	MGMT_NAMED,
	MGMT_LEAVING, /* takes nothing more; what waits for it still goes out */
	MGMT_GONE,    /* freed at the next occasion */
};

/* An error of a neighbour: the sum of its text, when the log told it, how often it came since. */
struct mgmt_told {
	uint64_t sum, at;
	unsigned int again;
};

#define MGMT_TOLD 8

struct mgmt_conn {
	LIST_ENTRY(mgmt_conn) chain;
	LIST_ENTRY(mgmt_conn) alike; /* mgmt_find.c */
	struct mgmt *mgmt;
	struct bufferevent *bev;
	enum mgmt_state state;
	enum mgmt_side side;
	bool tls;
	bool heard; /* a message came */
	/* Whose clock is not ours, "" = nobody's. */
	char old_from[MESSAGE_NAME_MAX + 1];
	char name[MESSAGE_NAME_MAX + 1]; /* above: whom we expect, from the beginning */
	struct sockaddr_storage address, local;

	/* Milliseconds of the monotonic clock; 0 = does not run. */
	uint64_t began, heard_at, pinged_at, part_began, moved_at, close_at;
	uint64_t full_at; /* MGMT_OUTPUT_MARK was passed */
	bool holds;	  /* a child that is full; a node reads no more from above, for a while */

	uint64_t ping_us, rtt_us;
	uint64_t since; /* ms since the epoch */
	struct mgmt_seen_share share;
	struct message *below; /* its last childsupdate, or NULL; mgmt_conn_below() */
	bool ended;	       /* by the other end; what it said before has still its turn */

	struct mgmt_told told[MGMT_TOLD]; /* the last errors that the log told */
};

LIST_HEAD(mgmt_conns, mgmt_conn);

/* Whom we want to be connected to. */
struct mgmt_goal {
	char name[MESSAGE_NAME_MAX + 1];
	struct sockaddr_storage address;
};

enum {
	MGMT_CERTIFICATE,
	MGMT_KEY,
	MGMT_AUTHORITY,
	MGMT_FILES
};

/* What tells a file from one that was put in its place; all 0: there is none. */
struct mgmt_file {
	uint64_t device, inode, size;
	struct timespec modified, changed;
};

/* mgmt_certificates.c */
struct mgmt_certificates {
	char *paths[MGMT_FILES];
	struct mgmt_file seen[MGMT_FILES];  /* at the last look */
	struct mgmt_file tried[MGMT_FILES]; /* when they were read last */
	uint64_t failed;       /* the sum of why these could not be used; 0: they were */
	uint64_t next;	       /* look: ms of the monotonic clock */
	bool told, told_ended; /* that it ends soon, that it did */
	uint64_t told_at;
};

struct mgmt {
	struct event_base *base;
	struct mgmt_settings settings;
	char name[MESSAGE_NAME_MAX + 1];
	bool root; /* we are it */
	const struct mgmt_ops *ops;
	void *ctx;
	SSL_CTX *tls; /* of connections to come; NULL: plain */
	struct mgmt_certificates certificates;

	struct evconnlistener *listener;
	struct listener_guard guard;
	struct sockaddr_storage address;
	struct event *tick, *reap, *update, *retry;
	uint32_t too_large;   /* types that this was told of: bits */
	bool update_due;      /* there is something to tell */
	uint64_t update_took; /* us, the last time */
	uint64_t last_tick;
	bool paused;
	bool left; /* we joined for the last time */

	struct mgmt_conns conns; /* also those that are gone, until they are freed */
	struct mgmt_conns named[MGMT_CHAINS], nameless; /* of these below; the newest first */
	uint64_t steps; /* connections that all look-ups so far went over */
	unsigned int nb_nameless, nb_children, nb_holds;

	struct mgmt_conn *above; /* connected or connecting to the parent; NULL between two tries */
	struct mgmt_goal goal;	 /* as told by `redirect` or `place`; the root at first */
	unsigned int tries;	 /* without hearing anything */
	uint32_t pause;		 /* ms before the next try */
	unsigned int redirects;	 /* one soon after the other */
	uint64_t redirected_at;	 /* the last: ms of the monotonic clock; 0 = none yet */
	/* A parent that was not reached, "" = none: until when it is left alone, and how long. */
	char unreached[MESSAGE_NAME_MAX + 1];
	uint64_t unreached_until;
	uint32_t unreached_ms;
	bool root_heard; /* since then, over a connection of its own */
	bool staying;	 /* with the root, until that time: the next retry */
	/* Until then we are between two parents, and what those below say waits; 0 = we are not. */
	uint64_t hold_until;

	struct mgmt_placed placed;
	struct mgmt_seen seen;
	uint64_t start, sent; /* for ids */
	struct mgmt_counters counters;
};

/* mgmt.c */
uint64_t mgmt_now(void); /* ms, monotonic */
uint64_t mgmt_utc(void); /* ms since the epoch */
void mgmt_log(struct mgmt *mgmt, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Tells the program; why may be NULL. */
void mgmt_told(struct mgmt *mgmt, enum mgmt_event event, const char *name, const char *why);
/* The address in text (INET6_ADDRSTRLEN bytes, returned), the port in host order. */
const char *mgmt_host(const struct sockaddr_storage *address, char *buf, uint16_t *port);
bool mgmt_is_loopback(const struct sockaddr_storage *address);
/* The other way; port in host order. False: host is no address, or port is 0. */
bool mgmt_address_make(const char *host, uint16_t port, struct sockaddr_storage *address);

/* mgmt_certificates.c: reads the files. 0, or -1 with a sentence in error. */
int mgmt_certificates_begin(struct mgmt *mgmt, char *error, size_t size);
/* Did they change? Does the certificate end soon? now: mgmt_now(). */
void mgmt_certificates_look(struct mgmt *mgmt, uint64_t now);
void mgmt_certificates_end(struct mgmt *mgmt);

/* mgmt_find.c: before and after its state changes; a name is there when it has that of one. */
void mgmt_conn_delist(struct mgmt_conn *conn);
void mgmt_conn_enlist(struct mgmt_conn *conn);
/* A neighbour that is connected and has its name; NULL: none. */
struct mgmt_conn *mgmt_conn_find(struct mgmt *mgmt, const char *name);
/* Another of that name: a parent may be a child too. NULL: none, or the first. */
struct mgmt_conn *mgmt_conn_next(struct mgmt *mgmt, struct mgmt_conn *from, const char *name);

/* mgmt_room.c: may one more from there wait for its name? False: it is to be refused. */
bool mgmt_make_room(struct mgmt *mgmt, const struct sockaddr_storage *newcomer);

/* mgmt_conn.c: fd is connected, or -1: it connects to address. NULL: no memory. */
struct mgmt_conn *mgmt_conn_new(struct mgmt *mgmt, int fd, const struct sockaddr_storage *address,
	enum mgmt_side side, const char *name);
/* Closes, and says why; with linger, after what waits for it was written. */
void mgmt_conn_close(struct mgmt_conn *conn, bool linger, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* It has a name. False: it is closed. */
bool mgmt_conn_named(struct mgmt_conn *conn, const char *name);
/* Sends a message's text; it is copied. 0, -ENOTCONN, or -EAGAIN or -ENOMEM. */
int mgmt_conn_put(struct mgmt_conn *conn, const char *text, size_t size);
/* What it said and was not looked at yet has its turn, when the loop has turned. */
void mgmt_conn_read_on(struct mgmt_conn *conn);
/* Is one of its time limits over? Then it is pinged or closed. now: mgmt_now(). */
void mgmt_conn_look(struct mgmt_conn *conn, uint64_t now);
/* Of one that is gone, or with all that there is: frees it at once. */
void mgmt_conn_free(struct mgmt_conn *conn);

/* mgmt_join.c, a node's. The root names a parent; host is NULL where it is the root itself. */
void mgmt_join(struct mgmt *mgmt, const char *name, const char *host, uint16_t port);
/* One try to reach it. */
void mgmt_join_begin(struct mgmt *mgmt);
/* The pause is over. */
void mgmt_join_again(struct mgmt *mgmt);
/* It (NULL: it could not be made) went away, or was not reached: another try after a pause. */
void mgmt_join_lost(struct mgmt *mgmt, const struct mgmt_conn *conn);
/* Something came over a connection: is it the parent, it takes us. */
void mgmt_join_heard(struct mgmt_conn *conn);
/* What those below say waits no longer for a parent. */
void mgmt_hold_end(struct mgmt *mgmt);
/* Connected to it, and it has its name: says hello. */
void mgmt_join_up(struct mgmt_conn *conn);

/* mgmt_receive.c: a message of conn, as it came. */
void mgmt_receive(struct mgmt_conn *conn, const char *text, size_t size);

/* mgmt_own.c: what a node does by itself; true: and the handler need not know. */
bool mgmt_own(struct mgmt_conn *conn, const struct message *message);
/* Who is below has changed: the parent is told, of several changes at once. */
void mgmt_update_soon(struct mgmt *mgmt);
/* How many of those that a child told of the root placed below it. */
size_t mgmt_conn_below(const struct mgmt_conn *conn);
void mgmt_update_send(struct mgmt *mgmt);
void mgmt_ping(struct mgmt_conn *conn);

/* mgmt_send.c: the neighbour by which a message leaves for somebody; NULL: none leads there. */
struct mgmt_conn *mgmt_route(struct mgmt *mgmt, const char *to);
/* As mgmt_send, to this neighbour. */
int mgmt_conn_send(struct mgmt_conn *conn, struct message *message);
/*
 * What came of sending a message that this node says by itself: that it is too large is told when
 * it begins.
 */
void mgmt_tell_large(struct mgmt *mgmt, const struct message *message, int ret);
/* An error back to a direct neighbour about what it said; time and type may be 0 and NULL. */
void mgmt_conn_refuse(struct mgmt_conn *conn, const struct message *request, uint64_t time,
	enum message_code code, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
