/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the management protocol (PROTOCOL.md): XML text <-> checked structure. Parsers only
 * parse: whether a message may be said, by whom and where it goes is mgmt_rules.h's, what is done
 * for it is that of the handlers in mgmt.h.
 *
 * Nothing here knows DPDK, sockets or clocks. Any thread may call; a message is one thread's.
 */
#ifndef FERRY_MESSAGE_H
#define FERRY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_BYTES_MAX     (1048576u - 4u) /* of text: 1 MiB with the length before it */
#define MESSAGE_NAME_MAX      63	      /* letters, digits, '-', '_' and '.' */
#define MESSAGE_ID_MAX	      64	      /* letters, digits, '-', '_', '.', ':' */
#define MESSAGE_HOPS_MAX      32
#define MESSAGE_AGE_MAX	      UINT64_C(300000) /* ms */
#define MESSAGE_ERROR_MAX     256
#define MESSAGE_HELLO_STREAMS 20000u   /* pipelines of a hello: with its ports it fits so */
#define MESSAGE_LOSS_MAX      1000000u /* millionths */
#define MESSAGE_ROOT	      "^"
#define MESSAGE_EVERYBODY     "*"

/* Bits of a type's rules. */
#define MESSAGE_FROM_ROOT 0x01 /* only `^` may send it */
#define MESSAGE_STREAM	  0x02 /* a stream request: one session, or all */
#define MESSAGE_TWICE	  0x04 /* to hear it twice is no harm: it is not remembered */

/* X(NAME, word, body's parser and writer, rules) */
/* clang-format off */
#define MESSAGE_TYPES(X)                                                                           \
	X(HELLO, hello, info, 0)                                                                   \
	X(BYE, bye, reason, 0)                                                                     \
	X(CHILDSUPDATE, childsupdate, children, 0)                                                 \
	X(ERROR, error, error, 0)                                                                  \
	X(KILL, kill, reason, MESSAGE_FROM_ROOT)                                                   \
	X(PING, ping, empty, 0)                                                                    \
	X(PONG, pong, pong, MESSAGE_TWICE)                                                         \
	X(REDIRECT, redirect, redirect, MESSAGE_FROM_ROOT)                                         \
	X(PIPEDEF, pipedef, pipedef, MESSAGE_FROM_ROOT | MESSAGE_STREAM)                           \
	X(PIPEDEFINFO, pipedefinfo, pipedefinfo, 0)                                                \
	X(PLAYPIPELINE, playpipeline, pipeline, MESSAGE_FROM_ROOT | MESSAGE_STREAM)                \
	X(STOPPIPELINE, stoppipeline, pipeline, MESSAGE_FROM_ROOT | MESSAGE_STREAM)                \
	X(REMOVEPIPELINE, removepipeline, pipeline, MESSAGE_FROM_ROOT | MESSAGE_STREAM)            \
	X(ROUTEPIPELINE, routepipeline, pipedef, MESSAGE_FROM_ROOT | MESSAGE_STREAM)               \
	X(STATS, stats, stats, 0)                                                                  \
	X(REQFULLSTATS, reqfullstats, reqfullstats, MESSAGE_FROM_ROOT)                             \
	X(FULLSTATS, fullstats, fullstats, 0)                                                      \
	X(PLACE, place, place, MESSAGE_FROM_ROOT)                                                  \
	X(CONGESTION, congestion, congestion, 0)                                                   \
	X(ALERT, alert, alert, MESSAGE_FROM_ROOT)                                                  \
	X(LINKLOSS, linkloss, linkloss, MESSAGE_TWICE)                                             \
	X(WAYLOSS, wayloss, wayloss, MESSAGE_FROM_ROOT | MESSAGE_TWICE)                            \
	X(CONFLIST, conflist, conflist, 0)                                                         \
	X(JOIN, join, attend, 0)                                                                   \
	X(LEAVE, leave, attend, 0)
/* clang-format on */

