/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that hands out the frames of one session as a destination, or a relay on the way to one,
 * receives them: without coding, or systematic generations of which a part is lost, with
 * combinations made elsewhere.
 *
 * All payloads are of one byte repeated, and seeds are chosen whose coefficients have the sum 1: a
 * combination of such payloads is the same bytes. So any buffer can be any frame, and only headers
 * are written, as of a device that has written the rest.
 *
 * One thread.
 */
#ifndef FERRY_BENCH_CODING_STREAM_H
#define FERRY_BENCH_CODING_STREAM_H

#include "coding.h"
#include "loop.h"

#define STREAM_GENERATIONS 256 /* with losses of their own, then anew */
#define STREAM_REPAIRS	   5   /* combinations sent for CODING_K sources */
#define STREAM_SENT	   (CODING_K + STREAM_REPAIRS)

struct coding_stream {
	struct port port;
	struct rte_mempool *pool;
	struct rte_mbuf *ahead[LOOP_BURST];
	bool coded, primed;
	struct loop_traffic source, repair; /* their headers */
	uint16_t seeds[STREAM_REPAIRS];

	/* What comes of a generation: numbers below STREAM_SENT, sources first. */
	uint8_t come[STREAM_GENERATIONS][STREAM_SENT];
	uint8_t nb_come[STREAM_GENERATIONS];
	uint32_t come_sum; /* of all */

	uint32_t generation; /* counts on */
	uint32_t at;	     /* in it */
	uint64_t link_seq;
	uint32_t stamp;
	uint64_t sent; /* by the node */
};

/* packets: of its pool. Ends the program when memory is short. */
void coding_stream_init(
	struct coding_stream *stream, const char *name, bool relayed, bool coded, uint32_t packets);
void coding_stream_free(struct coding_stream *stream);

/* Frames for each source packet that was sent. */
double coding_stream_share(const struct coding_stream *stream);

/* A burst handed out and put back at once: what the stream itself costs. */
uint32_t coding_stream_io(struct coding_stream *stream, uint64_t now);

#endif
