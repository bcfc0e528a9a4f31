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

/* A packet that goes back to its pool as it is: nobody else has it, and it is in one piece. */
static inline bool
is_bare(const struct rte_mbuf *m)
{
	return rte_mbuf_refcnt_read(m) == 1 && RTE_MBUF_DIRECT(m) && m->nb_segs == 1;
}

void
packet_free_bulk(struct rte_mbuf **packets, unsigned int n)
{
	struct rte_mempool *pool = packets[0]->pool;
	unsigned int bare = 0;

	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = packets[i];

		if (likely(is_bare(m) && m->pool == pool))
			packets[bare++] = m;
		else
			rte_pktmbuf_free(m);
	}
	if (likely(bare > 0))
		rte_mempool_put_bulk(pool, (void **)packets, bare);
}
