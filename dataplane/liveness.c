/* SPDX-License-Identifier: BSD-3-Clause */
#include "liveness.h"

#define LINK_STATE_NAME(state, text) #state,
static const char *const names[] = {LINK_STATES(LINK_STATE_NAME)};

const char *
link_state_name(uint8_t state)
{
	return names[state];
}
