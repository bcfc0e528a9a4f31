/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_errno.h>

#include "packet.h"

int packet_meta_offset = -1;
uint64_t packet_sum_flag;

int
packet_init(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "ferry_packet_meta",
		.size = sizeof(struct packet_meta),
		.align = __alignof__(struct packet_meta),
	};
	static const struct rte_mbuf_dynflag flag = {.name = "ferry_packet_sum"};
	int bit;

	packet_meta_offset = rte_mbuf_dynfield_register(&field);
	if (packet_meta_offset < 0)
		return -rte_errno;
	bit = rte_mbuf_dynflag_register(&flag);
	if (bit < 0)
		return -rte_errno;
	packet_sum_flag = UINT64_C(1) << bit;
	return 0;
}
