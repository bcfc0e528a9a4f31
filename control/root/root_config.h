/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root program's configuration; ferry-root.cfg(5) says what each key means. Read and checked
 * whole, as that of a node (config.h): each mistake with its file and line.
 */
#ifndef FERRY_ROOT_CONFIG_H
#define FERRY_ROOT_CONFIG_H

#include "config.h"

#define ROOT_NODES_MAX	    65535
#define ROOT_FILES_MAX	    1024
#define ROOT_THRESHOLDS_MAX 256
#define ROOT_DEPTH_MAX	    30 /* nodes one below the other: a message passes 32 at most */
#define ROOT_SELF	    "^"

enum root_role {
	ROOT_ROLE_ROOT, /* the first node of a tree */
	ROOT_ROLE_RELAY,
	ROOT_ROLE_LEAF, /* has nothing below it */
};

enum root_tcp {
	ROOT_TCP_REFUSE,
	ROOT_TCP_UDP,
};

enum root_forwarding {
	ROOT_FORWARDING_INSTALLED,
	ROOT_FORWARDING_OPEN,
};

/* Texts that are not set are NULL. */
struct root_settings {
	struct config_where where;
	const char *socket; /* absolute path */
	const char *store;
	struct config_endpoint listen; /* TCP */
	struct config_connections connections;
	const char *report;  /* file of reports; never NULL */
	uint32_t report_s;   /* between two; 0 = none are written */
	uint32_t forwarding; /* enum root_forwarding */
	uint32_t tcp;	     /* enum root_tcp */
};

struct root_peer {
	struct config_peer peer;	/* id is 0; address, udp_port, pacing */
	char node[CONFIG_NAME_MAX + 1]; /* the neighbour */
	char port[CONFIG_NAME_MAX + 1]; /* own port that leads there, "" = by subnet */
};

/* A node's place. */
struct root_place {
	struct config_where where;
	char name[CONFIG_NAME_MAX + 1];	  /* its certificate's */
	uint32_t id;			  /* 0 = the root chooses */
	uint32_t role;			  /* enum root_role */
	char parent[CONFIG_NAME_MAX + 1]; /* ROOT_SELF for the root program */
	struct root_peer *peers;
	uint32_t peer_count;
};

struct root_file {
	struct config_where where;
	const char *path;
};

/* Values above are told: warning, danger. */
struct root_threshold {
	struct config_where where;
	char name[CONFIG_NAME_MAX + 1]; /* of the value, as in stats */
	double warning, danger;
};

struct root_config {
	struct config base; /* its conferences only */
	struct root_settings settings;
	struct root_place *places;
	uint32_t place_count;
	struct root_file *files; /* of conferences */
	uint32_t file_count;
	struct root_threshold *thresholds;
	uint32_t threshold_count;
};

/* As config_load(). Conference files that it names are not read. */
struct root_config *root_config_load(const char *path, struct config_errors *errs);
struct root_config *root_config_load_string(
	const char *name, const char *text, size_t size, struct config_errors *errs);

/* Only a list of nodes, without the checks between them: what root_place_print wrote. */
struct root_config *root_places_load_string(
	const char *name, const char *text, size_t size, struct config_errors *errs);
void root_place_print(const struct root_place *place, FILE *out);

/* Prints all effective values, as a file that is read to the same. */
void root_config_print(const struct root_config *config, FILE *out);

/* NULL is allowed. */
void root_config_free(struct root_config *config);

const char *root_role_name(uint32_t role);

#endif