enum message_type {
#define MESSAGE_TYPE_VALUE(NAME, word, body, rules) MESSAGE_##NAME,
	MESSAGE_TYPES(MESSAGE_TYPE_VALUE)
#undef MESSAGE_TYPE_VALUE
	MESSAGE_TYPE_COUNT
};

/*
 * In all that follows: a text that is not there is NULL, and "" is never written; numbers that
 * are not there are 0 unless it says otherwise; `nb_x` elements are at `xs`.
 */
struct message_end {
	const char *host; /* an address or a name; NULL: not given */
	uint16_t port;
};

/* One address of a port of a node. */
struct message_port {
	const char *name;
	const char *address; /* "10.0.0.1/24" */
	uint32_t mtu;
	uint16_t udp_port;
};

/* hello. A node's server address is where children find it. */
struct message_info {
	const char *name;
	struct message_end server, client;
	uint64_t capacity; /* bit/s that it may carry; 0 = not said */
	const struct message_port *ports;
	size_t nb_ports;
	const uint64_t *pipelines; /* streams that it carries, or the first (message_stream) */
	size_t nb_pipelines;
};

/* bye, kill. */
struct message_reason {
	const char *text;
};

struct message_below {
	const char *name;
	const char *parent; /* NULL: not said */
};

/* childsupdate: all descendants, near or far. */
struct message_children {
	uint64_t nb_descendants;
	const struct message_below *children;
	size_t nb_children;
};

/* What a request had, so that its answer can be told from others. */
struct message_request {
	uint64_t time;	  /* 0: there is no request */
	const char *type; /* a type's word */
	const char *id;
};

enum message_code {
	MESSAGE_CODE_MALFORMED = 400,	/* not XML, or not as the schema says */
	MESSAGE_CODE_FORBIDDEN = 403,	/* who said it may not */
	MESSAGE_CODE_UNKNOWN = 404,	/* there is no such node, session, ... */
	MESSAGE_CODE_SLOW = 408,	/* it took too long */
	MESSAGE_CODE_CONFLICT = 409,	/* it does not fit what there is */
	MESSAGE_CODE_OLD = 410,		/* older than 5 minutes, or as much ahead */
	MESSAGE_CODE_LARGE = 413,	/* more than 1 MiB */
	MESSAGE_CODE_INVALID = 422,	/* a value that cannot be */
	MESSAGE_CODE_REPLAYED = 425,	/* its id was seen */
	MESSAGE_CODE_BUSY = 429,	/* too much of it */
	MESSAGE_CODE_FAILED = 500,	/* tried, and failed */
	MESSAGE_CODE_UNSUPPORTED = 501, /* not in this version, or not by this program */
	MESSAGE_CODE_LOOP = 508,	/* passed more than 32 nodes */
};

struct message_failure {
	uint32_t code; /* enum message_code, 100 to 999 */
	const char *text;
	struct message_request request;
};

/* redirect: the parent to join. */
struct message_redirect {
	const char *name;
	struct message_end server;
};

/* pipedef, routepipeline. */
struct message_flow {
	uint32_t id; /* 0 to 255 */
	uint32_t weight;
	const char *path; /* text form (path_text.h) */
};

struct message_ingress {
	const char *kind;    /* "udp", "generator", "file"; NULL: not said */
	const char *address; /* udp: "10.0.0.1" or "fd00::1" */
	uint16_t port;
	const char *file;	/* file: absolute path */
	const char *generator;	/* generator: "constant", "poisson", "onoff", "trace" */
	const char *trace;	/* trace: absolute path */
	uint32_t size;		/* payload bytes of a packet; of file and generator */
	uint32_t on_ms, off_ms; /* onoff */
	uint64_t seed;
	uint64_t count; /* packets; 0 = no end */
	uint32_t fps;	/* trace: thousandths of a frame a second */
};

struct message_egress {
	uint32_t node;	     /* NodeID */
	const char *kind;    /* "sink", "udp", "file" */
	const char *address; /* udp */
	uint16_t port;
	const char *file;
};

