/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Prepared headers of egress datagrams. Destinations whose datagrams differ in nothing but UDP
 * ports share them where the ports are in no checksum of the template (IPv4). Control thread; a
 * worker reads what it finds published.
 */
#ifndef FERRY_EGRESS_HEADER_H
#define FERRY_EGRESS_HEADER_H

#include "frame.h"

struct node;

/* Headers that lie so that those of up to 48 bytes, with all else, fill one cache line. */
#define EGRESS_SHORT_HEADER 48

/* Headers for these ends, counted as used once more. NULL: memory is short. */
const struct frame_template *
egress_header_get(struct node *node, const struct port *port, const struct frame_endpoints *ends);

/* One user less; no worker of that user's can see it any more. */
void egress_header_put(const struct frame_template *t);

/* The same once that is so. */
void egress_header_put_later(const struct frame_template *t);

#endif
