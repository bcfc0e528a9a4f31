/* SPDX-License-Identifier: BSD-3-Clause */
/* An artificial line between two devices: the program. */
#include <err.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include "eal_files.h"
#include "ethdev.h"
#include "impair_options.h"
#include "impair_report.h"
#include "impair_wait.h"
#include "impair_wire.h"
#include "node.h"
#include "std_files.h"
#include "tsc.h"

#define DESCRIPTORS   512
#define POOL_CACHE    256
#define BURSTS	      128
#define BASE_MIB      32
#define ARGS_MAX      16
#define FRAME_HEADERS 22		   /* Ethernet, VLAN tag, checksum */
#define SECOND	      UINT64_C(1000000000) /* ns */
#define LOOK_NS	      20000000

/* Above all ordinary processes: what is due must not wait for them. */
#define PRIORITY 10

struct program {
	struct impair_options options;
	struct ethdev devs[2];
	struct port ports[2];
	struct rte_mempool *pool;
	struct impair_wire wire;
	struct impair_wait wait;
	struct tsc_clock clock;
	int control; /* a socket to ask the kernel about interfaces */
};

static volatile sig_atomic_t ending, asked;

static void
on_signal(int number)
{
	if (number == SIGUSR1)
		asked = 1;
	else
		ending = 1;
}

static void
catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
	struct sigaction action = {.sa_handler = on_signal};

	for (size_t i = 0; i < RTE_DIM(numbers); i++)
		sigaction(numbers[i], &action, NULL);
}

static uint16_t
buffer_bytes(const struct program *p)
{
	uint32_t room = RTE_PKTMBUF_HEADROOM + p->options.mtu + FRAME_HEADERS;

	return (uint16_t)RTE_ALIGN(RTE_MAX(room, (uint32_t)RTE_MBUF_DEFAULT_BUF_SIZE), 64);
}

/* All that may be held at once: on the line, by the devices, in our hands. */
static uint32_t
packets(const struct program *p)
{
	const struct impair_settings *s = p->options.settings;

	return (uint32_t)(s[0].frames + s[1].frames) + 4 * DESCRIPTORS + BURSTS +
	       POOL_CACHE * 3 / 2;
}

static void
list_cpus(char *list, size_t size)
{
	size_t used = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		err(EXIT_FAILURE, "sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE && used < size; i++)
		if (CPU_ISSET(i, &set))
			used += (size_t)snprintf(
				list + used, size - used, "%s%d", used == 0 ? "0@(" : ",", i);
	snprintf(list + used, size - used, ")");
}

static bool
is_pci(const char *device)
{
	return strncmp(device, "net_", 4) != 0 && strncmp(device, "eth_", 4) != 0 &&
	       strncmp(device, "virtio_user", 11) != 0;
}

#define PREFIX_MAX 40

/* What names our DPDK's files: other processes have others. */
static void
own_prefix(char *text, size_t size)
{
	snprintf(text, size, "ferry-impair-%d", (int)getpid());
}

/* Virtual devices need no hugepages; a card does. */
static void
start_eal(const struct program *p)
{
	const struct impair_options *options = &p->options;
	bool pci = is_pci(options->devices[0]) || is_pci(options->devices[1]);
	char cpus[4096], lcores[4200], own[PREFIX_MAX], prefix[PREFIX_MAX + 16], memory[32];
	char devices[2][300];
	char *with_card[] = {(char[]){"--in-memory"}};
	char *without_card[] = {(char[]){"--no-huge"}, (char[]){"--no-shconf"},
		(char[]){"--no-pci"}, (char[]){"-m"}, memory};
	char *argv[ARGS_MAX + IMPAIR_EAL_MAX];
	int argc = 0;

	list_cpus(cpus, sizeof(cpus));
	snprintf(lcores, sizeof(lcores), "--lcores=%s", cpus);
	own_prefix(own, sizeof(own));
	snprintf(prefix, sizeof(prefix), "--file-prefix=%s", own);
	snprintf(memory, sizeof(memory), "%u",
		(unsigned int)(node_memory(packets(p), 0, buffer_bytes(p)) >> 20) + BASE_MIB);
	argv[argc++] = (char[]){"ferry-impair"};
	argv[argc++] = lcores;
	argv[argc++] = prefix;
	argv[argc++] = (char[]){"--no-telemetry"};
	argv[argc++] = (char[]){"--log-level=lib.eal:error"};
	for (size_t i = 0; i < (pci ? RTE_DIM(with_card) : RTE_DIM(without_card)); i++)
		argv[argc++] = pci ? with_card[i] : without_card[i];
	for (unsigned int i = 0; i < 2; i++) {
		snprintf(devices[i], sizeof(devices[i]), "--%s=%s",
			is_pci(options->devices[i]) ? "allow" : "vdev", options->devices[i]);
		argv[argc++] = devices[i];
	}
	for (unsigned int i = 0; i < options->nb_eal; i++)
		argv[argc++] = strdup(options->eal[i]);
	argv[argc] = NULL;
	if (rte_eal_init(argc, argv) < 0)
		errx(EXIT_FAILURE, "DPDK did not start: %s", rte_strerror(rte_errno));
}

static void
open_devices(struct program *p)
{
	struct ethdev_error error;

	for (unsigned int i = 0; i < 2; i++) {
		struct ethdev_params params = {
			.device = p->options.devices[i],
			.rx_queues = 1,
			.tx_queues = 1,
			.rx_descriptors = DESCRIPTORS,
			.tx_descriptors = DESCRIPTORS,
			.mtu = p->options.mtu,
		};

		if (ethdev_open(&p->ports[i], &p->devs[i], &params, &error) < 0)
			errx(EXIT_FAILURE, "%s: %s", p->options.names[i], error.text);
		/* Frames pass as they are: nothing is checked, nothing is filled in. */
		p->ports[i].offloads &= PORT_TX_CHAINS;
	}
	p->pool = rte_pktmbuf_pool_create(
		"frames", packets(p), POOL_CACHE, 0, buffer_bytes(p), SOCKET_ID_ANY);
	if (p->pool == NULL)
		errx(EXIT_FAILURE, "no memory for %u frames: %s", packets(p),
			rte_strerror(rte_errno));
	for (unsigned int i = 0; i < 2; i++) {
		if (ethdev_start(&p->ports[i], p->pool, &error) < 0)
			errx(EXIT_FAILURE, "%s: %s", p->options.names[i], error.text);
		if (rte_eth_promiscuous_enable(p->devs[i].port_id) < 0)
			errx(EXIT_FAILURE, "%s: the device cannot receive what is not for itself",
				p->options.names[i]);
	}
}

static void
report(const struct program *p, uint64_t began)
{
	struct impair_report r = {
		.wire = &p->wire,
		.names = {p->options.names[0], p->options.names[1]},
		.seconds = (double)(tsc_clock_now(&p->clock) - began) * 1e-9,
		.sleeps = p->wait.sleeps,
	};
	struct rte_eth_stats stats;

	for (unsigned int i = 0; i < 2; i++)
		if (ethdev_stats(&p->ports[i], &stats) == 0) {
			r.missed[i] = stats.imissed + stats.ierrors + stats.rx_nombuf;
			r.failed[1 - i] = stats.oerrors;
		}
	if (impair_report_print(&r, p->options.json, stdout) < 0)
		warnx("no memory for a report");
}

/* The af_packet driver waits for ever once its ring is full of what a down interface kept. */
static void
look_at_links(struct program *p)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct ifreq request = {0};
		bool up = p->devs[i].if_index == 0;

		if (!up && if_indextoname(p->devs[i].if_index, request.ifr_name) != NULL &&
			ioctl(p->control, SIOCGIFFLAGS, &request) == 0)
			up = (request.ifr_flags & IFF_UP) != 0;
		if (up != port_is_up(&p->ports[i]))
			warnx("%s is %s", p->options.names[i], up ? "up" : "down");
		port_set_up(&p->ports[i], up);
	}
}

