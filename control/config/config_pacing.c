/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "config_private.h"

#define RATE "rate:"

const char *
config_pacing_text(const struct config_peer *peer, char *buf)
{
	if (peer->pacing == CONFIG_PACING_RATE)
		snprintf(buf, CONFIG_PACING_TEXT, RATE "%" PRIu64, peer->pacing_rate);
	else
		snprintf(buf, CONFIG_PACING_TEXT, "%s", config_pacing_words[peer->pacing]);
	return buf;
}

bool
config_pacing_parse(const char *text, struct config_peer *peer)
{
	for (uint32_t i = 0; config_pacing_words[i] != NULL; i++) {
		if (i == CONFIG_PACING_RATE || strcmp(text, config_pacing_words[i]) != 0)
			continue;
		peer->pacing = i;
		return true;
	}
	peer->pacing = CONFIG_PACING_RATE;
	return strncmp(text, RATE, strlen(RATE)) == 0 &&
	       config_rate_parse(text + strlen(RATE), &peer->pacing_rate) &&
	       peer->pacing_rate >= CONFIG_RATE_MIN && peer->pacing_rate <= CONFIG_RATE_MAX;
}

void
config_read_pacing(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] =
		"\"tfrc\", \"tfrc-sp\", \"none\", or \"rate:\" and bit/s from 1000 to "
		"1000000000000, as \"rate:2.5M\" (k, M, G)";
	struct config_peer *peer = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value != NULL && !config_pacing_parse(value, peer))
		config_reader_want(reader, setting, "%s", wanted);
}

void
config_print_pacing(
	struct config_printer *printer, const struct config_key *key, const void *object)
{
	char text[CONFIG_PACING_TEXT];

	config_print_string(printer, key, config_pacing_text(object, text));
}
