/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sends a link's probes and takes their answers, by a timer of the worker that owns the link; what
 * they say is liveness.h. Each change of state raises an event.
 */
#ifndef FERRY_PROBER_H
#define FERRY_PROBER_H

#include "link.h"
#include "worker.h"

/* All of these are called by the link's owner. */

/* Begins anew at link->probe_interval; 0 ends. */
void prober_begin(struct worker *w, struct link *link);

/* The link goes. */
void prober_end(struct worker *w, struct link *link);

/* A PROBE_REPLY of 16 bytes, its link header before them. m is taken. */
void prober_answer(struct worker *w, struct link *link, struct rte_mbuf *m, uint64_t arrived);

#endif
