/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK's af_packet driver has no receive interrupt, but its sockets are descriptors of this
 * process: whoever waits on one is woken by the kernel as a frame comes.
 */
#ifndef FERRY_PACKET_SOCKET_H
#define FERRY_PACKET_SOCKET_H

/* The kernel interface of an AF_PACKET socket; 0 = it is none. */
unsigned int packet_socket_interface(int fd);

/* Up to n sockets of an interface (not 0); returns how many. */
unsigned int packet_socket_find(unsigned int if_index, int *fds, unsigned int n);

#endif
