/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of show_*.c share. */
#ifndef FERRY_SHOW_PRIVATE_H
#define FERRY_SHOW_PRIVATE_H

#include "ferry_stats.h"
#include "show.h"

/* NAN if it is not known. */
double show_per_second(const struct rate *rate, double factor);

/* The workers' clock, ns. */
uint64_t show_now(const struct show_view *view);

/* All of these give a new reference. */
json_t *show_count(const uint64_t *counter);
json_t *show_number(uint64_t value);
json_t *show_real(double value);  /* null if it is not a number */
json_t *show_whole(double value); /* an integer; null if it is not a number */
json_t *show_rate(const struct rate *rate, double factor);
json_t *show_share(uint64_t part, uint64_t whole); /* null of nothing */
json_t *show_address(const struct address *address);
json_t *show_mac(const struct rte_ether_addr *mac);
/* Seconds since a time; null if that time never was (0). */
json_t *show_since(const struct show_view *view, uint64_t then);

/* Name of a node as far as the configuration has one: its own and its peers'; else NULL. */
const char *show_node_name(const struct show_view *view, uint32_t id);

/* May a link be sent to, and does anything come from it? enum ferry_stats_link_state. */
uint32_t show_link_state(const struct show_view *view, const struct link *link);
/* Drops at the next hop's ring, by all workers that are not its owner. */
uint64_t show_ring_drops(const struct node *node, const struct link *link);
/* From units of 2^-32. */
double show_loss_event_rate(const uint32_t *p);
/* bit/s of UDP payload that a link may send now; NAN: as much as comes. */
double show_link_rate(const struct link *link);
/* enum ferry_stats_session_state */
uint32_t show_source_state(const struct source *source);
/* Repair packets to a source packet that a coded source now sends (rateless: so far), or NAN. */
double show_repair(const struct source *source);

/*
 * What the statistics ring has of a link, of a session that begins or ends here, into a record that
 * is all 0: all but its head and what needs the interval before (recent_loss, delays). What is
 * shown under a field's name is that field, so that nobody is told two numbers.
 */
void
show_link_record(const struct show_view *view, const struct link *link, struct ferry_stats_link *r);
void show_source_record(const struct show_view *view, const struct session_entry *entry,
	struct ferry_stats_session *r);
void show_destination_record(const struct show_view *view, const struct session_entry *entry,
	struct ferry_stats_session *r);

/* Is the session one that the filter lets through? */
bool show_wanted(const struct show_filter *filter, const struct session_entry *entry);

/* Puts the keys that name a session into an object. */
void show_session_keys(json_t *object, const struct session_entry *entry);

#endif
