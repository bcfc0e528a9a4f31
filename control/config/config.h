/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of a node: file -> checked structure. ferry.cfg(5) says what each key means.
 *
 * A configuration is read whole and checked whole before anything is done with it, and all mistakes
 * are told, each with its file and line. What config_load() returns has passed every check: all
 * references are resolved to indices, all defaults are filled in. All that it points to lives until
 * config_free(). But for its peers, which come and go at run time (config_peer_add), and node.id,
 * which a root may give a node before its workers begin (boot_management.c), it never changes
 * afterwards, so any thread may read it.
 *
 * Addresses are in network byte order, every other number in that of the host.
 */
#ifndef FERRY_CONFIG_H
#define FERRY_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "address.h"
#include "config_words.h"
#include "impair_settings.h"
#include "pathlet_tree.h"
#include "rlnc_params.h"
#include "underlay_addr.h"

#define CONFIG_NAME_MAX		31 /* letters, digits, '-', '_' and '.' */
#define CONFIG_WORKERS_MAX	16
#define CONFIG_PORTS_MAX	16
#define CONFIG_ADDRESSES_MAX	8 /* of one port */
#define CONFIG_QUEUES_MAX	16
#define CONFIG_PEERS_MAX	4096
#define CONFIG_CONFERENCES_MAX	65535
#define CONFIG_SESSIONS_MAX	65535 /* of all conferences */
#define CONFIG_PARTICIPANTS_MAX 4096  /* of one conference */
#define CONFIG_FLOWS_MAX	256   /* of one session */
#define CONFIG_EAL_MAX		64
#define CONFIG_TRACE_MAX	1000000 /* frames */
#define CONFIG_DESTINATIONS_MAX ((unsigned int)PATHLET_TREE_MAX_NODES)
#define CONFIG_PAYLOAD_MAX	8900u /* bytes; no port's MTU lets more through */
#define CONFIG_INDEX_NONE	UINT32_MAX

/* Where something was said: for messages. */
struct config_where {
	const char *file;
	uint32_t line;
	uint32_t order; /* rank of the line in all that was read, includes in place */
};

struct config_endpoint {
	struct underlay_addr address;
	uint16_t udp_port;
};

enum config_idle {
	CONFIG_IDLE_ADAPTIVE,
	CONFIG_IDLE_POLL,
};

enum config_forwarding {
	CONFIG_FORWARDING_OPEN,	     /* what any peer sends */
	CONFIG_FORWARDING_INSTALLED, /* sessions that the node was told of */
	CONFIG_FORWARDING_UNSET,     /* while it is read */
};

/* Room for what comes at run time. */
struct config_capacity {
	uint32_t peers;
	uint32_t sessions; /* that start or end here */
	uint32_t forwards; /* other sessions that are forwarded */
	uint32_t packets;  /* held by all of these */
	uint32_t recodes;  /* coded sessions that are recoded */
	uint32_t recode_k; /* source packets of their longest generation */
};

#define CONFIG_RECODES_UNSET UINT32_MAX /* while it is read */

struct config_node {
	struct config_where where;
	uint32_t id; /* 0: not set, the root gives it */
	char name[CONFIG_NAME_MAX + 1];
	uint32_t workers;		   /* 1 to CONFIG_WORKERS_MAX */
	uint32_t cpus[CONFIG_WORKERS_MAX]; /* of each worker, if cpu_count is not 0 */
	uint32_t cpu_count;		   /* 0 (not pinned) or workers */
	uint32_t idle;			   /* enum config_idle */
	const char *socket;		   /* absolute path, fits a sockaddr_un */
	bool clock_synchronized;
	uint32_t probe;		 /* ms between probes of a link; 0 = none */
	uint32_t drain;		 /* ms, 0 to 60000 */
	uint32_t feeder_packets; /* that may wait for paced links */
	uint32_t feeder_queues;	 /* of each worker */
	uint32_t recode_packets; /* kept of sessions that are recoded here */
	uint32_t lower_share;	 /* percent of a link for lower priorities */
	uint32_t forwarding;	 /* enum config_forwarding */
	struct config_capacity capacity;
	bool has_capacity;
	const char *eal[CONFIG_EAL_MAX]; /* extra EAL arguments */
	uint32_t eal_count;
};

