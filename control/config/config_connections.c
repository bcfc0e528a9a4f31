/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_connections.h"

void
config_connections_check(
	struct config_reader *reader, config_setting_t *group, const struct config_connections *c)
{
	int files = (c->certificate != NULL) + (c->key != NULL) + (c->authority != NULL);

	if (c->plain && files > 0)
		config_reader_fail(reader, group,
			"plain is true and certificate, key or authority is set; it must be one "
			"or the other");
	else if (!c->plain && files != 3)
		config_reader_fail(reader, group,
			"certificate, key and authority must all be set (or plain, on loopback)");
	if (c->dead_ms <= c->ping_ms)
		config_reader_fail(reader, group, "dead_ms is %u, it must be above ping_ms, %u",
			c->dead_ms, c->ping_ms);
}
