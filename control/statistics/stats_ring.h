/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A node's statistics in shared memory: what the file holds, for the one who writes it and for all
 * who read it. No pointers, only offsets; every field in the byte order of the machine.
 *
 *   0              struct ferry_stats_header
 *   slots_offset   slot_count slots of slot_bytes each: a sequence word, then a record
 *
 * Records are numbered from 0; record n lies in slot n modulo slot_count, over what was there. The
 * slot's sequence word is 2n + 1 while record n is written there and 2n + 2 once it is whole
 * (stored with release); 0 = none yet. A reader loads the sequence (acquire), copies the record by
 * relaxed 64-bit loads, and looks at the sequence again after an acquire fence: if it changed, the
 * copy is worth nothing, the writer was one round ahead. Every word of a slot is written and read
 * atomically, so there is no data race. The writer never looks at what readers do.
 *
 * Once an interval a node writes a record of each worker, port, link, feeder, session and drop
 * reason, and last one of the node, which says where the others begin: header.last_node leads to
 * all of the latest interval.
 *
 * The file is replaced by another (rename) when a node starts, or when its ring becomes too small;
 * it never changes its size. One who reads it maps it read-only.
 *
 * Counters count from the node's start. NAN in a double = not known. Times in nanoseconds:
 * utc_ns since 1970, others CLOCK_MONOTONIC. Names end with a 0 byte.
 */
#ifndef FERRY_STATS_RING_H
#define FERRY_STATS_RING_H

#include <stdint.h>

#define FERRY_STATS_MAGIC     UINT64_C(0x4154535952524546) /* "FERRYSTA" as it lies there */
#define FERRY_STATS_VERSION   3	  /* of this layout: a reader takes no other */
#define FERRY_STATS_NAME_MAX  32  /* the 0 byte too */
#define FERRY_STATS_SLOT      512 /* bytes of a slot in this version */
#define FERRY_STATS_WORDS     63  /* 64-bit words of a record, at most */
#define FERRY_STATS_SLOTS_MAX (UINT32_C(1) << 26)

enum ferry_stats_state {
	FERRY_STATS_RUNNING = 1,
	FERRY_STATS_ENDED = 2, /* the node ended cleanly, or goes on in another file */
};

struct ferry_stats_header {
	/* Constant: there before the file has its name. */
	uint64_t magic;
	uint32_t version;
	uint32_t header_bytes;
	uint64_t file_bytes;
	uint64_t slots_offset;
	uint32_t slot_bytes;
	uint32_t slot_count;  /* a power of two */
	uint64_t started;     /* utc_ns: when this file was made; another file has another */
	uint64_t interval_ns; /* between two records of the same thing */
	uint32_t node_id;
	uint32_t zero;
	char node[FERRY_STATS_NAME_MAX];

	/* The writer's, each stored at once: */
	uint64_t head __attribute__((aligned(64))); /* number of the next record */
	uint64_t last_node; /* 1 + number of the last record of the node; 0 = none yet */
	uint64_t heartbeat; /* CLOCK_MONOTONIC, at least each interval */
	uint64_t state;	    /* enum ferry_stats_state */
} __attribute__((aligned(64)));

enum ferry_stats_type {
	FERRY_STATS_NODE = 1,
	FERRY_STATS_WORKER,
	FERRY_STATS_PORT,
	FERRY_STATS_LINK,
	FERRY_STATS_FEEDER,
	FERRY_STATS_SESSION,
	FERRY_STATS_DROP,
	FERRY_STATS_TYPES
};

/* What each record begins with. A type that is not known is left out by who reads. */
struct ferry_stats_head {
	uint16_t type;
	uint16_t bytes; /* of the record, this head too; later versions only append */
	uint32_t index; /* among those of its type */
	uint64_t tick;	/* number of the interval, the first is 1 */
};

struct ferry_stats_node {
	struct ferry_stats_head head;
	char name[FERRY_STATS_NAME_MAX];
	char version[16];
	uint32_t id;
	uint32_t count; /* records of this interval, this one too */
	uint64_t first; /* number of the first of them */
	uint64_t utc_ns, now_ns, uptime_ns, interval_ns;
	uint64_t received, originated, copies, sent, delivered, consumed, queued, dropped;
	uint64_t pool_size, pool_in_use; /* packets */
	uint64_t headers_size, headers_in_use;
	double cpuload; /* busy time / all, of all workers, 0 to 1 */
};

struct ferry_stats_worker {
	struct ferry_stats_head head;
	uint64_t busy_ns, idle_ns;
	double busy_share; /* of the last interval */
	uint64_t polls, polls_busy, sleeps, events_lost;
	uint64_t received, originated, sent, delivered, handed_in, handed_out;
	uint64_t bursts[4]; /* empty, up to half, more, full */
	uint64_t turns[16]; /* bin i: shorter than 2^i us; the last: all others */
};

struct ferry_stats_port {
	struct ferry_stats_head head;
	char name[FERRY_STATS_NAME_MAX];
	uint32_t up;	  /* 0 or 1 */
	uint32_t counted; /* 1: the device counts, what follows is known */
	uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
	double rx_pps, rx_bps, tx_pps, tx_bps; /* bit/s */
	uint64_t rx_missed, rx_errors, rx_no_buffer, tx_errors;
	uint64_t impair_lost; /* by the artificial line before it */
};

enum ferry_stats_link_state {
	FERRY_STATS_LINK_UNKNOWN,
	FERRY_STATS_LINK_UP,
	FERRY_STATS_LINK_DEGRADED,
	FERRY_STATS_LINK_DOWN,
	FERRY_STATS_LINK_PORT_DOWN,
	FERRY_STATS_LINK_UNRESOLVED,
	FERRY_STATS_LINK_SILENT,
	FERRY_STATS_LINK_STATES
};