struct config_port {
	struct config_where where;
	char name[CONFIG_NAME_MAX + 1];
	const char *device; /* PCI address or virtual device, each with its devargs */
	struct underlay_prefix addresses[CONFIG_ADDRESSES_MAX];
	uint32_t address_count;		 /* at least 1 */
	struct underlay_addr gateway[2]; /* of IPv4, of IPv6; family 0 = none */
	uint32_t vlan;			 /* 0 = no tag */
	uint32_t mtu;			 /* bytes of an IP packet */
	uint32_t queues;
	uint32_t rx_descriptors; /* of each queue */
	uint32_t tx_descriptors;
	uint32_t udp_port;
	bool impaired; /* by an artificial line, then: */
	struct impair_settings impair;
};

struct config_peer {
	struct config_where where;
	uint32_t id;
	char name[CONFIG_NAME_MAX + 1];
	struct underlay_addr address;
	uint32_t port;	/* index in config.ports */
	uint32_t local; /* index in that port's addresses: the one to send from */
	uint32_t udp_port;
	uint32_t ring;	      /* packets, a power of two */
	uint32_t pacing;      /* enum config_pacing */
	uint64_t pacing_rate; /* CONFIG_PACING_RATE: bit/s of UDP payload */
};

struct config_flow {
	struct config_where where;
	uint32_t id; /* 0 to 255 */
	uint32_t weight;
	struct pathlet_tree tree;
};

struct config_generator {
	uint32_t kind;	/* enum config_generator_kind */
	uint32_t size;	/* payload bytes of a packet; with a trace, of the largest */
	uint32_t on_ms; /* means of exponential times, onoff only */
	uint32_t off_ms;
	const char *trace;	/* absolute path, trace only */
	const uint32_t *frames; /* bytes each; only in the configuration of the source */
	uint32_t frame_count;
	uint32_t fps; /* thousandths of a frame a second */
	uint64_t seed;
	uint64_t count; /* packets, 0 = no end */
};

struct config_ingress {
	struct config_where where;
	uint32_t kind;		    /* enum config_ingress_kind */
	struct config_endpoint udp; /* CONFIG_INGRESS_UDP */
	uint32_t port;		    /* index in config.ports if this node is the source */
	uint32_t local;		    /* index in that port's addresses */
	struct config_generator generator;
	const char *file; /* CONFIG_INGRESS_FILE: absolute path */
	uint32_t size;	  /* CONFIG_INGRESS_FILE: payload bytes of a packet */
};

struct config_egress {
	struct config_where where;
	uint32_t node;
	uint32_t kind; /* enum config_egress_kind */
	struct config_endpoint udp;
	uint32_t port;	/* index in config.ports if node is this node and kind UDP */
	uint32_t local; /* index in that port's addresses: the one to send from */
	const char *file;
};

struct config_reorder {
	uint32_t packets; /* 0 = packets are delivered as they come */
	uint32_t ms;
};

/* Who is told of the rate that a session may send. */
struct config_rate_to {
	struct config_where where;
	struct config_endpoint udp; /* family 0 = nobody */
	uint32_t port;	/* index in config.ports if this node is the source, CONFIG_INDEX_NONE: */
	uint32_t local; /* by the kernel; index in the port's addresses */
};

enum config_code {
	CONFIG_CODE_BLOCK,
	CONFIG_CODE_WINDOW,
};

enum config_repair {
	CONFIG_REPAIR_RATIO,
	CONFIG_REPAIR_ADAPTIVE,
	CONFIG_REPAIR_RATELESS,
};

enum config_recode {
	CONFIG_RECODE_NEVER,
	CONFIG_RECODE_LOSSY, /* where the onward link loses less */
	CONFIG_RECODE_ALWAYS,
};

struct config_coding_relay {
	struct config_where where;
	uint32_t node;
	uint32_t recode; /* enum config_recode */
};

/* Random network coding of a session. Shares are millionths of the source packets. */
struct config_coding {
	struct config_where where;
	uint32_t code; /* enum config_code */
	uint32_t k;    /* source packets of a generation, or of the window */
	bool systematic;
	uint32_t repair;   /* enum config_repair */
	uint64_t ratio;	   /* CONFIG_REPAIR_RATIO */
	uint64_t residual; /* CONFIG_REPAIR_ADAPTIVE: loss that may remain */
	uint64_t bound;	   /* most repair of the other two */
	uint64_t close;	   /* ns */
	uint64_t deadline; /* ns */
	struct config_coding_relay *relays;
	uint32_t relay_count;
};

