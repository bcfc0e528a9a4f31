/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <sys/un.h>

#include "config_private.h"
#include "eal_args.h"

#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define CPU_MAX		1023

static const char *const idle_choices[] = {
	[CONFIG_IDLE_ADAPTIVE] = "adaptive",
	[CONFIG_IDLE_POLL] = "poll",
	NULL,
};

static const char *const forwarding_choices[] = {
	[CONFIG_FORWARDING_OPEN] = "open",
	[CONFIG_FORWARDING_INSTALLED] = "installed",
	NULL,
};

/* What Ferry says to the EAL by itself, from the rest of the configuration. */
static const char *const eal_own[] = {
	"-l",
	"--lcores",
	"-c",
	"-s",
	"-S",
	"--main-lcore",
	"--file-prefix",
	"--proc-type",
	"-a",
	"--allow",
	"-b",
	"--block",
	"--vdev",
	"--no-pci",
	"-h",
	"--help",
	"-v",
	"--version",
	"--",
};

static void
read_cpus(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_node *node = object;
	uint64_t cpu;

	if (!config_read_sequence(reader, setting, "CPU numbers", 1, CONFIG_WORKERS_MAX, false))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);

		if (!config_read_uint(reader, element, 0, CPU_MAX, NULL, &cpu))
			return;
		for (uint32_t j = 0; j < node->cpu_count; j++) {
			if (node->cpus[j] == cpu)
				config_reader_fail(reader, element,
					"cpus has CPU %u twice, each worker needs its own",
					(unsigned int)cpu);
		}
		node->cpus[node->cpu_count++] = (uint32_t)cpu;
	}
}

static void
print_cpus(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_node *node = object;
	char list[CONFIG_WORKERS_MAX * 8] = "";
	size_t used = 0;

	if (node->cpu_count == 0) {
		config_print_line(printer, key->help, "# cpus not set");
		return;
	}
	for (uint32_t i = 0; i < node->cpu_count; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u",
			i == 0 ? "" : ", ", node->cpus[i]);
	config_print_line(printer, key->help, "cpus = [ %s ];", list);
}

static void
read_socket(struct config_reader *reader, config_setting_t *setting, void *object)
{
	static const char wanted[] = "an absolute path of at most 107 bytes";
	struct config_node *node = object;
	const char *value = config_read_string_value(reader, setting, wanted);

	if (value == NULL)
		return;
	if (value[0] != '/' || strlen(value) > SOCKET_PATH_MAX)
		config_reader_want(reader, setting, "%s", wanted);
	else
		node->socket = config_memory_copy(reader->source->memory, value);
}

static void
print_socket(struct config_printer *printer, const struct config_key *key, const void *object)
{
	config_print_string(printer, key, ((const struct config_node *)object)->socket);
}

static bool
eal_is_own(const char *argument)
{
	for (size_t i = 0; i < sizeof(eal_own) / sizeof(eal_own[0]); i++) {
		bool is_long = strlen(eal_own[i]) > 2;

		/* The value of a short option may follow at once. */
		if (is_long ? eal_arg_is(argument, eal_own[i])
			    : strncmp(argument, eal_own[i], 2) == 0 &&
					(argument[1] != '-' || argument[2] == 0))
			return true;
	}
	return false;
}

static void
read_eal(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_node *node = object;

	if (!config_read_sequence(reader, setting, "EAL arguments", 0, CONFIG_EAL_MAX, false))
		return;
	for (int i = 0; i < config_setting_length(setting); i++) {
		config_setting_t *element = config_setting_get_elem(setting, (unsigned int)i);
		const char *value = config_read_string_value(
			reader, element, "a string, one argument of the EAL");

		if (value == NULL)
			continue;
		if (eal_is_own(value))
			config_reader_fail(reader, element,
				"eal has \"%s\", which follows from the other keys (workers, cpus, "
				"name, ports), it must be left out",
				value);
		node->eal[node->eal_count++] = config_memory_copy(reader->source->memory, value);
	}
}

static void
print_eal(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config_node *node = object;

	if (node->eal_count == 0) {
		config_print_line(printer, key->help, "eal = [ ];");
		return;
	}
	config_print_line(printer, key->help, "eal = [");
	printer->indent++;
	for (uint32_t i = 0; i < node->eal_count; i++) {
		char quoted[2 * strlen(node->eal[i]) + 3];

		config_print_line(printer, NULL, "%s%s", config_print_quote(quoted, node->eal[i]),
			i + 1 < node->eal_count ? "," : "");
	}
	printer->indent--;
	config_print_line(printer, NULL, "];");
}

static void
read_id(struct config_reader *reader, config_setting_t *setting, void *object)
{
	uint64_t id;

	if (config_read_uint(reader, setting, 1, NODE_ID_MAX, NULL, &id))
		((struct config_node *)object)->id = (uint32_t)id;
}

static void
print_id(struct config_printer *printer, const struct config_key *key, const void *object)
{
	uint32_t id = ((const struct config_node *)object)->id;

	if (id == 0)
		config_print_line(printer, key->help, "# id not set");
	else
		config_print_line(printer, key->help, "id = %u;", id);
}

#define FIELD(field) offsetof(struct config_node, field)

