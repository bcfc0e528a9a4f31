/* SPDX-License-Identifier: BSD-3-Clause */
#include "coding_scene.h"
#include "payload.h"
#include "recode.h"
#include "rlnc_encoder.h"
#include "small.h"

#define UNIT_NS SIM_MS
#define PAYLOAD 1200
#define WARM_UP SIM_S
#define SEEN	(1u << 20) /* numbers of payloads that can be told apart */

/* UDP payload of a recoded packet of a generation of k whose Pathlet is no longer than this. */
#define PATHLET	  42
#define PACKET(k) (24 + PATHLET + 24 + RLNC_HEADER_BYTES + (k) + 8 + PAYLOAD)

/* What the hosts of the receivers hear. */
struct hearing {
	uint64_t packets[SIM_NODES_MAX];
	uint64_t wrong;
	uint8_t *seen[SIM_NODES_MAX];
};

static void
hear(void *arg, struct sim *sim, uint32_t node, uint32_t session, const uint8_t *payload,
	uint32_t len)
{
	struct hearing *h = arg;
	uint64_t number = payload_number(payload);

	(void)session;
	SIM_CHECK(sim, number < SEEN, "number %lu", number);
	if (h->seen[node] == NULL)
		h->seen[node] = calloc(1, SEEN);
	h->wrong += len != PAYLOAD || h->seen[node][number] ||
		    !payload_right(payload, len, 0, true);
	h->seen[node][number] = 1;
	h->packets[node]++;
}

struct scene {
	struct sim *sim;
	struct hearing hearing;
	struct sim_session session;
	uint8_t k;
};

static void
begin(struct scene *s, uint64_t seed, uint32_t nodes, uint8_t k)
{
	memset(s, 0, sizeof(*s));
	s->k = k;
	s->sim = sim_new(seed);
	for (uint32_t i = 0; i < nodes; i++)
		sim_add_node(s->sim, i + 1, 1);
	s->sim->link_rate = PACKET(k) * (SIM_S / UNIT_NS);
	s->sim->paced_node = SIM_HOST;
	s->sim->extra_buffers = 4096;
	s->sim->recode_packets = 4096;
	s->sim->feeder_packets = 2048;
	s->sim->probe = 5 * SIM_MS;
	s->sim->hooks.delivered = hear;
	s->sim->hooks.arg = &s->hearing;
}

/* A generator at so many source packets a unit. */
static void
offer(struct scene *s, uint32_t source, const uint32_t *to, double packets)
{
	uint64_t rate = (uint64_t)(packets * PAYLOAD * 8 * (SIM_S / UNIT_NS));

	s->session = small_session(s->sim, source, to);
	s->session.kind = SOURCE_GENERATOR;
	s->session.generator = (struct generator_params){
		.kind = GENERATOR_CONSTANT, .size = PAYLOAD, .rate = rate, .seed = 1};
	s->session.rate = 2 * rate;
	s->session.burst = 100000;
	s->session.window = 16384;
}

static void
code(struct scene *s, enum rlnc_repair repair, uint32_t ratio)
{
	s->session.coding = (struct rlnc_params){.code = RLNC_BLOCK,
		.k = s->k,
		.systematic = true,
		.repair = (uint8_t)repair,
		.ratio = ratio,
		.bound = 2 * RLNC_SHARE_ONE,
		.close = 20 * SIM_MS,
		.deadline = 1000 * SIM_MS};
}

/*
 * Queues of all nodes from one (an index) on, so short that what waits is of the generation that is
 * on its way.
 */
static void
shorten_queues(struct scene *s, uint32_t from, uint32_t packets)
{
	struct feeder_terms terms = feeder_terms_default();

	terms.packets = packets;
	for (uint32_t i = from; i < s->sim->nb_nodes; i++)
		SIM_CHECK(s->sim,
			node_set_conference(s->sim->nodes[i].node, s->session.conference, &terms) ==
				0,
			"conference");
}

static uint64_t
least(const struct scene *s)
{
	uint64_t packets = UINT64_MAX;

	for (uint32_t i = 0; i < s->session.nb_destinations; i++)
		packets = RTE_MIN(packets, s->hearing.packets[s->session.destinations[i]]);
	return packets;
}

