/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The own certificate, its key and the authority's: files that are renewed while the program runs.
 * They are looked at now and then. Changed ones are read when two looks found the same of all
 * three: then nobody is writing them, or has replaced one and not yet the other. Connections to
 * come are made with them; those that there are go on with what they began with.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>

#include "fnv.h"
#include "mgmt_private.h"
#include "mgmt_tls.h"

#define DAY_MS	  86400000u
#define SOON_DAYS 14
#define TIME_TEXT 64

static struct mgmt_file
look_at(const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return (struct mgmt_file){0};
	/* A file that is made usable by its mode alone has changed too. */
	return (struct mgmt_file){.device = status.st_dev,
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
		.modified = status.st_mtim,
		.changed = status.st_ctim};
}

static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
same(const struct mgmt_file *a, const struct mgmt_file *b)
{
	for (int i = 0; i < MGMT_FILES; i++) {
		if (a[i].device != b[i].device || a[i].inode != b[i].inode ||
			a[i].size != b[i].size || !same_time(&a[i].modified, &b[i].modified) ||
			!same_time(&a[i].changed, &b[i].changed))
			return false;
	}
	return true;
}

static const char *
time_text(int64_t seconds, char buf[TIME_TEXT])
{
	time_t when = seconds;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(buf, TIME_TEXT, "%F %T UTC", &tm) == 0)
		snprintf(buf, TIME_TEXT, "?");
	return buf;
}

static SSL_CTX *
read_files(struct mgmt *mgmt, char *error, size_t size)
{
	char *const *paths = mgmt->certificates.paths;

	return mgmt_tls_new(paths[MGMT_CERTIFICATE], paths[MGMT_KEY], paths[MGMT_AUTHORITY],
		mgmt->name, error, size);
}

static void
look_at_all(const struct mgmt_certificates *own, struct mgmt_file files[MGMT_FILES])
{
	for (int i = 0; i < MGMT_FILES; i++)
		files[i] = look_at(own->paths[i]);
}

/* Once a day, when it ends soon, and once more when it did. */
static void
tell_end(struct mgmt *mgmt, uint64_t now)
{
	struct mgmt_certificates *own = &mgmt->certificates;
	int64_t until = mgmt_tls_until(mgmt->tls);
	int64_t left = until - (int64_t)(mgmt_utc() / 1000);
	char text[TIME_TEXT];

	if (left > SOON_DAYS * (int64_t)(DAY_MS / 1000) ||
		(own->told && own->told_ended == (left < 0) && now < own->told_at + DAY_MS))
		return;
	own->told = true;
	own->told_ended = left < 0;
	own->told_at = now;
	mgmt_log(mgmt, LOG_WARNING,
		"management: the own certificate %s at %s: no connection can be made %s, replace "
		"\"%s\" and its key",
		left < 0 ? "ended" : "ends", time_text(until, text),
		left < 0 ? "until it is renewed" : "after that", own->paths[MGMT_CERTIFICATE]);
}

static void
renew(struct mgmt *mgmt, bool again)
{
	struct mgmt_certificates *own = &mgmt->certificates;
	char error[1024], text[TIME_TEXT];
	SSL_CTX *tls = read_files(mgmt, error, sizeof(error));

	if (tls == NULL) {
		uint64_t failed = fnv_add(FNV_BEGIN, error, strlen(error));

		if (!again || failed != own->failed)
			mgmt_log(mgmt, LOG_WARNING,
				"management: changed files cannot be used, what was read before "
				"is: %s",
				error);
		own->failed = failed;
		return;
	}
	own->failed = 0;
	/* Connections that there are keep the old one for as long as they need it. */
	SSL_CTX_free(mgmt->tls);
	mgmt->tls = tls;
	own->told = false;
	mgmt_log(mgmt, LOG_INFO,
		"management: changed files were read: the own certificate is valid until %s",
		time_text(mgmt_tls_until(tls), text));
}

void
mgmt_certificates_look(struct mgmt *mgmt, uint64_t now)
{
	struct mgmt_certificates *own = &mgmt->certificates;
	struct mgmt_file files[MGMT_FILES];
	bool settled, tried;

	if (mgmt->tls == NULL || now < own->next)
		return;
	own->next = now + mgmt->settings.renew;
	look_at_all(own, files);
	settled = same(files, own->seen);
	tried = same(files, own->tried);
	memcpy(own->seen, files, sizeof(files));
	/* What failed may have failed for another reason: too many open files, no memory. */
	if (settled && (!tried || own->failed != 0)) {
		memcpy(own->tried, files, sizeof(files));
		renew(mgmt, tried);
	}
	tell_end(mgmt, now);
}

int
mgmt_certificates_begin(struct mgmt *mgmt, char *error, size_t size)
{
	const struct mgmt_settings *from = &mgmt->settings;
	const char *const paths[MGMT_FILES] = {from->certificate, from->key, from->authority};
	struct mgmt_certificates *own = &mgmt->certificates;

	for (int i = 0; i < MGMT_FILES; i++) {
		own->paths[i] = strdup(paths[i]);
		if (own->paths[i] == NULL) {
			snprintf(error, size, "out of memory");
			return -1;
		}
	}
	/* Before they are read: what is written meanwhile is a change. */
	look_at_all(own, own->tried);
	memcpy(own->seen, own->tried, sizeof(own->seen));
	mgmt->tls = read_files(mgmt, error, size);
	if (mgmt->tls == NULL)
		return -1;
	tell_end(mgmt, mgmt_now());
	return 0;
}

void
mgmt_certificates_end(struct mgmt *mgmt)
{
	for (int i = 0; i < MGMT_FILES; i++)
		free(mgmt->certificates.paths[i]);
	SSL_CTX_free(mgmt->tls);
}

bool
mgmt_certificate_until(const struct mgmt *mgmt, int64_t *until)
{
	if (mgmt->tls == NULL)
		return false;
	*until = mgmt_tls_until(mgmt->tls);
	return true;
}
