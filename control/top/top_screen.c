/* SPDX-License-Identifier: BSD-3-Clause */
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <curses.h>

#include "top_screen.h"
#include "top_spark.h"
#include "top_views.h"

#define HISTOGRAM 9 /* lines: title, bars, bounds */
#define TABLE	  4 /* first line of the table */

struct screen {
	struct top_source *source;
	size_t view;
	size_t sort[16]; /* by view */
	bool reverse, histogram, help, unicode;
	size_t selected, top;	    /* rows */
	struct ferry_stats_head of; /* what the second sparkline is of */
	struct top_spark all, row;
};

static const char *const blocks[2][9] = {
	{" ", ".", ".", ":", ":", "-", "=", "*", "#"},
	{" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"},
};

/* Cut at the screen's edge, which is marked: it is not the whole. Returns where the next begins. */
static int
put(int line, int column, const char *text)
{
	int len = (int)strlen(text), room = COLS - column;

	if (room > 0)
		mvaddnstr(line, column, text, room);
	if (room > 0 && len > room && text[room + (int)strspn(text + room, " ")] != 0)
		mvaddch(line, COLS - 1, '~');
	return column + len;
}

static void
draw_spark(const struct screen *s, int line, const char *title, const struct top_spark *spark)
{
	char number[TOP_TEXT], text[TOP_TEXT];
	int column;

	top_number(spark->n > 0 ? spark->values[spark->n - 1] : (double)NAN, number);
	snprintf(text, sizeof(text), "%-8.8s %7.7s ", title, number);
	column = put(line, 0, text);
	for (unsigned int i = 0; i < spark->n && column < COLS; i++)
		mvaddstr(line, column++, blocks[s->unicode][top_spark_height(spark, i)]);
}

static void
draw_tabs(const struct screen *s)
{
	int column = 0;

	for (size_t i = 0; i < top_nb_views; i++) {
		char text[TOP_TEXT];

		snprintf(text, sizeof(text), " %zu %s ", i + 1, top_views[i].name);
		if (i == s->view)
			attron(A_REVERSE);
		column = put(3, column, text);
		if (i == s->view)
			attroff(A_REVERSE);
	}
	if (!s->help)
		put(3, 72, "?=help q");
}

static void
draw_cells(
	const struct screen *s, int line, const union ferry_stats_record *record, const int *widths)
{
	const struct top_view *view = &top_views[s->view];
	int column = 0;

	for (size_t i = 0; i < view->nb_columns; i++) {
		bool sorted = record == NULL && i == s->sort[s->view];
		char text[TOP_TEXT];

		top_cell(&view->columns[i], record, widths[i], text);
		if (sorted)
			attron(A_UNDERLINE);
		column = put(line, column, text);
		if (sorted)
			attroff(A_UNDERLINE);
		if (i + 1 < view->nb_columns)
			column = put(line, column, " ");
	}
}

static void
bound_text(int bin, char *text, size_t size)
{
	uint32_t bound = bin < FERRY_STATS_DELAYS - 1 ? ferry_stats_delay_bounds[bin] : 0;

	if (bound == 0)
		snprintf(text, size, "more");
	else if (bound < 1000)
		snprintf(text, size, "%uu", bound);
	else if (bound < 1000000)
		snprintf(text, size, "%um", bound / 1000);
	else
		snprintf(text, size, "%us", bound / 1000000);
}

static void
draw_histogram(const struct screen *s, int first, const union ferry_stats_record *record)
{
	const uint64_t *delays = record->session.delays;
	const int height = HISTOGRAM - 2;
	uint64_t most = 0;
	char text[128];

	for (int i = 0; i < FERRY_STATS_DELAYS; i++)
		most = delays[i] > most ? delays[i] : most;
	snprintf(text, sizeof(text),
		"One-way delays of %s/%s, %s, up to:", record->session.conference_name,
		record->session.session_name,
		record->session.clocks_agree ? "absolute" : "above the least of a minute");
	put(first, 0, text);
	for (int i = 0; i < FERRY_STATS_DELAYS; i++) {
		double eighths = most > 0 ? 8.0 * height * (double)delays[i] / (double)most : 0;
		int whole = (int)ceil(eighths);

		for (int k = 0; k < height; k++) {
			int part = whole - 8 * (height - 1 - k);

			part = part < 0 ? 0 : part > 8 ? 8 : part;
			for (int column = i * 4; column < i * 4 + 2 && column < COLS; column++)
				mvaddstr(first + 1 + k, column, blocks[s->unicode][part]);
		}
		bound_text(i, text, sizeof(text));
		put(first + 1 + height, i * 4, text);
	}
}