static const struct config_key node_keys[] = {
	{.name = "id",
		.kind = KEY_CUSTOM,
		.read = read_id,
		.print = print_id,
		.help = "NodeID; default: the root gives it"},
	{.name = "name", .kind = KEY_NAME, .offset = FIELD(name), .help = "default node-ID"},
	{.name = "workers",
		.kind = KEY_UINT32,
		.offset = FIELD(workers),
		.min = 1,
		.max = CONFIG_WORKERS_MAX,
		.fallback = 1,
		.help = "polling threads"},
	{.name = "cpus",
		.kind = KEY_CUSTOM,
		.read = read_cpus,
		.print = print_cpus,
		.help = "one CPU a worker; default: workers float"},
	{.name = "idle",
		.kind = KEY_CHOICE,
		.offset = FIELD(idle),
		.choices = idle_choices,
		.help = "adaptive or poll, default adaptive"},
	{.name = "socket",
		.kind = KEY_CUSTOM,
		.read = read_socket,
		.print = print_socket,
		.help = "for ferryctl, default /run/ferry/NAME.sock"},
	{.name = "clock_synchronized",
		.kind = KEY_BOOL,
		.offset = FIELD(clock_synchronized),
		.help = "UTC agrees with the other nodes', default false"},
	{.name = "probe",
		.kind = KEY_UINT32,
		.offset = FIELD(probe),
		.max = 10000,
		.fallback = 200,
		.unit = "ms",
		.help = "ms between probes of a link, 0 = none"},
	{.name = "drain",
		.kind = KEY_UINT32,
		.offset = FIELD(drain),
		.max = 60000,
		.fallback = 1000,
		.unit = "ms",
		.help = "ms at the end"},
	{.name = "feeder_packets",
		.kind = KEY_UINT32,
		.offset = FIELD(feeder_packets),
		.min = 64,
		.max = 1048576,
		.fallback = 8192,
		.help = "that wait for paced links"},
	{.name = "feeder_queues",
		.kind = KEY_UINT32,
		.offset = FIELD(feeder_queues),
		.min = 16,
		.max = 1048576,
		.fallback = 4096,
		.help = "of each worker, one a conference and link"},
	{.name = "recode_packets",
		.kind = KEY_UINT32,
		.offset = FIELD(recode_packets),
		.min = 128,
		.max = 1048576,
		.fallback = 2048,
		.help = "kept of coded sessions that are recoded here"},
	{.name = "lower_share",
		.kind = KEY_UINT32,
		.offset = FIELD(lower_share),
		.max = 50,
		.unit = "percent",
		.help = "percent of a link for lower priorities"},
	{.name = "forwarding",
		.kind = KEY_CHOICE,
		.offset = FIELD(forwarding),
		.choices = forwarding_choices,
		.fallback = CONFIG_FORWARDING_UNSET,
		.no_default = true,
		.help = "open or installed; default open, with a root installed"},
	{.name = "capacity",
		.kind = KEY_CUSTOM,
		.read = config_read_capacity,
		.print = config_print_capacity,
		.help = "for what comes at run time"},
	{.name = "eal",
		.kind = KEY_CUSTOM,
		.read = read_eal,
		.print = print_eal,
		.help = "extra EAL arguments, default none"},
};

/* Default or not, it is no other program's. */
static void
check_socket(struct config_reader *reader, config_setting_t *group, const struct config_node *node)
{
	config_setting_t *set = config_setting_get_member(group, "socket");

	if (node->socket == NULL || strcmp(node->socket, CONFIG_ROOT_SOCKET) != 0)
		return;
	if (set != NULL)
		config_reader_fail(reader, set,
			"socket is \"%s\", which is that of ferry-root, it must be another path",
			node->socket);
	else
		config_reader_fail(reader, config_setting_get_member(group, "name"),
			"name is \"%s\", so the socket would be that of ferry-root: it must be "
			"another name, or socket be set",
			node->name);
}

void
config_read_node(struct config_reader *reader, config_setting_t *setting, void *object)
{
	struct config_node *node = &((struct config *)object)->node;
	size_t mark = config_reader_enter(reader, "node");
	size_t before = reader->errors->count;

	node->where = config_reader_where(reader, setting);
	if (config_read_group(
		    reader, setting, node_keys, sizeof(node_keys) / sizeof(node_keys[0]), node)) {
		if (node->cpu_count != 0 && node->cpu_count != node->workers)
			config_reader_fail(reader, config_setting_get_member(setting, "cpus"),
				"cpus has %u CPUs for %u workers, it must have one a worker",
				node->cpu_count, node->workers);
		if (!node->has_capacity)
			config_capacity_default(&node->capacity);
		if (node->name[0] == 0 && node->id != 0)
			snprintf(node->name, sizeof(node->name), "node-%u", node->id);
		if (node->socket == NULL && node->name[0] != 0)
			node->socket = config_memory_printf(
				reader->source->memory, "/run/ferry/%s.sock", node->name);
		check_socket(reader, setting, node);
	}
	if (reader->errors->count != before)
		reader->broken |= BROKEN_NODE;
	config_reader_leave(reader, mark);
}

void
config_print_node(struct config_printer *printer, const struct config_key *key, const void *object)
{
	const struct config *config = object;

	(void)key;
	config_print_open(printer, "node = {");
	config_print_keys(
		printer, node_keys, sizeof(node_keys) / sizeof(node_keys[0]), &config->node);
	config_print_close(printer, "};");
}