static struct coding_figure
run(struct scene *s, double seconds, double offered, double theory)
{
	struct coding_figure figure = {.theory = theory, .sent = offered};
	uint32_t index = small_start(s->sim, NULL, &s->session);
	const struct source *source = sim_source(s->sim, index);
	uint64_t before;

	sim_run_until(s->sim, s->sim->now + WARM_UP);
	before = least(s);
	sim_run_until(s->sim, s->sim->now + (uint64_t)(seconds * SIM_S));
	figure.rate = (double)(least(s) - before) / (seconds * SIM_S / UNIT_NS);
	if (source->encoder != NULL)
		figure.repair = (double)source->encoder->counters.repairs /
				(double)source_sent(source).packets;
	figure.wrong = s->hearing.wrong;
	if (getenv("FERRY_CODING_SCENE") != NULL && source->encoder != NULL)
		fprintf(stderr,
			"generations %lu decoded %lu given up %lu repairs %lu first %u srtt %lu\n",
			source->encoder->counters.generations, source->encoder->counters.decoded,
			source->encoder->counters.given_up, source->encoder->counters.repairs,
			source->encoder->rateless.first, source->encoder->rateless.srtt);
	sim_session_stop(s->sim, index);
	sim_drain(s->sim, 20 * SIM_S);
	for (uint32_t i = 0; i < SIM_NODES_MAX; i++)
		free(s->hearing.seen[i]);
	sim_free(s->sim);
	return figure;
}

struct coding_figure
coding_butterfly(uint64_t seed, double seconds, bool coded)
{
	static const uint32_t wires[][2] = {
		{1, 2}, {1, 3}, {2, 6}, {2, 4}, {3, 7}, {3, 4}, {4, 5}, {5, 6}, {5, 7}};
	static const uint32_t to[] = {6, 7, 0};
	double offered = coded ? 1.93 : 1.46;
	struct scene s;

	begin(&s, seed, 7, 64);
	for (size_t i = 0; i < RTE_DIM(wires); i++)
		small_wire(s.sim, wires[i][0], wires[i][1]);
	sim_build(s.sim);
	offer(&s, 1, to, offered);
	sim_session_flow(&s.session, 0, 1, "2 > (6, 4 > 5 > 7)");
	sim_session_flow(&s.session, 1, 1, "3 > (7, 4 > 5 > 6)");
	if (coded) {
		code(&s, RLNC_REPAIR_RATIO, 32000);
		s.session.recode[3] = RECODE_ALWAYS;
		shorten_queues(&s, 0, 8);
	} else {
		sim_session_flow(&s.session, 2, 1, "(2 > 6, 3 > 7)");
	}
	return run(&s, seconds, offered, coded ? 2 : 1.5);
}

static struct sim_line
losing(double loss)
{
	struct sim_line line = small_line();

	line.lane.impair.loss = loss;
	return line;
}

struct coding_figure
coding_line(uint64_t seed, double seconds, uint32_t hops, double loss)
{
	uint32_t to[] = {hops + 1, 0};
	double offered = 0.965 * (1 - loss);
	struct sim_line line = losing(loss);
	char text[64] = "";
	struct scene s;

	begin(&s, seed, hops + 1, 128);
	for (uint32_t i = 1; i <= hops; i++) {
		small_connect(s.sim, i, i + 1, &line);
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
			i > 1 ? " > " : "", i + 1);
	}
	sim_build(s.sim);
	offer(&s, 1, to, offered);
	sim_session_flow(&s.session, 0, 1, text);
	code(&s, RLNC_REPAIR_RATELESS, 0);
	for (uint32_t i = 1; i < hops; i++)
		s.session.recode[i] = RECODE_ALWAYS;
	shorten_queues(&s, 1, 8);
	return run(&s, seconds, offered, 1 - loss);
}

struct coding_figure
coding_two_paths(uint64_t seed, double seconds, double loss1, double loss2)
{
	static const uint32_t to[] = {4, 0};
	struct sim_line lines[] = {losing(loss1), losing(loss2)};
	double theory = 2 - loss1 - loss2, offered = 0.965 * theory;
	struct scene s;

	begin(&s, seed, 4, 64);
	small_connect(s.sim, 1, 2, &lines[0]);
	small_connect(s.sim, 1, 3, &lines[1]);
	small_wire(s.sim, 2, 4);
	small_wire(s.sim, 3, 4);
	sim_build(s.sim);
	offer(&s, 1, to, offered);
	sim_session_flow(&s.session, 0, 1, "2 > 4");
	sim_session_flow(&s.session, 1, 1, "3 > 4");
	code(&s, RLNC_REPAIR_RATELESS, 0);
	return run(&s, seconds, offered, theory);
}
