/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What links lose, for adaptive repair: the node tells the root of its own links (`linkloss`), and
 * takes from it what the whole way of a session that starts here loses (`wayloss`). Control thread.
 */
#ifndef FERRY_MANAGE_LOSSES_H
#define FERRY_MANAGE_LOSSES_H

#include "manage.h"

manage_action manage_wayloss;

#endif
