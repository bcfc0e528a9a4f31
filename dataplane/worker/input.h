/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first stage: frames of one port, sorted into links' datagrams, ingress of sessions, and what
 * the control thread answers.
 */
#ifndef FERRY_INPUT_H
#define FERRY_INPUT_H

#include "worker.h"

/*
 * Takes frames that came in on a port, or were handed over by the worker on whose queue they came.
 */
void input_frames(struct worker *w, struct port *port, struct rte_mbuf **pkts, uint16_t n);

#endif
