/* SPDX-License-Identifier: BSD-3-Clause */
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config_private.h"

struct config_block {
	struct config_block *next;
	max_align_t data[];
};

struct config_memory {
	struct config_block *blocks;
};

struct config_memory *
config_memory_new(void)
{
	struct config_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL)
		err(1, "reading the configuration");
	return memory;
}

void
config_memory_free(struct config_memory *memory)
{
	if (memory == NULL)
		return;
	while (memory->blocks != NULL) {
		struct config_block *block = memory->blocks;

		memory->blocks = block->next;
		free(block);
	}
	free(memory);
}

void *
config_memory_get(struct config_memory *memory, size_t bytes)
{
	struct config_block *block = calloc(1, sizeof(*block) + bytes);

	if (block == NULL)
		err(1, "reading the configuration");
	block->next = memory->blocks;
	memory->blocks = block;
	return block->data;
}

char *
config_memory_copy(struct config_memory *memory, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(config_memory_get(memory, size), text, size);
}

char *
config_memory_printf(struct config_memory *memory, const char *format, ...)
{
	va_list args;
	char *text, *copy;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		err(1, "reading the configuration");
	va_end(args);
	copy = config_memory_copy(memory, text);
	free(text);
	return copy;
}
