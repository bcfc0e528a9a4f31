/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root program in one process with nodes that are not there: all of it but its sockets and its
 * loop, in virtual time. Messages go as XML and take a while each way; a node does what it is told
 * and answers as ferryd does, and every turn it is looked at whether a source sends to a node that
 * has not its session.
 */
#ifndef FERRY_TEST_ROOT_SCENE_H
#define FERRY_TEST_ROOT_SCENE_H

#include "pathlet_tree.h"
#include "root.h"

#define SCENE_NODES    6
#define SCENE_SESSIONS 16
#define SCENE_FLOWS    32
#define SCENE_IDS      16 /* of conferences and of sessions that send, from 0 */
#define SCENE_MESSAGES 4096

#define EVERY_NODE for (uint32_t n = 1; n <= SCENE_NODES; n++)

/* What a node has of a session. */
struct scene_session {
	uint32_t conference, id;
	bool source, playing;
	unsigned int nb_flows;
	struct pathlet_tree trees[SCENE_FLOWS];
	uint32_t weights[SCENE_FLOWS];
};

struct scene_node {
	uint32_t id;
	bool connected; /* messages reach it */
	bool deaf;	/* and are lost: those of a node above it end somewhere */
	bool full;	/* too much waits for it */
	bool stays;	/* a redirect to it cannot be sent */
	unsigned int redirects;
	bool refuses;	 /* it answers each definition with an error */
	const char *why; /* of that; NULL: some */
	struct scene_session sessions[SCENE_SESSIONS];
	unsigned int nb_sessions;
	/* When a source sent to it last, by conference and session. */
	int64_t sent_to[SCENE_IDS][SCENE_IDS];
};

struct scene {
	struct root root;
	struct root_config *config;
	struct scene_node nodes[SCENE_NODES + 1]; /* by NodeID, from 1 */
	struct scene_message {
		int64_t at;
		uint32_t node;
		bool answer; /* on its way to the root */
		struct message *message;
	} messages[SCENE_MESSAGES]; /* in the order in which they were sent */
	unsigned int nb_messages;
	uint64_t sent, random;
	int64_t clock; /* ms */
	int64_t set;   /* by which the time of day is ahead of what it was */
	int64_t due;
	bool woken, failed;
	uint32_t apart[2]; /* two that are no peers in the next configuration */
	uint32_t out;	   /* one that is not in it; 0: all are */
	/* In the next configuration's list, after the six; what these are told is only counted. */
	const char *more_nodes;
	unsigned int placed;   /* times that a node was told its place */
	size_t below;	       /* nodes below those that were told, as they were told */
	unsigned int directed; /* of these, with its parent's address */
	unsigned int open;     /* of these, to forward all that comes */
	const char *settings;  /* in the next configuration's root */
	bool strict;	       /* no source may send where its session is not */
	char directory[64];
};

/*
 * Nodes n1 (the tree's first) to n6, all peers of each other, and the conferences of a text; all
 * nodes are up.
 */
void scene_begin(struct scene *scene, const char *conferences);
void scene_end(struct scene *scene);

/* The same around a test. */
int scene_setup(void **state, const char *conferences);
int scene_teardown(void **state);

/* The file of the root's configuration, with other conferences; for "reload". */
void scene_write(const struct scene *scene, const char *name, const char *text);
void scene_write_config(const struct scene *scene, const char *more);

/* A reload with two leaves more below n1, SCENE_LEAF and the next id, that are not there. */
#define SCENE_LEAF 100
void scene_add_leaves(struct scene *scene, const char *conferences);

/* Conference 2: so many sessions (1 and on) from a node to another; terms: more keys of it. */
void scene_add_sessions(struct scene *scene, const char *terms, uint32_t source,
	uint32_t destination, uint32_t count);

/* This is the scene of root_now and the like, from now on. */
void scene_use(struct scene *scene);

/* Below bound. */
uint32_t scene_draw(struct scene *scene, uint32_t bound);

void scene_run(struct scene *scene, int64_t ms);
/* A line of ferryctl's, its words between blanks, one with blanks in '': was it done? */
bool scene_do(struct scene *scene, const char *format, ...) __attribute__((format(printf, 2, 3)));

void scene_connect(struct scene *scene, uint32_t node);
void scene_cut(struct scene *scene, uint32_t node);
/* It forgets all, and comes anew. */
void scene_restart(struct scene *scene, uint32_t node);

/* The connection of a node above it is back: it is listed again, and says no hello. */
void scene_back(struct scene *scene, uint32_t node);
/* Killed and started again; the nodes stay, and half of them say no hello. */
void scene_restart_root(struct scene *scene);

struct scene_session *
scene_find(struct scene *scene, uint32_t node, uint32_t conference, uint32_t session);

/* All nodes have what the root wants them to have, and nothing else. */
void scene_check(struct scene *scene);

#endif
