/* SPDX-License-Identifier: BSD-3-Clause */
/* When what is known of loss is said again (linkloss, wayloss; PROTOCOL.md). */
#ifndef FERRY_LOSS_NEWS_H
#define FERRY_LOSS_NEWS_H

#include <stdbool.h>
#include <stdint.h>

#define LOSS_PAUSE_MS UINT64_C(1000)  /* never sooner than this after it was said last */
#define LOSS_AGAIN_MS UINT64_C(10000) /* in any case */
#define LOSS_OLD_MS   UINT64_C(30000) /* what was not said for so long is not known any more */

/* Is it another one: by an eighth and a thousandth (millionths)? */
static inline bool
loss_is_news(uint32_t told, uint32_t loss)
{
	uint32_t step = told > loss ? told - loss : loss - told;

	return step > told / 8 + 1000;
}

#endif
