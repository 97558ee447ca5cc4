// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#define _XOPEN_SOURCE_EXTENDED 1
#define NCURSES_WIDECHAR       1
#include "tui/terminal.h"

/* before term.h, which makes a macro of the word "lines" */
#include "tui/scope.h"
#include "util/mono.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

struct terminal {
	SCREEN *screen;
	FILE *in; /* /dev/tty, or NULL for stdin */
	int fd;
	bool utf8, colors;
	struct cell *shown; /* what the last painting left there */
	int rows, cols;
	uint64_t pasted_ns; /* the last pasted character; 0: nothing is being pasted */
	/* the last press of the mouse */
	int press_row, press_col;
	uint64_t press_ns;
};

/* Two presses at one place within this are a double click. */
#define DOUBLE_NS 400000000ULL

/* What a signal handler needs to give the terminal back; plain memory. */
static struct {
	volatile sig_atomic_t active;
	int fd;
	struct termios saved;
	char seq[320];
	size_t len;
} rescue;

static void give_back(void)
{
	ssize_t n;

	if (!rescue.active)
		return;
	rescue.active = 0;
	n = write(rescue.fd, rescue.seq, rescue.len);
	(void)n;
	tcsetattr(rescue.fd, TCSANOW, &rescue.saved);
}

static void on_crash(int sig)
{
	give_back();
	/* SA_RESETHAND: now it is the default that answers. */
	raise(sig);
}

static void rescue_add(const char *cap)
{
	const char *s = tigetstr((char *)cap);
	size_t n;

	if (!s || s == (char *)-1)
		return;
	n = strlen(s);
	if (rescue.len + n > sizeof(rescue.seq))
		return;
	memcpy(rescue.seq + rescue.len, s, n);
	rescue.len += n;
}

static void rescue_arm(const struct termios *saved)
{
	/* What ends a process. */
	static const int signals[] = { SIGSEGV, SIGBUS,	 SIGILL,  SIGFPE,  SIGABRT, SIGQUIT,
				       SIGSYS,	SIGHUP,	 SIGXCPU, SIGXFSZ, SIGALRM, SIGUSR1,
				       SIGUSR2, SIGTRAP, SIGINT,  SIGTERM };
	static const char mouse_off[] =
		"\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?1004l";
	static bool registered;
	struct sigaction sa = { .sa_handler = on_crash,
				.sa_flags = (int)SA_RESETHAND | SA_NODEFER };
	size_t i;

	rescue.fd = STDOUT_FILENO;
	rescue.saved = *saved;
	rescue.len = 0;
	if (tigetstr((char *)"kmous") && tigetstr((char *)"kmous") != (char *)-1) {
		memcpy(rescue.seq, mouse_off, sizeof(mouse_off) - 1);
		rescue.len = sizeof(mouse_off) - 1;
	}
	rescue_add("sgr0");
	rescue_add("cnorm");
	rescue_add("rmkx");
	rescue_add("rmcup");
	rescue.active = 1;
	if (!registered)
		atexit(give_back);
	registered = true;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction old;

		/* Somebody else's handler has its reasons. */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(signals[i], &sa, NULL);
	}
}

/* ---- colours ---- */

/* Without any colour. */
static const attr_t plain[ROLE_NR] = {
	[ROLE_KEY] = A_BOLD, [ROLE_DIM] = A_DIM,    [ROLE_GOOD] = A_BOLD, [ROLE_WARN] = A_BOLD,
	[ROLE_BAD] = A_BOLD, [ROLE_STATE] = A_BOLD, [ROLE_MARK] = A_BOLD, [ROLE_HEAT4] = A_BOLD,
};

static void init_colors(struct terminal *t, bool color, const struct theme *theme)
{
	int role;

	t->colors = color && has_colors() && start_color() == OK && COLORS >= 8 &&
		    COLOR_PAIRS > ROLE_NR;
	if (!t->colors)
		return;
	use_default_colors();
	for (role = 0; role < ROLE_NR; role++)
		init_pair((short)(role + 1),
			  COLORS >= 256 ? theme->look[role].fg256 : theme->look[role].fg8, -1);
}

