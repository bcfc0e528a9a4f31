/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "top_text.h"

void
top_number(double value, char text[TOP_TEXT])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	if (!isfinite(value)) {
		strcpy(text, "-");
		return;
	}
	for (; fabs(value) >= 999.5 && unit + 1 < strlen(units); unit++)
		value /= 1000;
	if (unit == 0)
		snprintf(text, TOP_TEXT, "%.0f", value);
	else
		snprintf(text, TOP_TEXT,
			fabs(value) < 9.995   ? "%.2f%c"
			: fabs(value) < 99.95 ? "%.1f%c"
					      : "%.0f%c",
			value, units[unit]);
}

void
top_share(double share, char text[TOP_TEXT])
{
	if (isfinite(share))
		snprintf(text, TOP_TEXT, "%.2f%%", share * 100);
	else
		strcpy(text, "-");
}

void
top_us(double us, char text[TOP_TEXT])
{
	if (!isfinite(us))
		strcpy(text, "-");
	else if (fabs(us) < 999.5)
		snprintf(text, TOP_TEXT, "%.0fus", us);
	else if (fabs(us) < 999500)
		snprintf(text, TOP_TEXT, "%.1fms", us / 1e3);
	else
		snprintf(text, TOP_TEXT, "%.2fs", us / 1e6);
}
