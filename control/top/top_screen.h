/* SPDX-License-Identifier: BSD-3-Clause */
/* ferrytop on a terminal of at least 80 by 24 (less is cut). */
#ifndef FERRY_TOP_SCREEN_H
#define FERRY_TOP_SCREEN_H

#include "top_source.h"

/* Until q is pressed. view: which one is shown first; pause: ms between two looks. Exit status. */
int top_screen(struct top_source *source, size_t view, int pause);

#endif