static void
draw_help(void)
{
	static const char *const lines[] = {
		"1 to 7, tab     what is shown",
		"up, down        choose a row: its rate is the second line of bars",
		"page up, down   a page",
		"left, right, s  choose the column that rows are sorted by",
		"r               the other way round",
		"h               delays of the chosen session (of one that ends here)",
		"?               this",
		"q               end",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		put(TABLE + 1 + (int)i, 2, lines[i]);
}

/* So that the chosen row is on the screen, and exists. */
static void
keep_in_sight(struct screen *s, size_t n, size_t lines)
{
	if (s->selected >= n)
		s->selected = n > 0 ? n - 1 : 0;
	if (s->selected < s->top)
		s->top = s->selected;
	if (lines > 0 && s->selected >= s->top + lines)
		s->top = s->selected - lines + 1;
}

/* The sparkline of the chosen row begins anew when another is chosen. */
static void
follow_row(struct screen *s, const union ferry_stats_record *record, bool fresh)
{
	const struct top_view *view = &top_views[s->view];

	if (record == NULL || view->rate == NULL || record->head.type != s->of.type ||
		record->head.index != s->of.index)
		s->row = (struct top_spark){0};
	if (record == NULL || view->rate == NULL)
		return;
	if (fresh || s->row.n == 0)
		top_spark_add(&s->row, view->rate(record));
	s->of = record->head;
}

static void
draw_table(struct screen *s, bool fresh)
{
	const struct top_view *view = &top_views[s->view];
	const union ferry_stats_record **rows, *chosen;
	size_t n = top_rows(view, &s->source->snapshot, s->sort[s->view], s->reverse, &rows);
	bool histogram = s->histogram && view->type == FERRY_STATS_SESSION;
	int lines = LINES - TABLE - 1 - (histogram ? HISTOGRAM : 0), widths[TOP_COLUMNS_MAX];

	if (n == SIZE_MAX)
		return;
	lines = lines > 0 ? lines : 0;
	keep_in_sight(s, n, (size_t)lines);
	chosen = n > 0 ? rows[s->selected] : NULL;
	follow_row(s, chosen, fresh);
	top_widths(view, rows, n, COLS, widths);
	attron(A_BOLD);
	draw_cells(s, TABLE, NULL, widths);
	attroff(A_BOLD);
	for (size_t i = s->top; i < n && i < s->top + (size_t)lines; i++) {
		if (i == s->selected)
			attron(A_REVERSE);
		draw_cells(s, TABLE + 1 + (int)(i - s->top), rows[i], widths);
		if (i == s->selected)
			attroff(A_REVERSE);
	}
	if (n == 0)
		put(TABLE + 1, 0, "none");
	if (histogram && chosen != NULL)
		draw_histogram(s, LINES - HISTOGRAM, chosen);
	free(rows);
}

static void
draw(struct screen *s, bool fresh)
{
	char text[256];

	erase();
	top_headline(&s->source->snapshot, s->source->state, text, sizeof(text));
	put(0, 0, text);
	draw_spark(s, 1, "links tx", &s->all);
	draw_tabs(s);
	if (s->help)
		draw_help();
	else
		draw_table(s, fresh);
	if (s->row.n > 0)
		draw_spark(s, 2, "chosen", &s->row);
	refresh();
}

static void
choose_view(struct screen *s, size_t view)
{
	s->view = view;
	s->selected = 0;
	s->top = 0;
	s->help = false;
	/* All anew: what was there has nothing to do with it. */
	clear();
}

static void
choose_column(struct screen *s, size_t step)
{
	s->sort[s->view] = (s->sort[s->view] + step) % top_views[s->view].nb_columns;
}

static void
move_row(struct screen *s, long step)
{
	if (step < 0 && s->selected < (size_t)-step)
		s->selected = 0;
	else
		s->selected += (size_t)step;
}

/* False: end. */
static bool
on_key(struct screen *s, int key)
{
	switch (key) {
	case 'q':
	case 'Q':
		return false;
	case '\t':
		choose_view(s, (s->view + 1) % top_nb_views);
		break;
	case KEY_DOWN:
		move_row(s, 1);
		break;
	case KEY_UP:
		move_row(s, -1);
		break;
	case KEY_NPAGE:
		move_row(s, LINES - TABLE - 2);
		break;
	case KEY_PPAGE:
		move_row(s, -(LINES - TABLE - 2));
		break;
	case 's':
	case KEY_RIGHT:
		choose_column(s, 1);
		break;
	case KEY_LEFT:
		choose_column(s, top_views[s->view].nb_columns - 1);
		break;
	case 'r':
		s->reverse = !s->reverse;
		break;
	case 'h':
		s->histogram = !s->histogram;
		break;
	case '?':
		s->help = !s->help;
		break;
	default:
		if (key >= '1' && key < '1' + (int)top_nb_views)
			choose_view(s, (size_t)(key - '1'));
		break;
	}
	return true;
}

int
top_screen(struct top_source *source, size_t view, int pause)
{
	struct screen s = {.source = source, .view = view};
	bool more = true;

	setlocale(LC_ALL, "");
	s.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	for (size_t i = 0; i < top_nb_views; i++)
		s.sort[i] = top_views[i].sort;
	if (initscr() == NULL)
		return 1;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	while (more) {
		bool fresh = top_source_read(source);
		int key;

		if (fresh)
			top_spark_add(&s.all, top_rate(&source->snapshot));
		draw(&s, fresh);
		timeout(pause);
		key = getch();
		more = key == ERR || on_key(&s, key);
		timeout(0);
		while (more && (key = getch()) != ERR)
			more = on_key(&s, key);
	}
	endwin();
	return 0;
}
