/* SPDX-License-Identifier: BSD-3-Clause */
#include "config_connections.h"

/* Those of the files that are not set: "key and authority are". */
static void
missing_files(const struct config_connections *c, char *buf, size_t size)
{
	const char *const names[] = {c->certificate == NULL ? "certificate" : NULL,
		c->key == NULL ? "key" : NULL, c->authority == NULL ? "authority" : NULL};
	size_t count = 0, left, used = 0;

	for (size_t i = 0; i < RTE_DIM(names); i++)
		count += names[i] != NULL;
	left = count;
	for (size_t i = 0; i < RTE_DIM(names); i++) {
		if (names[i] == NULL)
			continue;
		left--;
		used += (size_t)snprintf(buf + used, size - used, "%s%s", names[i],
			left > 1    ? ", "
			: left == 1 ? " and "
			: count > 1 ? " are"
				    : " is");
	}
}

void
config_connections_check(
	struct config_reader *reader, config_setting_t *group, const struct config_connections *c)
{
	int files = (c->certificate != NULL) + (c->key != NULL) + (c->authority != NULL);
	char missing[64];

	if (c->plain && files > 0) {
		config_reader_fail(reader, group,
			"plain is true and certificate, key or authority is set; it must be one "
			"or the other");
	} else if (!c->plain && files != 3) {
		missing_files(c, missing, sizeof(missing));
		config_reader_fail(reader, group,
			"%s missing, %s must be set (or plain, on loopback)", missing,
			files == 2 ? "it" : "they");
	}
	if (c->dead_ms <= c->ping_ms)
		config_reader_fail(reader, group, "dead_ms is %u, it must be above ping_ms, %u",
			c->dead_ms, c->ping_ms);
}
