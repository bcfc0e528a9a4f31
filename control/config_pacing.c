/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "config_private.h"

#define RATE "rate:"

const char *
config_pacing_name(uint32_t pacing)
{
	static const char *const names[] = {
		[CONFIG_PACING_NONE] = "none", [CONFIG_PACING_RATE] = "rate"};

	return names[pacing];
}

void
config_read_pacing(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] =
		"\"none\", or \"rate:\" and bit/s from 1000 to 1000000000000, as \"rate:2.5M\" (k, "
		"M, G)";
	struct config_peer *peer = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value == NULL)
		return;
	if (strcmp(value, "none") == 0) {
		peer->pacing = CONFIG_PACING_NONE;
		return;
	}
	peer->pacing = CONFIG_PACING_RATE;
	if (strncmp(value, RATE, strlen(RATE)) != 0 ||
		!config_rate_parse(value + strlen(RATE), &peer->pacing_rate) ||
		peer->pacing_rate < CONFIG_RATE_MIN || peer->pacing_rate > CONFIG_RATE_MAX)
		config_reader_want(reader, setting, "%s", wanted);
}

void
config_print_pacing(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_peer *peer = object;
	char text[64];

	if (peer->pacing == CONFIG_PACING_NONE)
		snprintf(text, sizeof(text), "none");
	else
		snprintf(text, sizeof(text), RATE "%" PRIu64, peer->pacing_rate);
	config_print_string(printer, key, text);
}