static attr_t attributes(const struct terminal *t, const struct cell *c)
{
	attr_t a = 0;

	if (c->attr & CELL_BOLD)
		a |= A_BOLD;
	if (c->attr & CELL_REVERSE)
		a |= A_REVERSE;
	if (c->attr & CELL_DIM)
		a |= A_DIM;
	if (c->attr & CELL_UNDERLINE)
		a |= A_UNDERLINE;
	if (!t->colors)
		a |= plain[c->role < ROLE_NR ? c->role : 0];
	return a;
}

/* ---- life ---- */

/*
 * newterm() has handlers of its own for these two, where nobody else has: they
 * take locks that the interrupted paint may hold, and then nothing ends.
 */
static struct {
	int sig;
	struct sigaction before;
} stops[] = { { .sig = SIGINT }, { .sig = SIGTERM } };

static void stops_save(void)
{
	size_t i;

	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaction(stops[i].sig, NULL, &stops[i].before);
}

static void stops_restore(void)
{
	size_t i;

	for (i = 0; i < sizeof(stops) / sizeof(stops[0]); i++)
		sigaction(stops[i].sig, &stops[i].before, NULL);
}

/* Beside curses: what it knows nothing of. */
static void send(const char *seq)
{
	size_t len = strlen(seq);
	ssize_t n;

	fflush(stdout);
	while (len) {
		n = write(STDOUT_FILENO, seq, len);
		if (n <= 0)
			return;
		seq += n;
		len -= (size_t)n;
	}
}

static bool has_string(const char *cap)
{
	const char *s = tigetstr((char *)cap);

	return s && s != (char *)-1;
}

/* Keys of our own, behind all that curses has. */
enum { K_PASTE = KEY_MAX + 1, K_PASTE_END, K_FOCUS, K_FOCUS_LOST };

/* Told apart: what is pasted, and whether anybody looks.  Only to what has a mouse, as xterm has. */
static void modes(bool on)
{
	if (!has_string("kmous"))
		return;
	send(on ? "\033[?2004h\033[?1004h" : "\033[?2004l\033[?1004l");
}

int terminal_open(struct terminal **tp, bool color, const struct theme *theme, char *err,
		  size_t err_len)
{
	const char *term = getenv("TERM");
	struct termios saved;
	struct terminal *t;

	*tp = NULL;
	if (!isatty(STDOUT_FILENO)) {
		snprintf(err, err_len, "standard output is not a terminal");
		return -ENOTTY;
	}
	if (!term || !*term || !strcmp(term, "dumb")) {
		snprintf(err, err_len,
			 "TERM is '%s': the scope needs a terminal that can move its cursor",
			 term ?: "");
		return -ENOTTY;
	}
	t = calloc(1, sizeof(*t));
	if (!t) {
		snprintf(err, err_len, "out of memory");
		return -ENOMEM;
	}
	if (!isatty(STDIN_FILENO)) {
		t->in = fopen("/dev/tty", "re");
		if (!t->in) {
			snprintf(err, err_len, "/dev/tty: %s: no terminal for keys",
				 strerror(errno));
			free(t);
			return -ENOTTY;
		}
	}
	t->fd = t->in ? fileno(t->in) : STDIN_FILENO;
	t->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (tcgetattr(STDOUT_FILENO, &saved))
		memset(&saved, 0, sizeof(saved));
	/* Half a second for Esc is the default; nobody types sequences by hand. */
	set_escdelay(40);
	stops_save();
	t->screen = newterm(NULL, stdout, t->in ?: stdin);
	stops_restore();
	if (!t->screen) {
		snprintf(err, err_len, "the terminal type '%.60s' is not known here", term);
		if (t->in)
			fclose(t->in);
		free(t);
		return -ENOTTY;
	}
	set_term(t->screen);
	rescue_arm(&saved);
	init_colors(t, color, theme);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED | BUTTON1_RELEASED |
			  BUTTON4_PRESSED | BUTTON5_PRESSED,
		  NULL);
	/* A press is a click: waiting for the release is what makes mice slow. */
	mouseinterval(0);
	define_key("\033[200~", K_PASTE);
	define_key("\033[201~", K_PASTE_END);
	define_key("\033[I", K_FOCUS);
	define_key("\033[O", K_FOCUS_LOST);
	modes(true);
	*tp = t;
	return 0;
}

/* Without a screen of its own to leave, the shell goes on in the last row: give it an empty one. */
static void leave(void)
{
	if (!has_string("rmcup")) {
		move(LINES - 1, 0);
		clrtoeol();
		refresh();
	}
	endwin();
}

