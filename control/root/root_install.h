/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sessions at the nodes: what each is to have of each session, what it was told, what it said. It
 * goes towards what is wanted, a step at a time, without a lost packet: whoever is new on a route
 * has the session before the source sends there, whoever is no longer on one keeps it for a while
 * after. What a node may have forgotten (it comes anew) is told again; telling it twice does no
 * harm. A node that does not answer holds up the others for a second at most, one whose connection
 * has no room for what it is to be told for ten; one that has not come since our start, for three
 * seconds from then; one that comes again and again, for five. While a relay that is new on the
 * routes refuses, a source that sends keeps to those that it has. However much there is to do, it
 * is done in short turns, so that the loop never stops for it.
 *
 * root_install.c (and root_install_copies.c) keeps what the nodes have, root_install_step.c decides
 * what they are told next. Times are milliseconds, as root_clock's.
 */
#ifndef FERRY_ROOT_INSTALL_H
#define FERRY_ROOT_INSTALL_H

#include <jansson.h>
#include <sys/queue.h>

#include "message.h"
#include "root_hash.h"
#include "root_limit.h"
#include "root_nodes.h"
#include "root_plan.h"

struct root;

#define ROOT_INSTALL_HOLD_MS	1000  /* the source waits for others so long */
#define ROOT_INSTALL_WAIT_MS	5000  /* all in all, without a break, so long */
#define ROOT_INSTALL_START_MS	3000  /* for those that did not come since our start so long */
#define ROOT_INSTALL_ROOM_MS	10000 /* and until its connections have room for all so long */
#define ROOT_INSTALL_GRACE_MS	1000  /* those off the routes keep it so long */
#define ROOT_INSTALL_SILENCE_MS 1000  /* then it is told again; doubles with each time */
#define ROOT_INSTALL_DOUBLINGS	3
#define ROOT_INSTALL_RETRY_MS	10000 /* after it was refused */
#define ROOT_INSTALL_TURN_MS	100   /* then all else has its turn, and the rest after that */
#define ROOT_INSTALL_GONE_MAX	65536 /* streams of no session that are taken from nodes at once */
/* And from one node, with those that do not lead there; as many more may wait for their sources. */
#define ROOT_INSTALL_STRAYS_MAX 1024

/* What a node has of a session: its copy. */
struct root_copy {
	struct root_install *install;
	struct root_link by_time; /* in struct root's asked, while it is */
	struct root_bearer *bearer;
	LIST_ENTRY(root_copy) by_node; /* in the bearer's */
	uint32_t node;
	bool stray;		   /* the node said that it has it, and is not to */
	bool stuck;		   /* a stray: it stays until the source does what it is to do */
	uint64_t sent, sent_flows; /* hashes of what it was told last; 0 = nothing */
	bool sent_play;
	bool asked;   /* an answer is awaited */
	bool failed;  /* it refused what it was told */
	bool had;     /* it said that it has it, or took it, and did not forget it since */
	bool listed;  /* as had, of the source; how it sends we do not know if we were not here */
	bool refused; /* that was its last answer since it is on the routes */
	bool unsaid;  /* failed, as no message can say it: not tried again until it is another */
	bool leaving; /* it was told to remove it */
	bool settled; /* it does all that it is to do: nothing to tell, until something happens */
	uint8_t silences; /* times in a row that no answer came, ROOT_INSTALL_DOUBLINGS at most */
	int64_t when;	  /* it was told, or answered */
	uint64_t time;
	char id[MESSAGE_ID_MAX + 1];   /* of the request */
	char state[32];		       /* as it said */
	char text[128];		       /* why it refused */
	struct root_limit congestions; /* that the node tells of */
};

/* A node that has copies: all of them. */
struct root_bearer {
	struct root_link by_node; /* in struct root's bearers */
	LIST_HEAD(, root_copy) copies;
};

struct root_install {
	struct root_install *next;
	struct root_link by_stream;
	struct root_session *session; /* NULL: it is gone, or never was */
	uint32_t conference, id, source;
	bool active, play;
	bool settled; /* all copies are: there is nothing to do */
	struct root_plan plan;
	int64_t changed;	/* when the source took the last change */
	int64_t waits;		/* since when the source, with news for it, waits; 0 = not */
	int64_t full;		/* since when a node on the routes has no room; 0 = all have */
	struct message_way way; /* root_ways.c: what the source was told, and when */
	int64_t way_at;
	uint64_t judged;   /* root_stats.c: the last message that named it */
	bool judged_below; /* whether it leads to its sender, or below it */
	/*
	 * By what the source sends, as it answered last, and by what it is to, with the next
	 * answer; without nodes: it is not known, or nothing else.
	 */
	struct root_plan taken, asked;
	bool taken_play;
	uint32_t taken_hellos; /* of the source, the last that did not say that it has it no more */
	struct root_copy **copies;
	uint32_t count;
};

/* Each has its turn once in a round, which may take more than one call of root_install_step. */
struct root_install_round {
	uint32_t left; /* at the front of the list, which have none yet; 0: it is at its end */
	int64_t next; /* of those that had theirs: when to look again, 0 = when something happens */
	bool unsent;  /* and something of them could not be sent */
};

/* For struct root_book. */
void root_install_changed(struct root *root, struct root_session *session);
void root_install_gone(struct root *root, struct root_session *session);

/* A node is there, with what it says that it carries; or it is gone. */
void root_install_greet(
	struct root *root, struct root_node *node, const uint64_t *streams, size_t count);
void root_install_away(struct root *root, struct root_node *node);

/* Its answers. False: to nothing that was asked. */
bool root_install_done(
	struct root *root, const struct root_node *node, const struct message_pipelines *answer);
bool root_install_refused(
	struct root *root, const struct root_node *node, const struct message_failure *failure);

/* What a node says that it has, asked for or not: what it should not have is taken away. */
void root_install_strays(
	struct root *root, struct root_node *node, const struct message_pipelines *answer);

/* The source, if it is there and did what it was told last; else NULL. */
const struct root_node *
root_install_source(const struct root *root, const struct root_install *install);

/*
 * All steps that can be done; or, if they take long, as many as have a turn. Returns when to look
 * again (ms), 0 = when something happens.
 */
int64_t root_install_step(struct root *root, int64_t now);
void root_install_free(struct root *root);

/* "nodes" of a session for ferryctl. */
json_t *root_install_show(const struct root *root, const struct root_session *session);

/* How often a node on the routes told of congestion. */
struct root_limit *
root_install_congestions(struct root *root, struct root_install *install, uint32_t node);

#endif
