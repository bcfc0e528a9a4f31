/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>

#include "control_lock.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
control_lock(void)
{
	pthread_mutex_lock(&lock);
}

void
control_unlock(void)
{
	pthread_mutex_unlock(&lock);
}
