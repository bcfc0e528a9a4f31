/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "eal_files.h"

#define LOCKED "config" /* by whoever runs */

int
eal_files_hold(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)flock(fd, LOCK_SH);
	return fd;
}

static void
remove_entries(DIR *dir)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, LOCKED) != 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)unlinkat(dirfd(dir), LOCKED, 0);
}

void
eal_files_remove(const char *directory, const char *prefix)
{
	const char *name = strrchr(directory, '/');
	DIR *dir;

	if (name == NULL || strcmp(name + 1, prefix) != 0)
		return;
	dir = opendir(directory);
	if (dir == NULL)
		return;
	if (flock(dirfd(dir), LOCK_EX | LOCK_NB) == 0) {
		remove_entries(dir);
		(void)rmdir(directory);
	}
	closedir(dir);
}
