/* SPDX-License-Identifier: BSD-3-Clause */
/* A test's directory of its own, removed with all that is in it. */
#ifndef FERRY_TEST_UNIT_TREE_H
#define FERRY_TEST_UNIT_TREE_H

#include <ftw.h>
#include <stdio.h>

static inline int
unit_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* 0, or what nftw(3) says. */
static inline int
unit_remove_tree(const char *directory)
{
	return nftw(directory, unit_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
