/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a node shows, for DPDK's telemetry (dpdk-telemetry.py): read-only, under /ferry. Lists come
 * in pages, with the offset of the next; an item is asked for by its id.
 *
 *   /ferry/node
 *   /ferry/ports[,OFFSET]                       names
 *   /ferry/port,NAME
 *   /ferry/links[,OFFSET]                       NodeIDs
 *   /ferry/link,NODE
 *   /ferry/sessions[,OFFSET]                    "CONF,SESSION"
 *   /ferry/session,CONF,SESSION
 *   /ferry/flows,CONF,SESSION[,OFFSET]
 *   /ferry/drops
 *
 * The handlers run in a thread of DPDK's and take control_lock.
 */
#ifndef FERRY_TELEMETRY_H
#define FERRY_TELEMETRY_H

#include "show.h"

/*
 * Registers the commands, once a process, after rte_eal_init. view is read from now on, until
 * telemetry_stop; then the commands answer nothing. 0 or a negative errno.
 */
int telemetry_start(const struct show_view *view);
void telemetry_stop(void);

#endif