static void
run(struct program *p)
{
	uint64_t now = tsc_clock_now(&p->clock), began = now, look = now + LOOK_NS, next, every;

	every = p->options.every == 0 ? UINT64_MAX : now + p->options.every * SECOND;
	while (!ending) {
		now = tsc_clock_now(&p->clock);
		if (now >= look) {
			look_at_links(p);
			look = now + LOOK_NS;
		}
		if (asked || now >= every) {
			asked = 0;
			every += now >= every ? p->options.every * SECOND : 0;
			report(p, began);
			continue;
		}
		if (impair_wire_turn(&p->wire, now) > 0)
			continue;
		next = RTE_MIN(every, look);
		next = RTE_MIN(next, impair_wire_next(&p->wire));
		now = tsc_clock_now(&p->clock);
		impair_wait(&p->wait, next > now ? next - now : 0);
	}
	report(p, began);
}

/* Without it, an ordinary process among others: frames may be late by milliseconds. */
static void
be_punctual(const struct program *p)
{
	struct sched_param param = {.sched_priority = PRIORITY};

	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	if (p->options.realtime && sched_setscheduler(0, SCHED_FIFO, &param) < 0)
		warn("no real-time scheduling, frames may be late when others use the processors");
}

int
main(int argc, char **argv)
{
	struct program *p = calloc(1, sizeof(*p));
	char runtime[PATH_MAX], prefix[PREFIX_MAX];

	std_files_open();
	if (p == NULL)
		err(EXIT_FAILURE, "memory");
	impair_options_parse(argc, argv, &p->options);
	start_eal(p);
	open_devices(p);
	tsc_clock_init(&p->clock);
	if (impair_wire_init(&p->wire, &p->ports[0], &p->ports[1], p->options.settings) < 0)
		errx(EXIT_FAILURE, "no memory for the line");
	impair_wait_init(&p->wait, (unsigned int[]){p->devs[0].if_index, p->devs[1].if_index});
	p->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (p->control < 0)
		err(EXIT_FAILURE, "a socket for the state of interfaces");
	p->ports[0].up = p->ports[1].up = true;
	look_at_links(p);
	catch_signals();
	be_punctual(p);
	fprintf(stderr, "ferry-impair: ready, %s and %s\n", p->options.names[0],
		p->options.names[1]);
	run(p);
	close(p->control);
	impair_wire_fini(&p->wire);
	for (unsigned int i = 0; i < 2; i++) {
		ethdev_stop(&p->ports[i]);
		ethdev_close(&p->ports[i]);
	}
	rte_mempool_free(p->pool);
	snprintf(runtime, sizeof(runtime), "%s", rte_eal_get_runtime_dir());
	(void)rte_eal_cleanup();
	own_prefix(prefix, sizeof(prefix));
	eal_files_remove(runtime, prefix);
	free(p);
	return std_files_end("ferry-impair", EXIT_SUCCESS);
}
