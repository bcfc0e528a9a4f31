/* SPDX-License-Identifier: BSD-3-Clause */
/* The trace file of a generator: the bytes of one frame a line, comments behind '#'. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"
#include "regular_file.h"

#define FRAME_MAX 10000000

/* 1: a frame, 0: nothing in the line, -1: something else. */
static int
trace_line(const char *line, uint32_t *frame)
{
	unsigned long value;
	char *end;

	while (isspace((unsigned char)*line))
		line++;
	if (*line == 0 || *line == '#')
		return 0;
	if (!isdigit((unsigned char)*line))
		return -1;
	errno = 0;
	value = strtoul(line, &end, 10);
	while (isspace((unsigned char)*end))
		end++;
	if (errno != 0 || value == 0 || value > FRAME_MAX || (*end != 0 && *end != '#'))
		return -1;
	*frame = (uint32_t)value;
	return 1;
}

static void
trace_lines(struct config_reader *reader, const struct config_where *where, FILE *file,
	struct config_generator *g)
{
	struct config_where here = {g->trace, 0, where->order};
	uint32_t *frames = NULL;
	uint32_t room = 0;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) >= 0) {
		uint32_t frame;
		int kind = trace_line(line, &frame);

		here.line++;
		if (kind < 0 || g->frame_count == CONFIG_TRACE_MAX) {
			config_check_fail(reader, &here,
				kind < 0 ? "a line of a trace must be the bytes of a frame, 1 to %u"
					 : "a trace must have at most %u frames",
				kind < 0 ? FRAME_MAX : CONFIG_TRACE_MAX);
			break;
		}
		if (kind == 0)
			continue;
		if (g->frame_count == room) {
			uint32_t *more;

			room = room == 0 ? 1024 : room * 2;
			more = config_memory_get(reader->source->memory, room * sizeof(*more));
			if (g->frame_count > 0)
				memcpy(more, frames, g->frame_count * sizeof(*more));
			frames = more;
		}
		frames[g->frame_count++] = frame;
	}
	g->frames = frames;
	if (!feof(file) && !ferror(file))
		goto out;
	here.line = 0;
	if (ferror(file))
		config_check_fail(reader, &here, "cannot read the trace: %s", strerror(errno));
	else if (g->frame_count == 0)
		config_check_fail(reader, &here, "a trace must have at least one frame");
out:
	free(line);
}

void
config_trace_read(
	struct config_reader *reader, const struct config_where *where, struct config_generator *g)
{
	const char *why;
	FILE *file = regular_file_read(g->trace, &why);

	if (file == NULL) {
		config_check_fail(reader, where,
			"ingress generator: cannot open the trace \"%s\": %s", g->trace, why);
		return;
	}
	trace_lines(reader, where, file, g);
	fclose(file);
}
