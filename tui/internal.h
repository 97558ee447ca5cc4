/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the scope's own files share; nobody else includes it
 *
 * scope.c keeps the state, input.c is what is typed and clicked, request.c the table of
 * keys and commands, obey.c, move.c, search.c and output.c do what is asked, subject.c
 * knows what the screen is about, ask.c is what everybody asks, draw.c puts the panes of
 * panes.c on the screen, log.c finds the lines of the event log.  No two of them need
 * each other, not even by way of a third (tests/static looks).
 */
#ifndef VFIOSCOPE_TUI_INTERNAL_H
#define VFIOSCOPE_TUI_INTERNAL_H

#include "judge/judge.h"
#include "model/forecast.h"
#include "protocol.h"
#include "tui/layout.h"
#include "tui/line.h"
#include "tui/match.h"
#include "tui/scope.h"
#include "tui/store.h"
#include "util/units.h"
#include "view/common.h"

/* ---- request.c ---- */

enum request {
	REQ_NONE,
	REQ_HELP,
	REQ_COMMAND,
	REQ_SEARCH,
	REQ_SEARCH_NEXT,
	REQ_SEARCH_PREV,
	REQ_FILTER,
	REQ_PAUSE,
	REQ_FOLLOW,
	REQ_EVENT_NEXT,
	REQ_EVENT_PREV,
	REQ_PAGE_NEXT,
	REQ_PAGE_PREV,
	REQ_FIRST,
	REQ_LAST,
	REQ_ARC_PREV,
	REQ_ARC_NEXT,
	REQ_MIGRATION_PREV,
	REQ_MIGRATION_NEXT,
	REQ_ZOOM_IN,
	REQ_ZOOM_OUT,
	REQ_ZOOM_FIT,
	REQ_PAN_LEFT,
	REQ_PAN_RIGHT,
	REQ_PANE_NEXT,
	REQ_PANE_PREV,
	REQ_PANE,
	REQ_MAXIMIZE,
	REQ_UP,
	REQ_DOWN,
	REQ_DEVICE_NEXT,
	REQ_DEVICE_PREV,
	REQ_DEVICE,
	REQ_LEVEL,
	REQ_NEXT,
	REQ_PREV,
	REQ_SLOW,
	REQ_ZOOM,
	REQ_JUMP_BACK,
	REQ_JUMP_FORTH,
	REQ_PLAY_TOGGLE,
	REQ_PLAY,
	REQ_MARKS,
	REQ_MEASURE,
	REQ_COPY,
	REQ_PROBLEMS_ALL,
	REQ_AB,
	REQ_SORT,
	REQ_FLEET,
	REQ_VM_NEXT,
	REQ_VM_PREV,
	REQ_ENTER,
	REQ_BACK,
	REQ_PROBLEMS_ONLY,
	REQ_MARK,
	REQ_MARK_NEXT,
	REQ_TIME,
	REQ_KIND,
	REQ_GRAPH,
	REQ_UNITS,
	REQ_SAVE_SCREEN,
	REQ_SAVE_ROLES,
	REQ_WRITE_REPORT,
	REQ_EXPORT,
	REQ_SEEK,
	REQ_AXIS,
	REQ_MIGRATION,
	REQ_RESIZE,
	REQ_TICK,
	REQ_REDRAW,
	REQ_SUSPEND,
	REQ_QUIT,
};

struct request_entry {
	enum request req;
	const char *name;  /* of the command */
	const char *arg;   /* what it takes, for the help; NULL: nothing */
	int keys[4];	   /* 0: no more */
	const char *help;  /* NULL: not in the help (scripts only) */
	enum pane_id only; /* its keys work in this pane; 0: in all */
};

/* The table, ended by REQ_NONE. */
extern const struct request_entry requests[];
/* REQ_PANE's entry is found by digits, too: *@arg gets it; NULL: no such key. */
const struct request_entry *request_by_key(int key, enum pane_id focus, const char **arg);
/*
 * Keys that are a command with an argument: the @i-th; how many there are.  *@help NULL: it
 * is told with another.
 */
