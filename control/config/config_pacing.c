/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "config_private.h"

#define RATE "rate:"

static const char *const names[] = {[CONFIG_PACING_TFRC] = "tfrc",
	[CONFIG_PACING_TFRC_SP] = "tfrc-sp",
	[CONFIG_PACING_RATE] = "rate",
	[CONFIG_PACING_NONE] = "none"};

const char *
config_pacing_name(uint32_t pacing)
{
	return names[pacing];
}

void
config_read_pacing(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] =
		"\"tfrc\", \"tfrc-sp\", \"none\", or \"rate:\" and bit/s from 1000 to "
		"1000000000000, as \"rate:2.5M\" (k, M, G)";
	struct config_peer *peer = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value == NULL)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (i == CONFIG_PACING_RATE || strcmp(value, names[i]) != 0)
			continue;
		peer->pacing = (uint32_t)i;
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

	if (peer->pacing != CONFIG_PACING_RATE)
		snprintf(text, sizeof(text), "%s", names[peer->pacing]);
	else
		snprintf(text, sizeof(text), RATE "%" PRIu64, peer->pacing_rate);
	config_print_string(printer, key, text);
}