enum ferry_stats_pacing {
	FERRY_STATS_PACING_NONE,
	FERRY_STATS_PACING_RATE,
	FERRY_STATS_PACING_TFRC,
	FERRY_STATS_PACING_TFRC_SP,
	FERRY_STATS_PACINGS
};

struct ferry_stats_link {
	struct ferry_stats_head head;
	char name[FERRY_STATS_NAME_MAX]; /* of the neighbour; may be empty */
	char port[FERRY_STATS_NAME_MAX];
	uint32_t id; /* of the neighbour */
	uint32_t state;
	uint32_t pacing;
	uint32_t zero;
	uint64_t tx_packets, tx_bytes, tx_control, tx_drops;
	uint64_t rx_packets, rx_bytes, rx_control, rx_lost, rx_reordered, rx_duplicates;
	double tx_pps, tx_bps, rx_pps, rx_bps;
	double rtt_us, rtt_least_us, rtt_deviation_us;
	double probe_loss, data_loss; /* shares, 0 to 1: of the last probes; of DATA, smoothed */
	double loss_event_rate;	      /* of what we send, as the neighbour reports it */
	double rate_bps;	      /* that the link may send; NAN: as much as comes */
	double clock_offset_us;	      /* the neighbour's clock less ours */
};

struct ferry_stats_feeder {
	struct ferry_stats_head head;
	char name[FERRY_STATS_NAME_MAX];      /* of the neighbour; may be empty */
	uint32_t id;			      /* of the neighbour */
	uint32_t queues;		      /* conferences */
	uint64_t packets, bytes;	      /* that wait now */
	uint64_t taken, sent, drops, expired; /* of the queues that there are; may begin anew */
	double rate_bps;		      /* as the link's */
};

enum ferry_stats_session_state {
	FERRY_STATS_SESSION_STOPPED,
	FERRY_STATS_SESSION_RUNNING,
	FERRY_STATS_SESSION_FINISHED,
	FERRY_STATS_SESSION_STATES
};

enum ferry_stats_code {
	FERRY_STATS_CODE_OFF,
	FERRY_STATS_CODE_BLOCK,
	FERRY_STATS_CODE_WINDOW,
	FERRY_STATS_CODES
};

#define FERRY_STATS_SOURCE	1
#define FERRY_STATS_DESTINATION 2

/* One-way delays: bin i holds those up to ferry_stats_delay_bounds[i] us, the last all others. */
#define FERRY_STATS_DELAYS 17
#define FERRY_STATS_DELAY_BOUNDS                                                                   \
	{                                                                                          \
		100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000,      \
			1000000, 2000000, 5000000, 10000000                                        \
	}

/* A session that begins here and one that ends here are a record each. */
struct ferry_stats_session {
	struct ferry_stats_head head;
	uint32_t conference, session;
	char conference_name[FERRY_STATS_NAME_MAX];
	char session_name[FERRY_STATS_NAME_MAX];
	uint32_t role;		 /* FERRY_STATS_SOURCE or _DESTINATION */
	uint32_t state;		 /* of a source; a destination runs */
	uint64_t packets, bytes; /* sent, or delivered: payloads */
	double pps, bps;
	double limit_bps, allowed_bps; /* of a source */
	uint64_t refused; /* source: policed, too large, while stopped, without a buffer */
	/* Of a destination: */
	uint64_t lost, reordered, duplicates, too_old, egress_drops;
	double loss;	       /* share of all packets so far, 0 to 1 */
	double recent_loss;    /* of the last interval's */
	double jitter_us;      /* RFC 3550, 6.4.1 */
	uint32_t clocks_agree; /* 1: delays are absolute; 0: above the least of the last minute */
	uint32_t number; /* another if it was removed and defined again, and counts from then */
	double delay_p50_us, delay_p99_us, delay_max_us; /* since its start */
	uint64_t delays[FERRY_STATS_DELAYS];
	/* Network coding; what follows is 0 (shares: NAN) where it is off. */
	uint32_t code;	      /* enum ferry_stats_code */
	uint32_t span;	      /* source packets of a generation, of the window */
	double repair;	      /* source: repair packets to a source packet, as it now sends */
	uint64_t repairs;     /* repair packets: sent, or come */
	uint64_t generations; /* of blocks: closed, or decoded whole */
	uint64_t decoded;     /* source: generations that all destinations have, as they said */
	uint64_t recovered;   /* destination: source packets that were computed */
	uint64_t dependent;   /* destination: repair packets that said nothing new */
	uint64_t given_up;    /* source: generations; destination: repair packets not used */
	/* Adaptive repair at a source goes by the greater need of both; else NAN. */
	double links_loss; /* of the links that its flows begin with */
	double way_loss;   /* of the whole way, as the root told it */
};

struct ferry_stats_drop {
	struct ferry_stats_head head;
	char reason[FERRY_STATS_NAME_MAX];
	uint64_t packets;
	double pps;
};

union ferry_stats_record {
	struct ferry_stats_head head;
	struct ferry_stats_node node;
	struct ferry_stats_worker worker;
	struct ferry_stats_port port;
	struct ferry_stats_link link;
	struct ferry_stats_feeder feeder;
	struct ferry_stats_session session;
	struct ferry_stats_drop drop;
	uint64_t words[FERRY_STATS_WORDS];
};

struct ferry_stats_slot {
	uint64_t sequence;
	uint64_t words[FERRY_STATS_WORDS];
};

#endif
