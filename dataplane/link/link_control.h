/* SPDX-License-Identifier: BSD-3-Clause */
/* What neighbours say to each other beside DATA: FEEDBACK, PROBE, PROBE_REPLY, DECODED. */
#ifndef FERRY_LINK_CONTROL_H
#define FERRY_LINK_CONTROL_H

#include "link_input.h"

/* Consumes, answers or drops m by name. The worker on whose queue it came. */
void link_control_input(struct worker *w, struct link_datagram *datagram);

/* The part of that which is the owner's of the link: arrived is when m came, ns. */
void link_control_owned(
	struct worker *w, struct link *link, uint8_t type, struct rte_mbuf *m, uint64_t arrived);

#endif
