/* SPDX-License-Identifier: BSD-3-Clause */
/* Does the neighbour at the far end of a link live? */
#ifndef FERRY_LIVENESS_H
#define FERRY_LIVENESS_H

#include <stdint.h>

/* X(state, text) */
#define LINK_STATES(X)                                                                             \
	X(unknown, "nothing was asked or heard yet")                                               \
	X(up, "answers come")                                                                      \
	X(degraded, "answers come, but not to every probe")                                        \
	X(down, "nothing comes")

#define LINK_STATE_VALUE(state, text) LINK_STATE_##state,
enum link_state {
	LINK_STATES(LINK_STATE_VALUE) LINK_STATE_COUNT
};
#undef LINK_STATE_VALUE

/* "up"; the state must be one. */
const char *link_state_name(uint8_t state);

#endif