struct config_session {
	struct config_where where;
	uint32_t conference;
	uint32_t id;
	char name[CONFIG_NAME_MAX + 1];
	uint32_t source;
	uint32_t destinations[CONFIG_DESTINATIONS_MAX];
	uint32_t destination_count; /* at least 1 */
	struct config_flow *flows;
	uint32_t flow_count; /* at least 1 */
	uint64_t rate;	     /* payload bit/s, 0 = not limited */
	uint64_t burst;	     /* payload bytes, 0 if rate is */
	bool delay_sensitive;
	bool start;
	struct config_reorder reorder;
	uint32_t window;  /* packets in which duplicates are seen, a power of two */
	uint32_t payload; /* bytes, 0 = only what the links let through */
	struct config_ingress ingress;
	struct config_rate_to rate_to;
	struct config_egress *egress; /* one a destination, in the order of destinations */
	int64_t starts, ends;	      /* the root's: ms since the epoch, 0 = none */
	struct config_coding *coding; /* NULL: its packets go as they are */
};

struct config_conference {
	struct config_where where;
	uint32_t id;
	char name[CONFIG_NAME_MAX + 1];
	uint32_t priority; /* 0 to 7 */
	uint32_t weight;
	uint32_t queue_packets; /* limits of each of its queues */
	uint32_t queue_bytes;
	uint32_t queue_ms;
	struct config_session *sessions;
	uint32_t session_count;
	uint32_t *participants; /* the root's: NodeIDs; NULL = the nodes of its sessions */
	uint32_t participant_count;
	int64_t starts, ends; /* the root's: ms since the epoch, 0 = none */
};

/* By it ferryctl knows the root program. */
#define CONFIG_ROOT_SOCKET "/run/ferry/ferry-root.sock"

struct config_statistics {
	const char *file;		/* absolute path of the ring (stats_ring.h) */
	struct config_where file_where; /* if it is set */
	uint32_t interval;		/* ms */
	uint32_t intervals;		/* that the ring holds, at least 2 */
	uint32_t report;		/* s between two reports to the parent */
	struct config_endpoint metrics; /* TCP; family 0 = nowhere */
	struct config_where metrics_where;
};

/* Management connections, a node's and the root program's alike. */
struct config_connections {
	const char *certificate, *key, *authority; /* absolute paths; NULL if plain */
	bool plain;				   /* without TLS */
	uint32_t ping_ms;			   /* of silence, until it is tried */
	uint32_t dead_ms;			   /* until it is given up */
};

struct config_management {
	struct config_where where;
	bool present;
	struct config_endpoint root;	/* TCP */
	struct config_endpoint address; /* TCP; family 0 = no children */
	struct config_connections connections;
	const char *state; /* absolute path; NULL = /var/lib/ferry/NAME.state */
	uint64_t capacity; /* bit/s; 0 = not said */
};

struct config_memory;

struct config {
	struct config_node node;
	struct config_port *ports;
	uint32_t port_count; /* at least 1 */
	struct config_peer *peers;
	uint32_t peer_count;
	uint32_t peer_room; /* of peers */
	struct config_conference *conferences;
	uint32_t conference_count;
	struct config_statistics statistics;
	struct config_management management;
	struct config_memory *memory; /* of all the above */
};

struct config_error {
	struct config_where where; /* line 0: of the file as a whole */
	size_t found;		   /* rank in which it was found */
	char *text;
};

struct config_errors {
	struct config_error *list;
	size_t count;
	size_t room;
	struct config_memory *memory;
};

/*
 * Reads and checks a configuration file and all that it includes. Returns the configuration, to be
 * given to config_free(), or NULL with one or more mistakes in errs, in the order of the lines. The
 * caller sets errs to 0 before and calls config_errors_free() after, in both cases.
 */
struct config *config_load(const char *path, struct config_errors *errs);

/*
 * The same from memory, as if text were the contents of a file called name: no file is opened, so
 * @include is a mistake, and what lies in files named by the text is not checked.
 */
struct config *
config_load_string(const char *name, const char *text, size_t size, struct config_errors *errs);

/*
 * The root's: a file that has nothing but "conferences", of which nothing is checked that only one
 * node can know. Keys that only the root understands (participants, starts, ends) may be set; the
 * node, ports and peers of what is returned are empty.
 */
struct config *config_load_conferences(const char *path, struct config_errors *errs);
struct config *config_load_conferences_string(
	const char *name, const char *text, size_t size, struct config_errors *errs);

/* Prints one conference as such a file. */
void config_print_conference(const struct config_conference *conference, FILE *out);

