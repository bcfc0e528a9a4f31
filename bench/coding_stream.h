/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A port that hands out the frames of one session as a destination, or a relay on the way to one,
 * receives them: without coding, or systematic generations with combinations made elsewhere, of
 * which a part is lost or none.
 *
 * All payloads are zeros, and so is any combination of them: any buffer can be any frame, and only
 * headers are written, as of a device that has written the rest. Seeds follow each other, as a
 * source's do.
 *
 * One thread.
 */
#ifndef FERRY_BENCH_CODING_STREAM_H
#define FERRY_BENCH_CODING_STREAM_H

#include "coding.h"
#include "loop.h"

#define STREAM_GENERATIONS 256 /* with losses of their own, then anew */
#define STREAM_REPAIRS	   5   /* combinations sent for CODING_K sources */
#define STREAM_LOSS	   20
#define STREAM_SENT	   (CODING_K + STREAM_REPAIRS)

struct coding_stream_params {
	const char *name;
	bool relayed; /* to be sent on to a destination; else the node is one */
	bool coded;
	bool lossy;	  /* one frame in STREAM_LOSS does not come */
	bool copied;	  /* what the node sends is copied out, as by who reads it */
	uint32_t packets; /* of the pool */
};

struct coding_stream {
	struct port port;
	struct coding_stream_params params;
	struct rte_mempool *pool;
	struct rte_mbuf *ahead[LOOP_BURST];
	bool primed;
	struct loop_traffic source, repair;		  /* their headers */
	uint8_t sums[STREAM_GENERATIONS][STREAM_REPAIRS]; /* of their coefficients */

	/* What comes of a generation: numbers below STREAM_SENT, sources first. */
	uint8_t come[STREAM_GENERATIONS][STREAM_SENT];
	uint8_t nb_come[STREAM_GENERATIONS];
	uint32_t come_sum; /* of all */

	uint32_t generation; /* counts on */
	uint32_t at;	     /* in it */
	uint64_t link_seq;
	uint32_t stamp; /* of the generation's sources */
	uint64_t sent;	/* by the node */
	uint8_t copy[LOOP_FRAME_MAX];
};

/* Ends the program when memory is short. */
void coding_stream_init(struct coding_stream *stream, const struct coding_stream_params *params);
void coding_stream_free(struct coding_stream *stream);

/* Frames for each source packet that was sent. */
double coding_stream_share(const struct coding_stream *stream);

/* A burst handed out and put back at once: what the stream itself costs. */
uint32_t coding_stream_io(struct coding_stream *stream, uint64_t now);

#endif
