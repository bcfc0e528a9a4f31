/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "mgmt_rules.h"

/* May this neighbour speak as from. */
static bool
may_speak(const char *from, const char *neighbour, enum mgmt_side side, const char *own,
	const struct mgmt_placed *placed)
{
	if (side == MGMT_BELOW)
		return strcmp(from, neighbour) == 0 || mgmt_placed_below(placed, from, neighbour);
	return strcmp(from, MESSAGE_ROOT) == 0 ||
	       (strcmp(from, own) != 0 && mgmt_placed_find(placed, from) == NULL);
}

enum mgmt_verdict
mgmt_judge(const struct message *message, const char *from, const char *neighbour,
	enum mgmt_side side, const char *own, const struct mgmt_placed *placed, uint64_t now)
{
	bool root_only = (message_type_rules(message->type) & MESSAGE_FROM_ROOT) != 0 ||
			 strcmp(message->to, MESSAGE_EVERYBODY) == 0;

	if (!may_speak(from, neighbour, side, own, placed))
		return MGMT_WRONG_FROM;
	if (root_only && strcmp(from, MESSAGE_ROOT) != 0)
		return MGMT_FORBIDDEN;
	if (message->time + MESSAGE_AGE_MAX < now || message->time > now + MESSAGE_AGE_MAX)
		return MGMT_OLD;
	return message->hops > MESSAGE_HOPS_MAX ? MGMT_LOOPED : MGMT_FINE;
}
