/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a configuration that have conferences. One thread. */
#ifndef FERRY_ROOT_SOURCES_H
#define FERRY_ROOT_SOURCES_H

#include "root.h"

#define ROOT_CONFERENCES "conferences" /* the files', as last taken; of the store */

struct root_source {
	uint32_t id, file;
	const struct config_conference *conference;
};

/* The files of a configuration, and in [0] what it has itself. */
struct root_sources {
	struct config **files;
	uint32_t count;
	struct root_book_saved *saved; /* of each file; NULL: nothing has changed */
	struct root_source *all;       /* what all files have, by id, then as files are */
	uint32_t all_count;
};

/* False with mistakes in errs. */
bool root_sources_read(
	struct root_config *config, struct root_sources *sources, struct config_errors *errs);
void root_sources_free(struct root_sources *sources);
/* The text of all, by which a change is seen; for free(). */
char *root_sources_text(const struct root_sources *sources);
bool root_sources_have(const struct root_sources *sources, uint32_t conference);

/* All of it in the store, for root_sources_put(). 0, or -1 with mistakes in errs, or error. */
int root_sources_save(struct root *root, struct root_sources *sources, const char *text,
	struct config_errors *errs, char *error);
/* The same only of what the book was left without. */
int root_sources_save_left(
	struct root *root, struct root_sources *sources, struct config_errors *errs, char *error);
/* Is a conference that the book was left without in one of the files? */
bool root_sources_has_left(const struct root *root, const struct root_sources *sources);
/* The store has it for good. */
void root_sources_put(struct root *root, struct root_sources *sources);

#endif
