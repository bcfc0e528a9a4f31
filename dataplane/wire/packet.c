/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include <rte_errno.h>

#include "packet.h"

int packet_meta_offset = -1;
uint64_t packet_sum_flag;
uint64_t packet_recode_flag;
uint64_t packet_held_flag;

static int
register_flag(const char *name, uint64_t *flag)
{
	struct rte_mbuf_dynflag params = {0};
	int bit;

	snprintf(params.name, sizeof(params.name), "%s", name);
	bit = rte_mbuf_dynflag_register(&params);
	if (bit < 0)
		return -rte_errno;
	*flag = UINT64_C(1) << bit;
	return 0;
}

int
packet_init(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "ferry_packet_meta",
		.size = sizeof(struct packet_meta),
		.align = __alignof__(struct packet_meta),
	};
	int rc;

	packet_meta_offset = rte_mbuf_dynfield_register(&field);
	if (packet_meta_offset < 0)
		return -rte_errno;
	rc = register_flag("ferry_packet_sum", &packet_sum_flag);
	if (rc == 0)
		rc = register_flag("ferry_packet_recode", &packet_recode_flag);
	if (rc == 0)
		rc = register_flag("ferry_packet_held", &packet_held_flag);
	return rc;
}
