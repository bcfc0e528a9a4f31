/* SPDX-License-Identifier: BSD-3-Clause */
#include "coded_capture.h"
#include "payload.h"

/* A DATA frame over untagged IP; from its Pathlet on. */
static const uint8_t *
skip_headers(const uint8_t *frame, uint32_t *len)
{
	bool ipv6 = frame[12] == 0x86;
	const uint8_t *udp = frame + 14 + (ipv6 ? 40 : 20);
	uint32_t headers = 8 + sizeof(struct link_hdr);

	*len = (uint32_t)(udp[4] << 8 | udp[5]) - headers;
	return (udp[8] & 0x0f) == LINK_DATA ? udp + headers : NULL;
}

static bool
is_wanted(const struct coded_capture *c, const struct sim *sim, const struct sim_wire *sw,
	const struct wire_log *log)
{
	uint32_t to = sw->node[log->to], from = sw->node[log->to ^ 1];

	if (log->event != c->event || to == SIM_HOST || from == SIM_HOST)
		return false;
	return (c->to == 0 || sim->nodes[to].id == c->to) &&
	       (c->from == 0 || sim->nodes[from].id == c->from);
}

static void
hear(void *arg, struct sim *sim, const struct sim_wire *sw, const struct wire_log *log)
{
	struct coded_capture *c = arg;
	struct coded_packet *s = &c->packets[c->n];
	const uint8_t *p;
	uint32_t len;

	if (!is_wanted(c, sim, sw, log))
		return;
	p = skip_headers(log->frame, &len);
	if (p == NULL)
		return;
	s->pathlet_len = (uint32_t)(p[0] << 8 | p[1]);
	memcpy(s->pathlet, p, s->pathlet_len);
	memcpy(&s->session, p + s->pathlet_len, sizeof(s->session));
	p += s->pathlet_len + sizeof(s->session);
	len -= s->pathlet_len + (uint32_t)sizeof(s->session);
	SIM_CHECK(sim, s->session.flags & SESSION_CODED, "not coded");
	SIM_CHECK(sim, rlnc_header_parse(p, len, &s->h) == DROP_none, "coding header");
	memset(s->coeffs, 0, sizeof(s->coeffs));
	rlnc_header_coeffs(&s->h, s->coeffs);
	s->h.coeffs = NULL;
	s->len = len - rlnc_header_bytes(&s->h);
	memcpy(s->data, p + rlnc_header_bytes(&s->h), s->len);
	SIM_CHECK(sim, ++c->n < CODED_CAPTURE_MAX, "more packets than places");
}

void
coded_capture_begin(
	struct coded_capture *c, struct sim *sim, enum wire_event event, uint32_t from, uint32_t to)
{
	c->event = event;
	c->from = from;
	c->to = to;
	c->n = 0;
	sim->hooks.wire = hear;
	sim->hooks.arg = c;
}

uint32_t
coded_first(const struct coded_packet *p)
{
	return rte_be_to_cpu_32(p->session.seq);
}

uint32_t
coded_symbol(const struct coded_packet *p, uint8_t *symbol)
{
	uint32_t len = p->len;

	memset(symbol, 0, PLAIN_SYMBOL);
	if (p->h.kind != RLNC_SYSTEMATIC) {
		memcpy(symbol, p->data, len);
		return len;
	}
	symbol[0] = (uint8_t)(len >> 8);
	symbol[1] = (uint8_t)len;
	symbol[2] = p->session.flags & 0x0e;
	memcpy(symbol + 4, &p->session.stamp, 4);
	memcpy(symbol + 8, p->data, len);
	return len + 8;
}

void
coded_check_symbol(const uint8_t *symbol, uint32_t session, uint32_t seq)
{
	uint32_t len = (uint32_t)(symbol[0] << 8 | symbol[1]);

	assert_true(payload_right(symbol + 8, len, session, false));
	assert_int_equal(payload_number(symbol + 8), seq);
	for (uint32_t i = 8 + len; i < PLAIN_SYMBOL; i++)
		assert_int_equal(symbol[i], 0);
}

/* The packets of the generation that begins at first, and its source packets. */
static uint32_t
collect(const struct coded_capture *c, uint32_t first, uint32_t *order, uint32_t *size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		if (coded_first(&c->packets[i]) != first)
			continue;
		order[n++] = i;
		if (c->packets[i].h.final)
			*size = c->packets[i].h.n;
	}
	return n;
}

static uint32_t
decode_generation(const struct coded_capture *c, struct sim *sim, uint32_t session, uint32_t first,
	uint32_t *dependent)
{
	static uint32_t order[CODED_CAPTURE_MAX];
	static struct plain_decoder d;
	uint32_t size = 0, n = collect(c, first, order, &size);
	uint8_t symbol[PLAIN_SYMBOL];

	if (n == 0)
		return 0;
	assert_int_not_equal(size, 0);
	plain_begin(&d, size);
	while (d.rank < size) {
		uint32_t pick, len;

		assert_int_not_equal(n, 0);
		pick = rng_below(&sim->rng, n);
		len = coded_symbol(&c->packets[order[pick]], symbol);
		if (!plain_take(&d, c->packets[order[pick]].coeffs, symbol, len) &&
			dependent != NULL)
			++*dependent;
		order[pick] = order[--n];
	}
	for (uint32_t i = 0; i < size; i++)
		coded_check_symbol(plain_symbol(&d, i), session, first + i);
	return size;
}

uint32_t
coded_decode_all(
	const struct coded_capture *c, struct sim *sim, uint32_t session, uint32_t *dependent)
{
	uint32_t seq = 0, n;

	if (dependent != NULL)
		*dependent = 0;
	do {
		n = decode_generation(c, sim, session, seq, dependent);
		seq += n;
	} while (n > 0);
	return seq;
}

uint32_t
coded_count(const struct coded_capture *c, uint8_t kind)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		n += c->packets[i].h.kind == kind;
	return n;
}