void terminal_close(struct terminal *t)
{
	if (!t)
		return;
	mousemask(0, NULL);
	modes(false);
	leave();
	rescue.active = 0;
	delscreen(t->screen);
	if (t->in)
		fclose(t->in);
	free(t->shown);
	free(t);
}

bool terminal_is_utf8(const struct terminal *t)
{
	return t->utf8;
}

int terminal_fd(const struct terminal *t)
{
	return t->fd;
}

void terminal_size(struct terminal *t, int *rows, int *cols)
{
	(void)t;
	getmaxyx(stdscr, *rows, *cols);
	/*
	 * A terminal that is said to go to the next line at the last column may also be one that
	 * waits there, as all do that are made today: nobody has to know who is not written to.
	 */
	if (*cols > 1 && tigetflag((char *)"am") > 0 && tigetflag((char *)"xenl") <= 0)
		--*cols;
	if (*rows < 1 || *cols < 1 || *rows > SCOPE_ROWS_MAX || *cols > SCOPE_COLS_MAX) {
		*rows = 24;
		*cols = 80;
	}
}

void terminal_redraw(struct terminal *t)
{
	free(t->shown);
	t->shown = NULL;
	clearok(stdscr, TRUE);
}

void terminal_suspend(struct terminal *t)
{
	def_prog_mode();
	modes(false);
	leave();
	raise(SIGTSTP);
	reset_prog_mode();
	modes(true);
	terminal_redraw(t);
	refresh();
}

/* ---- painting ---- */

static bool same(const struct cell *a, const struct cell *b)
{
	return a->ch == b->ch && a->role == b->role && a->attr == b->attr;
}

void terminal_paint(struct terminal *t, const struct cells *c)
{
	size_t n = (size_t)c->rows * (size_t)c->cols, i;
	bool all = !t->shown || t->rows != c->rows || t->cols != c->cols;
	struct cell *shown;
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	if (all) {
		shown = realloc(t->shown, n * sizeof(*shown));
		if (!shown)
			return;
		t->shown = shown;
		t->rows = c->rows;
		t->cols = c->cols;
		erase();
	}
	for (i = 0; i < n; i++) {
		const struct cell *cell = &c->at[i];
		int row = (int)(i / (size_t)c->cols), col = (int)(i % (size_t)c->cols);
		short pair = t->colors ? (short)(cell->role + 1) : 0;
		wchar_t text[2];
		cchar_t cc;

		if (!all && same(cell, &t->shown[i]))
			continue;
		t->shown[i] = *cell;
		if (row >= rows || col >= cols || (cell->attr & CELL_HALF))
			continue;
		text[0] = t->utf8 || cell->ch < 0x7f ? (wchar_t)cell->ch : L'?';
		text[1] = 0;
		if (setcchar(&cc, text, attributes(t, cell), pair, NULL) == OK)
			mvadd_wch(row, col, &cc);
	}
	refresh();
}

/* ---- input ---- */

static int key_of(wint_t ch)
{
	switch (ch) {
	case KEY_UP:
		return SKEY_UP;
	case KEY_DOWN:
		return SKEY_DOWN;
	case KEY_LEFT:
		return SKEY_LEFT;
	case KEY_RIGHT:
		return SKEY_RIGHT;
	case KEY_HOME:
		return SKEY_HOME;
	case KEY_END:
		return SKEY_END;
	case KEY_PPAGE:
		return SKEY_PGUP;
	case KEY_NPAGE:
		return SKEY_PGDN;
	case KEY_BTAB:
		return SKEY_BACKTAB;
	case KEY_DC:
		return SKEY_DELETE;
	case KEY_ENTER:
		return SKEY_ENTER;
	case KEY_BACKSPACE:
		return SKEY_BACKSPACE;
	default:
		return 0;
	}
}

/* An end that never comes must not swallow keys for ever. */
#define PASTE_NS 1000000000ULL

/*
 * Behind an Esc: a sequence that curses does not know, as terminals send for keys and answers
 * that nobody has a name for.  It is swallowed whole; true: there was one.
 */