/*
 * A session at a node. Of pipelines that are only named (playpipeline, ...) just the first two are
 * given; of a route, these and the flows.
 */
struct message_pipeline {
	uint32_t conference, session;
	const char *name;	     /* of the session; NULL = none */
	const char *conference_name; /* NULL = none */
	const char *state;	     /* pipedefinfo: "defined", "playing", "stopped", ... */
	uint32_t source;	     /* NodeID */
	const uint32_t *destinations;
	size_t nb_destinations;
	const struct message_flow *flows;
	size_t nb_flows;
	uint64_t rate;	    /* payload bit/s; 0 = not limited */
	uint64_t burst;	    /* payload bytes */
	uint32_t payload;   /* bytes; 0 = what the links let through */
	const char *coding; /* the group of ferry.cfg(5), "{ code = ...; }"; NULL = none */
	uint32_t priority;  /* of the conference, 0 to 7 */
	uint32_t weight;    /* of the conference; 0 = not said */
	uint32_t queue_packets, queue_bytes, queue_ms; /* limits of its queues; 0 = not said */
	uint32_t reorder_packets, reorder_ms;
	uint32_t window; /* 0 = not said */
	bool delay_sensitive;
	bool play; /* it starts as soon as it is defined */
	struct message_ingress ingress;
	struct message_end rate_to; /* who is told of the rate; host NULL = nobody */
	const struct message_egress *egresses;
	size_t nb_egresses;
};

/*
 * pipedefinfo: the answer to each stream request. From `^`, without pipelines, it asks for all that
 * are defined.
 */
struct message_pipelines {
	struct message_request request;
	const struct message_pipeline *pipelines;
	size_t nb_pipelines;
};

struct message_value {
	const char *name;
	const char *value; /* a number, or what the name says; never NULL */
};

/* One stream's figures. */
struct message_container {
	uint64_t start, end; /* seconds since the epoch */
	uint32_t children;   /* direct ones */
	uint64_t id;	     /* the stream, message_stream(); 0 = the node itself */
	const struct message_value *values;
	size_t nb_values;
};

struct message_stats {
	const struct message_container *containers;
	size_t nb_containers;
	uint64_t end; /* fullstats: seconds since the epoch */
};

struct message_reqfullstats {
	uint64_t id; /* the stream; 0 = all */
};

struct message_peer {
	uint32_t id; /* NodeID */
	const char *name;
	const char *address; /* of its data port */
	uint16_t udp_port;   /* 0 = the usual one */
	const char *port;    /* own port that leads there; NULL = by subnet */
	const char *pacing;  /* as ferry.cfg(5) says; NULL = the usual */
};

/* place: replaces all that the last one said. */
struct message_place {
	uint32_t node_id;
	const char *role; /* "root", "relay" or "leaf" */
	struct message_redirect parent;
	const char *forwarding; /* "installed" or "open"; NULL = "installed" */
	const struct message_peer *peers;
	size_t nb_peers;
	const struct message_below *below; /* who may speak through it, each with its parent */
	size_t nb_below;
};

/* congestion: a queue of a feeder overflowed. */
struct message_congestion {
	const char *node; /* whose feeder; NULL = the sender's */
	uint32_t peer;	  /* NodeID of the next hop */
	uint32_t conference, session;
	uint32_t queue_packets, queue_bytes;
	uint64_t drops; /* packets, since the last event of this queue */
	uint64_t utc;	/* when, microseconds since the epoch */
};

/* What is lost between the sender and a neighbour, on the way that the list says. */
struct message_loss {
	uint32_t peer; /* NodeID */
	uint32_t loss; /* millionths, to MESSAGE_LOSS_MAX */
};

/* linkloss: of all the sender's links of which it knows; what is not there is not known. */
struct message_links {
	const struct message_loss *to;	 /* as probes and the neighbour's reports say */
	const struct message_loss *from; /* as the neighbour's DATA came */
	size_t nb_to, nb_from;
};