size_t request_more_keys(size_t i, int *key, const char **name, const char **arg,
			 const char **help);
/* "1-7": the keys of the panes. */
const char *request_pane_keys(void);
/* What @name could be the beginning of: "search, search-next"; "" for nothing. */
void request_candidates(const char *name, size_t len, char *buf, size_t size);
/* An unambiguous beginning is enough; NULL: none or several. */
const struct request_entry *request_by_name(const char *name, size_t len);
/* Does it write a file?  A '!' behind its name lets it replace one. */
bool request_writes(enum request req);
/* "Space", "←", "Ctrl-L"; @buf of 12 bytes. */
const char *request_key_name(int key, char buf[12]);
/* A key by its name in scripts, without the <>; 0: none. */
int request_key_by_name(const char *name);

/* ---- the state ---- */

enum fit { FIT_MIGRATION, FIT_ALL, FIT_MANUAL };
enum prompt {
	PROMPT_NONE,
	PROMPT_COMMAND,
	PROMPT_SEARCH,
	PROMPT_FILTER,
	PROMPT_FLEET,
	PROMPT_MARK,
	PROMPT_NR,
};
enum overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_DETAIL, OVERLAY_MARKS, OVERLAY_MEASURE };

#define MARKS_MAX     1024
#define LOG_ROWS_MAX  256
#define PLOT_COLS_MAX 512

struct scope_mark {
	uint64_t t_ns;
	char text[EVENT_TEXT_LEN];
};

#define JUMPS_MAX 100

/* Where one has been. */
struct jump {
	uint64_t cursor, ns;
	uint32_t side, device;
};

/* Something that is looked for, a piece at a time. */
struct hunt {
	struct match match;
	char what[256];
	int dir;
	uint64_t at, left; /* the next event; how many may still be looked at */
	uint64_t found;
	bool wrapped, count, counting; /* around the end; say how many; doing so */
};

/* From how long on a call of a device is an outlier of its kind. */
struct usual {
	uint32_t device;
	enum store_kind kind;
	uint64_t count, outlier_ns;
};

/* How much a migration wants to be looked at, most first. */
enum rank {
	RANK_FAILED,
	RANK_STUCK,
	RANK_OVER,
	RANK_DIVERGES,
	RANK_UNDER_WAY,
	RANK_OTHER,
	RANK_DONE,
};

struct fleet_row {
	uint32_t migration;
	enum rank rank;
	uint64_t weight; /* within the rank, most first */
	uint64_t key;	 /* of the order on the screen, most first */
};

enum fleet_sort { SORT_WORST, SORT_LEFT, SORT_MOVED, SORT_STOP, SORT_NEWEST, SORT_NAME, SORT_NR };
/* In enum order, NULL-terminated. */
extern const char *const fleet_sort_names[];

/* Of several migrations: all of them, or one that was opened. */
enum level { LEVEL_FLEET, LEVEL_MIGRATION };

/* A row of the device table: a migration (device 0), or a device (of none: migration 0). */
struct table_row {
	uint32_t migration, side, device;
};

/* A line of the log: a run of equal reads or writes is one. */
struct log_row {
	uint64_t first, last; /* event numbers */
	uint64_t calls;
	uint64_t least_ns, most_ns; /* that a call of it took */
};

struct scope {
	struct scope_options opt;
	struct scope_status status;
	struct store *store;
	struct judge *judge;
	bool judged; /* it has said its last word */
	uint64_t now_ns;

