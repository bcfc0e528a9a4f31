/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "epoch.h"
#include "ferryd.h"
#include "log.h"
#include "regular_file.h"

/* The configuration knows nothing of the dataplane; what it lets through must have a place there.
 */
static_assert(CONFIG_WORKERS_MAX <= WORKERS_MAX, "workers");
static_assert(
	CONFIG_PORTS_MAX <= WORKER_PORTS_MAX && CONFIG_PORTS_MAX <= UNDERLAY_PORTS_MAX, "ports");
static_assert(CONFIG_QUEUES_MAX <= PORT_QUEUES_MAX, "queues");
static_assert(CONFIG_ADDRESSES_MAX <= PORT_ADDRESSES_MAX &&
		      CONFIG_ADDRESSES_MAX <= UNDERLAY_ADDRESSES_MAX,
	"addresses");
static_assert(CONFIG_FLOWS_MAX <= SOURCE_FLOWS_MAX, "flows");
static_assert(CONFIG_NAME_MAX < PORT_NAME_MAX && CONFIG_NAME_MAX < UNDERLAY_NAME_MAX &&
		      CONFIG_NAME_MAX < sizeof(((struct node *)NULL)->name),
	"names");

/* Places for links that are on their way out while others have come already. */
#define SPARE_LINKS 16

/* A start within so many seconds of the last one must not look older than it. */
#define EPOCH_NEAR 60

/*
 * Nor must one nine hours or more after it, when the seconds look older: it begins so far ahead of
 * the last one, whose links and sessions that came and went may have been ahead of it too.
 */
#define EPOCH_AHEAD 0x4000

/* The folder of the control socket, as its server would make it. */
static void
make_folder(const char *socket)
{
	char path[256];
	char *slash;

	snprintf(path, sizeof(path), "%s", socket);
	slash = strrchr(path, '/');
	if (slash != NULL && slash != path) {
		*slash = '\0';
		(void)mkdir(path, 0755);
	}
}

/*
 * Who else may write the directory may have laid something there for us to wait for, or to write
 * over. NULL with why not.
 */
static FILE *
open_epoch(const char *path, const char **why)
{
	int fd = regular_file_open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644, why);
	FILE *file = NULL;
	struct stat status;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) != 0 || status.st_uid != geteuid() || status.st_nlink != 1) {
		*why = "it is not only ours, remove it";
	} else {
		file = fdopen(fd, "r+");
		if (file == NULL)
			*why = strerror(errno);
	}
	if (file == NULL)
		close(fd);
	return file;
}

/* Makes epoch newer than the last one, and keeps it. 0, or -1 with errno. */
static int
keep_epoch(FILE *file, uint16_t *epoch)
{
	unsigned int last;

	if (fscanf(file, "%5u", &last) == 1 && last <= UINT16_MAX &&
		!epoch_is_newer(*epoch, (uint16_t)last))
		*epoch = (uint16_t)(last +
				    ((uint16_t)(last - *epoch) < EPOCH_NEAR ? 1 : EPOCH_AHEAD));
	rewind(file);
	if (ftruncate(fileno(file), 0) != 0 || fprintf(file, "%u\n", *epoch) < 0)
		return -1;
	return fflush(file);
}

/*
 * The last epoch is kept beside the control socket. Where it cannot be, two starts within one
 * second (or the same, by a clock that begins anew with the machine) are taken for one by the
 * neighbours: DATA is too old to them for a tenth of a second, and to sessions for 2 s (WIRE.md,
 * 3 and 6); what lies within a window of the last is a duplicate.
 */
static uint16_t
choose_epoch(const struct config *config)
{
	uint16_t epoch = (uint16_t)time(NULL);
	const char *why = NULL;
	char path[256];
	FILE *file;

	make_folder(config->node.socket);
	snprintf(path, sizeof(path), "%s.epoch", config->node.socket);
	file = open_epoch(path, &why);
	if (file != NULL && keep_epoch(file, &epoch) != 0)
		why = strerror(errno);
	if (why != NULL)
		log_line(LOG_WARNING,
			"%s: cannot be written: %s; restarts within a second will "
			"not be told apart",
			path, why);
	if (file != NULL)
		fclose(file);
	return epoch;
}

static void
far_off(void *ctx, int64_t offset_ns)
{
	(void)ctx;
	log_line(LOG_WARNING,
		"the host's UTC is %.3f s from the node's; time stamps follow by 0.5 ms "
		"a second, or at once when the node is started anew",
		(double)offset_ns * 1e-9);
}

int
boot_node(void *ctx)
{
	struct ferryd *f = ctx;
	const struct config_node *own = &f->config->node;
	struct tsc_clock tsc;
	struct node_params params = {
		.name = own->name,
		.id = own->id,
		.epoch = choose_epoch(f->config),
		.nb_workers = (uint16_t)own->workers,
		.max_links = (uint16_t)(f->config->peer_count + own->capacity.peers + SPARE_LINKS),
		.may_sleep = own->idle == CONFIG_IDLE_ADAPTIVE,
		.seed = rte_rdtsc(),
	};
	const char *error;

	if (getrandom(&params.secret, sizeof(params.secret), 0) != sizeof(params.secret)) {
		log_line(LOG_ERR, "getrandom: %s", strerror(errno));
		return -1;
	}
	utc_clock_init(&f->utc, far_off, f);
	tsc_clock_init(&tsc);
	params.now = tsc_clock_now(&tsc);
	f->node = node_new(&params, &error);
	if (f->node == NULL) {
		log_line(LOG_ERR, "%s", error);
		return -1;
	}
	f->node->tsc = tsc;
	node_set_forwarding(f->node, own->forwarding == CONFIG_FORWARDING_INSTALLED);
	if (own->forwarding == CONFIG_FORWARDING_OPEN)
		log_line(LOG_INFO,
			"forwarding is open: of any session, what a peer sends is forwarded");
	else
		log_line(LOG_INFO,
			"forwarding is installed: only sessions that the node is told of");
	return 0;
}

void
undo_node(void *ctx)
{
	struct ferryd *f = ctx;

	node_free(f->node);
	f->node = NULL;
}
