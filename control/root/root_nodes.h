/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All nodes that the root program knows: each one's NodeID, kept for ever, its place in the
 * topology, and how it is now. One thread.
 */
#ifndef FERRY_ROOT_NODES_H
#define FERRY_ROOT_NODES_H

#include "root_book.h"
#include "root_config.h"
#include "root_limit.h"
#include "root_store.h"

#define ROOT_HOST_MAX 63

struct root_node {
	uint32_t id;
	char name[CONFIG_NAME_MAX + 1];
	struct root_config *owner;	/* of place */
	const struct root_place *place; /* NULL: the topology has none for it */

	/* As it is. */
	bool up;			  /* it is in the tree */
	bool greeted;			  /* and its hello came */
	int64_t since;			  /* ms since the epoch */
	int64_t came;			  /* it is up since, by root_clock */
	char parent[CONFIG_NAME_MAX + 1]; /* that it is connected to, ROOT_SELF or a node */
	uint32_t hellos;		  /* since the root program started */
	struct root_limit hello_limit;
	uint32_t first; /* through whom it is reached: itself, or whose list has it; 0: not known */
	int64_t said_hello; /* by root_clock: last; 0 = never */
	int64_t way;	    /* by root_clock: the last hello of those above it, as it is listed */
	int64_t cut;  /* by root_clock: its connection ended, and nobody looked since; 0 = no */
	int64_t lost; /* by root_clock: nobody lists it since, 0 = somebody does */
	char why[128];
	int64_t asked;		/* by root_clock: for its own statistics, last; 0 = never */
	unsigned int full_left; /* streams of its answers that are still told */
	unsigned int
		place_due; /* it is told its place when there is room: steps down to it; 0: not */
	struct root_limit attend_limit; /* it entered or left conferences */
	bool seen;			/* by who goes through all of them */
	uint64_t judged;		/* root_stats.c: the last message for which it was asked */
	bool judged_below;		/* whether it is its sender, or below it */
	uint32_t strays;       /* streams that it said it has, and is not to: root_install.h's */
	uint32_t strays_stuck; /* of these, those that cannot be taken from it now */
	bool unlisted;	       /* it is yet to answer what it has, as it said no hello */
	bool strays_left;      /* it has more than it said, or than is taken: it is asked again */
	bool stuck_left;       /* and when fewer are stuck */

	/* As its last hello said. */
	char server[ROOT_HOST_MAX + 1], client[ROOT_HOST_MAX + 1];
	uint16_t server_port, client_port;
	bool server_due;   /* the store has another server of it */
	uint64_t capacity; /* bit/s, 0 = not said */
};

struct root_nodes {
	struct root_store *store;
	struct root_node **list;  /* by ascending id */
	struct root_node **names; /* the same by name */
	uint32_t count;
	struct root_node **children; /* those with a place, by their parent's name, then by id */
	uint32_t placed;
	bool others;	  /* there are more, of which nothing is known */
	bool servers_due; /* of any of them */
};

/* 0, or -1 with a sentence in error (ROOT_ERROR_MAX bytes). */
int root_nodes_load(struct root_nodes *nodes, struct root_store *store, char *error);
/*
 * Without a store, those of a file, which must outlive them; others are those without an id in it.
 */
void root_nodes_of_file(struct root_nodes *nodes, const struct root_config *config);
void root_nodes_free(struct root_nodes *nodes);

/*
 * Takes the places of the file if they are others than last time; what was changed at run time
 * since then is undone by that, and only by that. *changed tells. -1 with mistakes of the file in
 * errs, and nothing is changed; or with error, and the store failed.
 */
int root_nodes_sync(struct root_nodes *nodes, const struct root_config *config, bool *changed,
	struct config_errors *errs, char *error);

/*
 * After a transaction of the store with root_nodes_sync in it was undone: the nodes and places are
 * those of the store again.
 */
int root_nodes_undo(struct root_nodes *nodes, char *error);

/* A node by name, with a NodeID from now on if it had none. NULL with error. */
struct root_node *root_nodes_know(struct root_nodes *nodes, const char *name, char *error);

struct root_node *root_nodes_find(const struct root_nodes *nodes, const char *name);
struct root_node *root_nodes_by_id(const struct root_nodes *nodes, uint32_t id);
/* "node 9" where there is none of that id. */
const char *root_nodes_name(const struct root_nodes *nodes, uint32_t id, char *buf, size_t size);

/* Is it an address that a node may have: IPv4, or IPv6? */
bool root_host_valid(const char *host);

/*
 * Where children of a node connect ("" = nowhere). For the next start it is in the store with the
 * next root_nodes_keep(), which returns 0, or -1 with error; then it is tried again with the next.
 */
void root_nodes_set_server(
	struct root_nodes *nodes, struct root_node *node, const char *host, uint16_t port);
int root_nodes_keep(struct root_nodes *nodes, char *error);
/* root_nodes_servers.c's: as the store has it. */
void root_nodes_load_server(const struct root_nodes *nodes, struct root_node *node);

/* Gives a node another parent, which must be a node above no part of it, or ROOT_SELF. */
int root_nodes_set_parent(
	struct root_nodes *nodes, struct root_node *node, const char *parent, char *error);

/* Those directly below a node, or ROOT_SELF, by the topology; valid until a place changes. */
struct root_node *const *
root_nodes_children(const struct root_nodes *nodes, const char *parent, uint32_t *count);
/* root_nodes.c's: places have changed. */
void root_nodes_index(struct root_nodes *nodes);

/* Is below somewhere below above, by the topology (a node is not below itself)? */
bool root_nodes_is_below(
	const struct root_nodes *nodes, const struct root_node *below, const char *above);

/*
 * What only the topology knows of conferences: are all their NodeIDs those of nodes, all hops
 * peers; and what is of all conferences: no two sessions of one ingress. Adds to errs.
 */
void root_nodes_check(const struct root_nodes *nodes, const struct root_book *book,
	const struct config *file, struct config_errors *errs);
/* root_check_ingress.c: the last of it. */
void root_ingresses_check(
	const struct root_book *book, const struct config *file, struct config_errors *errs);

#endif