	/* the moment */
	uint64_t cursor;    /* position: the first so many events */
	uint64_t cursor_ns; /* its time; later than it when a time was sought */
	bool follow;
	/* the axis */
	enum fit fit;
	uint64_t from_ns, to_ns;
	/* what is looked at */
	uint32_t side, device; /* side 0: the device's newest */
	bool device_pinned;    /* somebody chose them */
	unsigned int sparks;   /* devices that may still be looked at for this drawing */
	uint32_t fit_side;     /* of the migration that the axis is fit to */
	enum level level;
	bool opened; /* the screen is about a migration */
	enum fleet_sort sort;
	char fleet_filter[128];
	struct fleet_row *fleet; /* migrations at the cursor, in the order of the table */
	size_t n_fleet, cap_fleet;
	struct table_row *rowlist; /* of the table, in its order */
	size_t n_rows, cap_rows;
	uint16_t found[FINDINGS_MAX];	   /* findings at the cursor, in the order shown */
	size_t n_found, n_own;		   /* all that are shown; of the migration on the screen */
	size_t n_elsewhere;		   /* and of others, which are not shown */
	uint64_t unfold_first, unfold_end; /* events of a run that is shown one by one */
	enum pane_id focus, main;	   /* @main: the last of PLACE_MAIN that was asked for */
	bool focused;			   /* somebody chose it */
	bool zoomed;
	bool problems_only;
	enum store_kind kind;
	size_t problem; /* the selected one, among those shown */
	struct match filter, search;
	/* Events [from, to) in which the log has no line, known so far; of this filter. */
	uint64_t barren_from, barren_to;
	char filter_text[256], search_text[256];
	bool searching; /* a hunt is under way */
	struct hunt hunt;
	struct match_ask ask;
	uint64_t *hits; /* all events that the search meant, when hits_of is their count */
	size_t n_hits, cap_hits;
	uint64_t hits_of;
	char hits_text[256];
	struct usual usual[64];
	size_t n_usual, next_usual;
	struct jump jumps[JUMPS_MAX];
	size_t n_jumps, jump_at;
	bool playing;
	double speed;
	uint64_t played_ns; /* when it was last brought on; 0: not yet */
	uint64_t slow_ns;   /* a longer call is slow */
	bool problems_all;
	uint32_t ab[2]; /* sides of the migrations that are compared; 0: none */
	bool ab_switch; /* at the stop, not at their begin */

	enum prompt prompt;
	struct line edit;
	struct history history[PROMPT_NR];
	char hint[512]; /* what the word could become */
	enum overlay overlay;
	int scroll;
	char message[256];
	bool message_bad;

	struct scope_mark *marks;
	size_t n_marks, mark;		   /* @mark: the one that the list stands on */
	bool marks_cut;			   /* FILE.marks has more than MARKS_MAX */
	uint64_t measure_from, measure_to; /* 0: between marks */
	char *clip;			   /* for the terminal's clipboard; or NULL */
	int drag_col;			   /* where a button went down in the plot; -1 */
	uint32_t saved;			   /* screens so far, for their names */
	bool force;			   /* the command ended with '!' */

	struct cells *cells;
	struct layout layout;
	int rows, cols;
	bool dirty, done, suspend;

	/* what the last drawing put where, for the mouse */
	struct log_row log[LOG_ROWS_MAX];
	int log_n, log_row;	    /* rows drawn, screen row of the first */
	struct table_row table[64]; /* the table's rows */
	int table_n, table_row;
	struct rect plot;  /* the columns of time in the bytes pane */
	size_t listed[64]; /* findings of the problem pane's rows */
	int listed_n, listed_row;

	char *line; /* text of an event, see scope_line() */
	size_t line_size;
	struct store_column *columns; /* PLOT_COLS_MAX */
};

