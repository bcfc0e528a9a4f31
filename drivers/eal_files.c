/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "eal_files.h"

#define LOCKED "config" /* by whoever runs */

void
eal_files_remove(const char *directory, const char *prefix)
{
	const char *name = strrchr(directory, '/');
	const struct dirent *entry;
	DIR *dir;

	if (name == NULL || strcmp(name + 1, prefix) != 0)
		return;
	dir = opendir(directory);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, LOCKED) != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir != NULL) {
		(void)unlinkat(dirfd(dir), LOCKED, 0);
		closedir(dir);
	}
	(void)rmdir(directory);
}