/* wayloss: what a source needs repair for; rlnc_redundancy.h. */
struct message_way {
	uint32_t conference, session;
	uint32_t loss, regained; /* millionths, to MESSAGE_LOSS_MAX */
};

/* alert: a threshold was passed, either way. */
struct message_alert {
	const char *node;
	const char *name;  /* of the value, as in stats */
	const char *level; /* "warning", "danger" or "clear" */
	double value, threshold;
	uint64_t id; /* the stream; 0 = the node itself */
};

struct message_conference {
	uint32_t id;
	const char *name;
	uint64_t start, end; /* ms since the epoch; 0 = not said */
	uint32_t sessions;
	const char *const *participants; /* names of nodes */
	size_t nb_participants;
};

/* conflist: the question, or its answer. */
struct message_conflist {
	struct message_request request; /* of an answer */
	bool answer;
	const struct message_conference *conferences;
	size_t nb_conferences;
};

/* join, leave. */
struct message_attend {
	uint32_t conference;
	const char *node; /* NULL = the sender */
};

struct xml_tree;

struct message {
	enum message_type type;
	uint64_t time;			 /* ms since the epoch; never 0 */
	char to[MESSAGE_NAME_MAX + 1];	 /* "" = for the direct receiver */
	char from[MESSAGE_NAME_MAX + 1]; /* "" = the certificate's name */
	char id[MESSAGE_ID_MAX + 1];	 /* "" = none */
	uint32_t hops;			 /* nodes that passed it on */
	union {
		struct message_info info;
		struct message_reason reason;
		struct message_children children;
		struct message_failure error;
		struct message_request pong;
		struct message_redirect redirect;
		struct message_pipeline pipeline;
		struct message_pipelines pipelines;
		struct message_stats stats;
		struct message_reqfullstats reqfullstats;
		struct message_place place;
		struct message_congestion congestion;
		struct message_alert alert;
		struct message_links links;
		struct message_way way;
		struct message_conflist conflist;
		struct message_attend attend;
	};
	struct xml_tree *tree; /* of a parsed message: owns all that it points to; else NULL */
};

/* Why a text is no message. */
struct message_fault {
	uint32_t code;		      /* MESSAGE_CODE_MALFORMED, _LARGE, _UNSUPPORTED, _FAILED */
	uint64_t time;		      /* its own, if that could be read; else 0 */
	char text[MESSAGE_ERROR_MAX]; /* the reason */
};

/*
 * Parses a message's text (no length before it, at most MESSAGE_BYTES_MAX). A new message, for
 * message_free(); or NULL with fault filled in.
 */
struct message *message_parse(const char *text, size_t size, struct message_fault *fault);

void message_free(struct message *message);

/*
 * The text of a message, for free(), its length in *size; NULL with errno and the reason in error
 * (MESSAGE_ERROR_MAX bytes): ENOMEM; EMSGSIZE: more than MESSAGE_BYTES_MAX, split it; EINVAL: it
 * has something that message_parse() would refuse, as a text with bytes that XML cannot hold, a
 * number out of its range, or nothing where something must be. A message that was parsed is written
 * with its present header and its body as it came.
 */
char *message_write(const struct message *message, size_t *size, char *error);

/* "hello". */
const char *message_type_name(enum message_type type);
/* Its rules: MESSAGE_FROM_ROOT, ... */
unsigned int message_type_rules(enum message_type type);

/* Is it the name of a node; `^` and `*` are none. */
bool message_name_valid(const char *name);

/* The number that stands for a session in pipelines, statistics and requests for them. */
static inline uint64_t
message_stream(uint32_t conference, uint32_t session)
{
	return (uint64_t)conference << 32 | session;
}

static inline uint32_t
message_stream_conference(uint64_t stream)
{
	return (uint32_t)(stream >> 32);
}

static inline uint32_t
message_stream_session(uint64_t stream)
{
	return (uint32_t)stream;
}

#endif