/* The model of the cursor; never NULL but without memory. */
struct model *scope_model(struct scope *s);
/* The text of an event, harmless; valid until the next call. */
const char *scope_line(struct scope *s, const struct event *ev);
/* Has anything happened yet that a pane could show? */
bool scope_is_empty(const struct scope *s);
/* An instant as the time base has it. */
char *scope_time(struct scope *s, char buf[UNITS_LEN], uint64_t t_ns);
char *scope_size(struct scope *s, char buf[UNITS_LEN], uint64_t bytes);
/* A device's name cut in the middle: UUIDs differ at their ends. */
const char *scope_device_name(struct model *m, uint32_t device, int width, char buf[NAME_LEN]);
/* The device's state at the cursor; a closed device has none. */
const char *scope_state_label(struct scope *s, const struct model_device *d, char buf[UNITS_LEN]);
/* The place of @name in a NULL-terminated list; -1: it is not in it. */
int scope_name_at(const char *const *names, const char *name);
void scope_say(struct scope *s, bool bad, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Hooks as the trace's META tells them. */
void scope_hooks(const struct scope *s, unsigned int *attached, unsigned int *all);
/* What a view wants to know of the evidence: @m is the model of a moment, *@file is of *@e. */
void scope_evidence(struct scope *s, struct model *m, struct view_evidence *e,
		    struct view_file *file);
/* The kind of calls that the latency pane shows: the chosen one, or the next that the stretch has. */
enum store_kind scope_kind_shown(struct scope *s);

/* ---- subject.c: what the screen is about ---- */

/* The side that it is about; 0: none. */
uint32_t scope_side_now(struct scope *s, struct model *m);

/* Has the device had an event? */
bool scope_device_shown(struct model *m, uint32_t device);
/*
 * What the screen is about at a moment: the migration, the side of it that was chosen,
 * and the selected device's session in that; each NULL when there is none (yet).
 */
const struct migration *scope_migration(struct scope *s, struct model *m);
/* A side's; NULL: there is no such side. */
const struct migration *scope_migration_of(struct model *m, uint32_t side);
const struct side *scope_side(struct scope *s, struct model *m);
const struct session *scope_session(struct scope *s, struct model *m);
/* The device's last session in a side; @side 0: its last one; or NULL. */
const struct session *scope_session_of(struct model *m, uint32_t side, uint32_t device);
/* session_left() of all devices of a side together; MODEL_NONE: of one of them nobody said. */
uint64_t scope_side_left(struct model *m, uint32_t side, enum left_source *source);
/* A call of the migration that has been out for too long; or NULL. */
const struct model_flight *scope_stuck(struct scope *s, struct model *m, const struct migration *g);

/* Does the stop on its source @src take no more: all is read, or what became of it is known? */
bool scope_stop_over(const struct migration *g, const struct side *src);
/* How scope_stop_ns() knows. */
enum stop_kind {
	STOP_MEASURED,
	STOP_FORECAST,
	STOP_AT_LEAST, /* of the devices' part alone */
};
/*
 * What the stop of a migration took, takes so far, or would take now, ns; MODEL_NONE:
 * nothing is known.
 */
uint64_t scope_stop_ns(struct scope *s, struct model *m, const struct migration *g,
		       enum stop_kind *kind);

/* Select the side and device of a migration that tell most of it. */
void scope_choose_in(struct scope *s, struct model *m, const struct migration *g);
/* Select, until somebody wants the automatic choice back; of an event: its device. */
void scope_pin(struct scope *s, uint32_t side, uint32_t device);
void scope_pin_migration(struct scope *s, struct model *m, const struct migration *g);
void scope_pin_event(struct scope *s, uint64_t n);
/* ---- fleet.c: all migrations ---- */

/* Bring s->fleet up to date with the model of the cursor. */
void scope_rank(struct scope *s, struct model *m);
/* Select what wants to be looked at, whatever the table is sorted by; needs scope_rank(). */
void scope_choose(struct scope *s, struct model *m);
/* By a name of fleet_sort_names; NULL: by the next. */
int scope_set_sort(struct scope *s, const char *arg);
/*
 * Show only those that @text's words are found in: the VM, its devices, drivers and
 * hosts, what it does; '!' turns a word around.
 */
int scope_set_fleet(struct scope *s, const char *text);
/* Does the table show all migrations, and not one that was opened? */
bool scope_is_fleet(const struct scope *s);
/* "leaves", "FAILED", ...; *@role is its colour. */
const char *scope_does(bool save, bool ended, uint32_t outcome, unsigned int *role);

/* One device, one migration, one row of the table on or back. */
void scope_step_device(struct scope *s, int dir);
void scope_step_migration(struct scope *s, int dir);
void scope_step_row(struct scope *s, int dir);

/* Fill s->rowlist: what the table shows, or every device of every migration. */
enum rows_of { ROWS_SHOWN, ROWS_ALL };
void scope_rows(struct scope *s, struct model *m, enum rows_of what);
bool scope_row_selected(struct scope *s, struct model *m, const struct table_row *r);

/* ---- problems.c ---- */

bool scope_finding_of(const struct finding *f, const struct migration *g);
/* Is it no consequence of another, and not ignored? */
bool scope_finding_counts(const struct finding *f);
/*
 * Whose turn it is where a migration failed: as the judge's own finding of it tells, else
 * the call, or a rule that it broke.
 */
uint32_t scope_failure_party(struct scope *s, const struct migration *g);
/* Fill s->found, worst first: those of the migration on the screen, or of all. */
void scope_problems(struct scope *s, struct model *m);
/* Findings that count at the cursor and the worst severity; of a migration (NULL: all), of a device (0: all). */
size_t scope_findings(struct scope *s, const struct migration *g, uint32_t device, uint32_t *worst);
/* The rule that is most to blame for how a migration goes; NULL: none. */
const struct finding *scope_worst(struct scope *s, const struct migration *g);

/* Events that may be looked at between two looks at the keyboard. */
#define SEARCH_STEP 60000U

/* ---- obey.c ---- */

/* Do what is asked for; 0 or -EINVAL, the message says why. */
int scope_obey(struct scope *s, enum request req, const char *arg);
/* A command as it is typed. */
int scope_obey_line(struct scope *s, const char *line);
void scope_focus(struct scope *s, enum pane_id p);
/* In the pane that has the focus. */
void scope_up_down(struct scope *s, int dir);

/* ---- move.c: where the scope is ---- */

void scope_seek_event(struct scope *s, uint64_t n);
void scope_seek_time(struct scope *s, uint64_t t_ns);
/* The cursor to the end of what there is; live and following: to now. */
void scope_at_end(struct scope *s);
/* One line of the log on (@dir > 0) or back. */
void scope_step_event(struct scope *s, int dir);
void scope_step_moment(struct scope *s, enum store_moment list, int dir);
/* Bring axis and selection up to date with the cursor; before drawing. */
void scope_settle(struct scope *s);
/* Half (@dir > 0) or twice the axis; a quarter of it on or back. */
void scope_zoom(struct scope *s, int dir);
void scope_pan(struct scope *s, int dir);
/* The device whose name ends with @name; "": the one that wants to be looked at. */
int scope_select_device(struct scope *s, const char *name);

/* ---- search.c; texts as match.h has them; 0 or -EINVAL, the message says why ---- */

int scope_set_search(struct scope *s, const char *text);
int scope_set_filter(struct scope *s, const char *text);
void scope_search_begin(struct scope *s, int dir);
/* Look at some events; true: the search is over. */
bool scope_search_step(struct scope *s);
/* Go to the next event that @words mean (match.h); @what is its name for people. */
void scope_hunt(struct scope *s, const char *words, const char *what, int dir);
/* What match_event() asks of the scope; valid until the next call. */
const struct match_ask *scope_ask(struct scope *s);

/*
 * ---- output.c: what leaves the scope; 0 or -EINVAL, the message says why ----
 * @arg is a path, overwritten when the command had its '!' and it is no recording;
 * NULL: a new file in the working directory.
 */

int scope_save_screen(struct scope *s, const char *arg);
/* What each cell of the screen is about, as a map of letters; for goldens and pictures. */
int scope_save_roles(struct scope *s, const char *arg);
int scope_write_report(struct scope *s, const char *arg);
int scope_export_view(struct scope *s, const char *arg);

/* ---- marks.c ---- */

void scope_marks_load(struct scope *s);
/* Into the evidence when live, beside the recording else. */
int scope_mark_here(struct scope *s, const char *text);
void scope_next_mark(struct scope *s);
/* To the one that the list stands on. */
void scope_go_mark(struct scope *s);
/* The two around the cursor, or one and the cursor; false: there are none. */
bool scope_between_marks(struct scope *s, uint64_t *from, uint64_t *to);
void marks_page(struct page *p);
void measure_page(struct page *p, struct model *m);

/* ---- moments.c ---- */

/* Words of their arguments, NULL-terminated. */
extern const char *const moment_names[], *const zoom_names[], *const copy_names[];

/* Before a jump: the way back. */
void scope_remember(struct scope *s);
void scope_jump(struct scope *s, int dir);
/* 0, or -EINVAL: the message says why. */
int scope_next(struct scope *s, const char *what, int dir);
int scope_set_slow(struct scope *s, const char *arg);
int scope_zoom_to(struct scope *s, const char *what);
void scope_set_axis(struct scope *s, uint64_t from, uint64_t to);
/* @arg: a speed, or "stop"; NULL: the next speed. */
int scope_play(struct scope *s, const char *arg);
void scope_play_toggle(struct scope *s);
void scope_play_step(struct scope *s, uint64_t now_ns);

/* ---- pane_sides.c ---- */

/* "N [M] [begin|stop]": compare these migrations; NULL: no longer. */
int scope_ab(struct scope *s, const char *arg);

/* ---- copy.c, complete.c ---- */

int scope_copy(struct scope *s, const char *what);
/* As far as it is sure into the line, the rest into the hint. */
void scope_complete(struct scope *s);

/* ---- log.c ---- */

/* The line that holds event @n, which must be public. */
void log_row_at(struct scope *s, uint64_t n, struct log_row *row);
/*
 * The nearest line before event @n / from event @n on that the filter lets
 * through, looking at no more than *@budget events (which is reduced).
 */
bool log_prev(struct scope *s, uint64_t n, struct log_row *row, uint64_t *budget);
bool log_next(struct scope *s, uint64_t n, struct log_row *row, uint64_t *budget);

/* ---- sentence.c ---- */

struct sentence {
	char text[512];
	unsigned int role;
};
void scope_sentence(struct scope *s, struct model *m, struct sentence *out);

/* ---- what panes share ---- */

/* The line that begins a pane: its number, its name, and what it shows now. */
void pane_title(struct scope *s, enum pane_id p, struct rect r, const char *name, const char *fmt,
		...) __attribute__((format(printf, 5, 6)));
/* The column of @n that a time is in; -1: none. */
int lane_column(const struct scope *s, uint64_t t_ns, int n);
/* A device's states over the axis, in one row of @n columns; what moved in each, likewise. */
void lane_states(struct scope *s, uint32_t device, int row, int col, int n);
void lane_moved(struct scope *s, int row, int col, const struct store_column *c, int n);
/* Of a cell filled from below; @eighths from 0, nothing, to 8. */
uint32_t lane_block(const struct scope *s, int eighths);
/* The event of the line at the cursor and that line; false: there is none. */
bool scope_current(struct scope *s, struct event *ev, struct log_row *row);
/* It in words: what happened, what that means, what came before and after. */
void event_words(struct page *p, struct model *m, const struct event *ev,
		 const struct log_row *row);
/* What stands behind Enter: all of the event at the cursor, all of the selected device. */
void event_page(struct page *p, struct model *m);
void device_page(struct page *p, struct model *m);
/* A stop call by call; without one the device. */
void stop_page(struct page *p, struct model *m);

void overlay_draw(struct scope *s, struct model *m, struct rect r);
/* What an empty screen says instead of panes. */
void empty_draw(struct scope *s, struct rect r);

#endif
