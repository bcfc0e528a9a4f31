/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Follows kernel interfaces (of ports over af_packet, af_xdp, tap) by netlink: their drivers do not
 * tell when the interface goes down. An interface is up when IFF_UP and IFF_LOWER_UP are set, and
 * down too when it is gone. Needs no privileges. Control thread; never blocks.
 */
#ifndef FERRY_LINK_WATCH_H
#define FERRY_LINK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct link_watch;

/*
 * Called from link_watch_read() alone: with the first state of each interface, then with changes.
 * mtu: 0 = not known, as of one that is gone.
 */
typedef void (*link_watch_fn)(void *ctx, int ifindex, bool up, uint32_t mtu);

/*
 * NULL and errno if there is no netlink socket to be had. It watches the network namespace of now.
 */
struct link_watch *link_watch_open(link_watch_fn changed, void *ctx);
void link_watch_close(struct link_watch *watch);

/*
 * Follow one more interface; its state is asked for, and told by a later link_watch_read() also if
 * it does not exist (down). Twice the same is once. 0 or -ENOMEM, or an error of the socket.
 */
int link_watch_add(struct link_watch *watch, int ifindex);

/* To be polled for reading. */
int link_watch_fd(const struct link_watch *watch);

/*
 * Reads what is there and tells what changed. After lost messages it asks for everything anew.
 * 0, or -errno: the socket is of no more use.
 */
int link_watch_read(struct link_watch *watch);

#endif
