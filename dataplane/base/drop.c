/* SPDX-License-Identifier: BSD-3-Clause */
#include "drop.h"

static const struct {
	const char *name;
	const char *text;
} reasons[DROP_COUNT] = {[DROP_none] = {"none", "not dropped"},
#define DROP_ROW(name, text) [DROP_##name] = {#name, text},
	DROP_REASONS(DROP_ROW)
#undef DROP_ROW
};

const char *
drop_name(enum drop_reason reason)
{
	return (unsigned int)reason < DROP_COUNT ? reasons[reason].name : "?";
}

const char *
drop_text(enum drop_reason reason)
{
	return (unsigned int)reason < DROP_COUNT ? reasons[reason].text : "?";
}