/* NULL is allowed. */
void config_free(struct config *config);
void config_memory_free(struct config_memory *memory);

#define CONFIG_WHERE_TEXT 512

/* "file:line", or the file alone, in text (CONFIG_WHERE_TEXT bytes), which is returned. */
const char *config_where_text(const struct config_where *where, char *text);

/* One line a mistake: "file:line: what is wrong, what would be right". */
void config_errors_print(const struct config_errors *errs, FILE *out);
void config_errors_free(struct config_errors *errs);

/*
 * Prints all effective values with their units and defaults, as a file that config_load() reads to
 * the same effective values.
 */
void config_print(const struct config *config, FILE *out);

/* Words of enum config_recode; the last is NULL. */
extern const char *const config_recode_names[];

/* enum config_recode of a session at a node. */
uint32_t config_recode_at(const struct config_session *session, uint32_t node);

/*
 * A number with an optional fraction, k, M or G behind it, then "bit" or nothing, as a line's rate
 * is written too; false if it is none, or no whole bit/s.
 */
bool config_rate_parse(const char *text, uint64_t *rate);

/* "tfrc", "rate:1000000" <-> pacing and pacing_rate; false, and any of these: text is neither. */
#define CONFIG_PACING_TEXT 64
const char *config_pacing_text(const struct config_peer *peer, char *buf);
bool config_pacing_parse(const char *text, struct config_peer *peer);

/* Of what follows: NULL or CONFIG_INDEX_NONE if there is none. */
const struct config_peer *config_peer_find(const struct config *config, uint32_t id);

/* What a session's packets become at a node, if that is one of its destinations. */
struct config_egress *config_egress_at(const struct config_session *session, uint32_t node);

/* True also if the conference has no list of them. */
bool config_is_participant(const struct config_conference *conference, uint32_t node);

/* The way to an address, as the underlay goes it. */
struct config_route {
	uint32_t port;		       /* index in config.ports */
	uint32_t local;		       /* index in its addresses: the one to send from */
	struct underlay_addr next_hop; /* the address itself, or a gateway */
};

/*
 * By a port (index), or by any: CONFIG_INDEX_NONE, where the only one is meant if there is but one.
 * 0, an error of underlay_route(), or -EADDRNOTAVAIL: link-local addresses speak to one another
 * only, and the port's are not of the kind.
 */
int config_route(const struct config *config, uint32_t port, const struct underlay_addr *address,
	struct config_route *route);

struct underlay_if;

/* What the underlay knows of a port without its device: number, name, addresses, gateways. */
void config_port_underlay(const struct config *config, uint32_t port, struct underlay_if *to);

/*
 * Is a path right for a session, as far as this node can tell: path_check(), and the next hops of
 * this node in it are peers. For flows that come at run time too. Returns 0, or -1 with the reason.
 */
int config_flow_check(const struct config *config, const struct config_session *session,
	const struct pathlet_tree *tree, char *reason, size_t size);

/*
 * Largest payload of a session in bytes that fits the first links of a path (as this node is its
 * source) beside all headers, with room left for the session's largest coding header and a seal.
 * All first hops must be peers.
 */
uint32_t config_flow_payload(const struct config *config, const struct config_session *session,
	const struct pathlet_tree *tree);

/* For the data plane; session->coding is not NULL. */
struct rlnc_params config_coding_params(const struct config_session *session);

/* Text; buf has room for CONFIG_ADDRESS_TEXT bytes, which is enough for an address alone too. */
#define CONFIG_ADDRESS_TEXT 64
const char *config_prefix_text(const struct underlay_prefix *prefix, char *buf);
const char *config_endpoint_text(const struct config_endpoint *endpoint, char *buf);

/* For a socket of the kernel: how long it is. Of one that is not set: 0, and to is all 0. */
socklen_t
config_endpoint_sockaddr(const struct config_endpoint *endpoint, struct sockaddr_storage *to);

/* The other way; false if text is not one. An endpoint is "10.0.0.1:5004" or "[fd00::1]:5004". */
bool config_prefix_parse(const char *text, struct underlay_prefix *prefix);
bool config_endpoint_parse(const char *text, struct config_endpoint *endpoint);

/* "2012-09-02 14:22:31 UTC" <-> ms since the epoch, both ways; buf has CONFIG_TIME_TEXT bytes. */
#define CONFIG_TIME_TEXT 64
bool config_time_parse(const char *text, int64_t *ms);
const char *config_time_text(int64_t ms, char *buf);

#endif
