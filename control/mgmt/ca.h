/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test authority: keys (P-256) and certificates for nodes and the root program, as management
 * connections want them (mgmt_tls.h). For a first network and for tests; who has an authority of
 * their own makes certificates with that.
 */
#ifndef FERRY_CA_H
#define FERRY_CA_H

#include <stddef.h>

#define CA_DAYS 3650 /* for which certificates hold */

/*
 * In a directory, which is made if it is not there: authority.pem and authority.key, unless both
 * are there, then they are used; root.pem and root.key of the root program, unless they are there;
 * and NAME.pem and NAME.key for each name. Keys have mode 0600. No file is overwritten. 0, or -1
 * with a sentence in error.
 */
int
ca_make(const char *directory, const char *const *names, size_t count, char *error, size_t size);

#endif
