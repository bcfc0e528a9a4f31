/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "bench.h"
#include "testpmd_swap.h"

#define MEMORY_MIB 200

struct swap {
	pid_t pid;
	FILE *output;
};

static pid_t running; /* 0: none */

static void
prefix_of(pid_t pid, char *prefix, size_t size)
{
	snprintf(prefix, size, "ferry-bench-swap-%d", (int)pid);
}

/* Its end wakes swap_stop's thread: that one reaps it and forgets which it was. */
static void
end_running(void)
{
	pid_t pid = running;
	char prefix[48];
	siginfo_t info;

	if (pid == 0)
		return;
	(void)kill(pid, SIGKILL);
	(void)waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	prefix_of(pid, prefix, sizeof(prefix));
	bench_forget(prefix);
}

/* In the child. */
static void
run_testpmd(void)
{
	bool huge = bench_free_hugepages() >= MEMORY_MIB;
	char prefix[48], memory[16], lcores[32];
	int cpu = sched_getcpu();
	char *argv[] = {(char[]){"stdbuf"}, (char[]){"-oL"}, (char[]){"dpdk-testpmd"},
		(char[]){"--no-pci"}, (char[]){"--no-telemetry"}, (char[]){"--file-prefix"}, prefix,
		(char[]){"-m"}, memory, (char[]){"--lcores"}, lcores, (char[]){"--vdev=net_ring0"},
		huge ? (char[]){"--in-memory"} : (char[]){"--no-huge"},
		huge ? (char[]){"--single-file-segments"} : (char[]){"--no-shconf"}, (char[]){"--"},
		(char[]){"--forward-mode=5tswap"}, (char[]){"--burst=32"}, (char[]){"--tx-first"},
		(char[]){"--stats-period=1"}, (char[]){"--total-num-mbufs=8192"}, NULL};

	prefix_of(getpid(), prefix, sizeof(prefix));
	snprintf(memory, sizeof(memory), "%u", MEMORY_MIB);
	/* Its main thread sleeps; both may be on our core, which does nothing meanwhile. */
	snprintf(lcores, sizeof(lcores), "0@%d,1@%d", cpu, cpu);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execvp(argv[0], argv);
	_exit(127);
}

static bool
swap_start(struct swap *swap)
{
	static bool ends_with_us;
	int fds[2];

	if (pipe(fds) != 0)
		return false;
	if (!ends_with_us)
		bench_at_end(end_running);
	ends_with_us = true;
	fflush(NULL);
	swap->pid = fork();
	if (swap->pid == 0) {
		FILE *null = freopen("/dev/null", "r", stdin);

		(void)null;
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		run_testpmd();
	}
	close(fds[1]);
	running = swap->pid > 0 ? swap->pid : 0;
	swap->output = fdopen(fds[0], "r");
	if (swap->pid > 0 && swap->output != NULL)
		return true;
	close(fds[0]);
	return false;
}

static void
swap_stop(struct swap *swap)
{
	char line[256], prefix[48];

	kill(swap->pid, SIGINT);
	while (fgets(line, sizeof(line), swap->output) != NULL)
		;
	fclose(swap->output);
	running = 0;
	(void)waitpid(swap->pid, NULL, 0);
	prefix_of(swap->pid, prefix, sizeof(prefix));
	bench_forget(prefix);
}

/* Nanoseconds that its forwarding thread, the busiest one, had a core. */
static uint64_t
forwarding_time(pid_t pid)
{
	char path[300];
	const struct dirent *entry;
	uint64_t most = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		unsigned long long ns;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
		f = entry->d_name[0] == '.' || atoi(entry->d_name) == pid ? NULL
									  : fopen(path, "re");
		if (f == NULL)
			continue;
		if (fscanf(f, "%llu", &ns) == 1 && ns > most)
			most = ns;
		fclose(f);
	}
	if (dir != NULL)
		closedir(dir);
	return most;
}

double
testpmd_swap_cycles(unsigned int seconds)
{
	struct swap swap;
	uint64_t packets[2] = {0}, ns[2] = {0};
	unsigned int periods = 0;
	char line[256];

	if (!swap_start(&swap))
		return -1;
	/* The first period begins while it starts. */
	while (periods < 2 + seconds && fgets(line, sizeof(line), swap.output) != NULL) {
		const char *count = strstr(line, "RX-packets: ");

		if (count == NULL)
			continue;
		packets[periods >= 2] = strtoull(count + strlen("RX-packets: "), NULL, 10);
		ns[periods >= 2] = forwarding_time(swap.pid);
		periods++;
	}
	swap_stop(&swap);
	if (periods < 3 || packets[1] <= packets[0] || ns[1] <= ns[0])
		return -1;
	return (double)(ns[1] - ns[0]) * (double)rte_get_tsc_hz() / 1e9 /
	       (double)(packets[1] - packets[0]);
}
