/* SPDX-License-Identifier: BSD-3-Clause */
/* Of libferry-stats: words for what records hold as numbers, and delays. */
#include <math.h>

#include "ferry_stats.h"

const uint32_t ferry_stats_delay_bounds[FERRY_STATS_DELAYS - 1] = FERRY_STATS_DELAY_BOUNDS;

const char *
ferry_stats_liveness_name(enum ferry_stats_liveness liveness)
{
	static const char *const names[] = {
		[FERRY_STATS_LIVES] = "lives",
		[FERRY_STATS_SILENT] = "silent",
		[FERRY_STATS_OVER] = "ended",
		[FERRY_STATS_REPLACED] = "replaced",
		[FERRY_STATS_GONE] = "gone",
	};

	return (unsigned int)liveness < sizeof(names) / sizeof(names[0]) ? names[liveness] : "?";
}

const char *
ferry_stats_link_state_name(uint32_t state)
{
	static const char *const names[FERRY_STATS_LINK_STATES] = {
		[FERRY_STATS_LINK_UNKNOWN] = "unknown",
		[FERRY_STATS_LINK_UP] = "up",
		[FERRY_STATS_LINK_DEGRADED] = "degraded",
		[FERRY_STATS_LINK_DOWN] = "down",
		[FERRY_STATS_LINK_PORT_DOWN] = "port down",
		[FERRY_STATS_LINK_UNRESOLVED] = "unresolved",
		[FERRY_STATS_LINK_SILENT] = "silent",
	};

	return state < FERRY_STATS_LINK_STATES ? names[state] : "?";
}

const char *
ferry_stats_pacing_name(uint32_t pacing)
{
	static const char *const names[FERRY_STATS_PACINGS] = {
		[FERRY_STATS_PACING_NONE] = "none",
		[FERRY_STATS_PACING_RATE] = "rate",
		[FERRY_STATS_PACING_TFRC] = "tfrc",
		[FERRY_STATS_PACING_TFRC_SP] = "tfrc-sp",
	};

	return pacing < FERRY_STATS_PACINGS ? names[pacing] : "?";
}

const char *
ferry_stats_session_state_name(uint32_t state)
{
	static const char *const names[FERRY_STATS_SESSION_STATES] = {
		[FERRY_STATS_SESSION_STOPPED] = "stopped",
		[FERRY_STATS_SESSION_RUNNING] = "running",
		[FERRY_STATS_SESSION_FINISHED] = "finished",
	};

	return state < FERRY_STATS_SESSION_STATES ? names[state] : "?";
}

const char *
ferry_stats_code_name(uint32_t code)
{
	static const char *const names[FERRY_STATS_CODES] = {
		[FERRY_STATS_CODE_OFF] = "off",
		[FERRY_STATS_CODE_BLOCK] = "block",
		[FERRY_STATS_CODE_WINDOW] = "window",
	};

	return code < FERRY_STATS_CODES ? names[code] : "?";
}

double
ferry_stats_delay_quantile(const uint64_t delays[FERRY_STATS_DELAYS], double q)
{
	double total = 0, before = 0, low = 0;

	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		total += (double)delays[i];
	if (!(total > 0))
		return (double)NAN;
	for (int i = 0; i < FERRY_STATS_DELAYS - 1; i++) {
		double high = ferry_stats_delay_bounds[i], n = (double)delays[i];

		if (n > 0 && before + n >= q * total)
			return low + (high - low) * fmax(0, q * total - before) / n;
		before += n;
		low = high;
	}
	/* Beyond the last bound nothing more is known. */
	return low;
}
