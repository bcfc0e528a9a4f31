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
	if (fabs(value) >= 999.5)
		strcpy(text, value < 0 ? "<-999E" : ">999E");
	else if (unit == 0)
		snprintf(text, TOP_TEXT, "%.0f", value);
	else
		snprintf(text, TOP_TEXT,
			fabs(value) < 9.995   ? "%.2f%c"
			: fabs(value) < 99.95 ? "%.1f%c"
					      : "%.0f%c",
			value, units[unit]);
}

void
top_id(double id, char text[TOP_TEXT])
{
	snprintf(text, TOP_TEXT, "%.0f", id);
}

/* The sign takes the place of a digit. */
void
top_share(double share, char text[TOP_TEXT])
{
	double percent = share * 100;

	if (!isfinite(percent))
		strcpy(text, isfinite(share) ? share < 0 ? "<-999%" : ">9999%" : "-");
	else if (percent > -9.995 && percent < 99.995)
		snprintf(text, TOP_TEXT, "%.2f%%", percent);
	else if (percent > -999.5 && percent < 9999.5)
		snprintf(text, TOP_TEXT, "%.0f%%", percent);
	else
		strcpy(text, percent < 0 ? "<-999%" : ">9999%");
}

void
top_us(double us, char text[TOP_TEXT])
{
	double size = fabs(us);

	if (!isfinite(us))
		strcpy(text, "-");
	else if (size < 999.5)
		snprintf(text, TOP_TEXT, "%.0fus", us);
	else if (size < 999500)
		snprintf(text, TOP_TEXT, us > -9950 && us < 99950 ? "%.1fms" : "%.0fms", us / 1e3);
	else if (size < 999.5e6)
		snprintf(text, TOP_TEXT,
			size < 9.995e6	 ? "%.2fs"
			: size < 99.95e6 ? "%.1fs"
					 : "%.0fs",
			us / 1e6);
	else
		strcpy(text, us < 0 ? "<-999s" : ">999s");
}