static bool swallow(void)
{
	unsigned int n;
	wint_t ch;

	if (get_wch(&ch) != OK)
		return false;
	if (ch != '[' && ch != 'O' && ch != ']' && ch != 'P' && ch != '_' && ch != '^') {
		unget_wch((wchar_t)ch);
		return false;
	}
	if (ch == 'O') {
		get_wch(&ch);
		return true;
	}
	/* A control sequence ends with a letter, a string with BEL or Esc \. */
	if (ch == '[') {
		for (n = 0; n < 64 && get_wch(&ch) == OK && (ch < 0x40 || ch > 0x7e); n++)
			;
		return true;
	}
	for (n = 0; n < 65536 && get_wch(&ch) == OK && ch != 7; n++) {
		if (ch == 27) {
			get_wch(&ch);
			break;
		}
	}
	return true;
}

/* curses finds a double click in what it reads at once, or makes those wait who want each one. */
static enum scope_mouse press(struct terminal *t, int row, int col)
{
	bool again = row == t->press_row && col == t->press_col;
	uint64_t now;

	now = mono_ns();
	again &= t->press_ns && now - t->press_ns < DOUBLE_NS;
	t->press_row = row;
	t->press_col = col;
	/* A third press begins anew. */
	t->press_ns = again ? 0 : now;
	return again ? MOUSE_DOUBLE : MOUSE_CLICK;
}

void terminal_read(struct terminal *t, struct terminal_event *ev)
{
	MEVENT m;
	wint_t ch;
	int rc;

	memset(ev, 0, sizeof(*ev));
	rc = get_wch(&ch);
	if (rc == ERR) {
		/* No key, or no terminal any more: an end of file is no key, for ever. */
		struct pollfd p = { .fd = t->fd, .events = POLLIN };

		if (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)))
			ev->what = INPUT_GONE;
		return;
	}
	if (rc != KEY_CODE_YES) {
		ev->what = INPUT_KEY;
		ev->key = (int)ch;
		if (t->pasted_ns && mono_ns() - t->pasted_ns < PASTE_NS) {
			ev->what = INPUT_PASTE;
			t->pasted_ns = mono_ns();
		} else if (ch == 27 && swallow()) {
			ev->what = INPUT_NOTHING;
		}
		return;
	}
	if (ch >= K_PASTE && ch <= K_FOCUS_LOST) {
		ev->what = ch == K_FOCUS || ch == K_FOCUS_LOST ? INPUT_FOCUS : INPUT_NOTHING;
		ev->key = ch == K_FOCUS;
		if (ev->what == INPUT_NOTHING)
			t->pasted_ns = ch == K_PASTE ? mono_ns() : 0;
		return;
	}
	if (ch == KEY_RESIZE) {
		ev->what = INPUT_RESIZE;
		return;
	}
	if (ch == KEY_MOUSE) {
		if (getmouse(&m) != OK)
			return;
		ev->row = m.y;
		ev->col = m.x;
		ev->what = INPUT_MOUSE;
		if (m.bstate & BUTTON4_PRESSED)
			ev->mouse = MOUSE_WHEEL_UP;
		else if (m.bstate & BUTTON5_PRESSED)
			ev->mouse = MOUSE_WHEEL_DOWN;
		else if (m.bstate & BUTTON1_DOUBLE_CLICKED)
			ev->mouse = MOUSE_DOUBLE;
		else if (m.bstate & (BUTTON1_CLICKED | BUTTON1_PRESSED))
			ev->mouse = press(t, m.y, m.x);
		else if (m.bstate & BUTTON1_RELEASED)
			ev->mouse = MOUSE_RELEASE;
		else
			ev->what = INPUT_NOTHING;
		return;
	}
	ev->key = key_of(ch);
	ev->what = ev->key ? INPUT_KEY : INPUT_NOTHING;
}

/* ---- the clipboard ---- */

void terminal_copy(struct terminal *t, const char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text), i, n = 0;
	char seq[4096];

	(void)t;
	if (!has_string("kmous") || len > 2400)
		return;
	n = (size_t)snprintf(seq, sizeof(seq), "\033]52;c;");
	for (i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)(unsigned char)text[i] << 16;

		if (i + 1 < len)
			v |= (uint32_t)(unsigned char)text[i + 1] << 8;
		if (i + 2 < len)
			v |= (unsigned char)text[i + 2];
		seq[n++] = digits[v >> 18];
		seq[n++] = digits[v >> 12 & 63];
		seq[n++] = i + 1 < len ? digits[v >> 6 & 63] : '=';
		seq[n++] = i + 2 < len ? digits[v & 63] : '=';
	}
	seq[n++] = 7;
	seq[n] = '\0';
	send(seq);
}
