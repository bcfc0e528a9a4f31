/* SPDX-License-Identifier: BSD-3-Clause */
#include "boot_table.h"
#include "log.h"

int
boot_table_up(
	const struct boot_row *rows, size_t count, bool (*ends)(void *ctx), void *ctx, size_t *up)
{
	int ret = 0;

	*up = 0;
	while (*up < count && ret == 0 && (ends == NULL || !ends(ctx))) {
		const struct boot_row *row = &rows[(*up)++];

		if (row->boot != NULL)
			ret = row->boot(ctx);
		if (ret < 0)
			log_line(LOG_ERR, "start failed at: %s", row->what);
	}
	return ret;
}

void
boot_table_down(const struct boot_row *rows, size_t up, void *ctx)
{
	while (up-- > 0)
		if (rows[up].undo != NULL)
			rows[up].undo(ctx);
}
