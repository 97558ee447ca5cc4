// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "view/html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "view/common.h"

#define CHUNK 512

void html_text(FILE *f, const char *s, size_t len)
{
	char safe[TEXT_SAFE_LEN(CHUNK)];
	uint32_t cp;

	len = strnlen(s, len);
	while (len) {
		size_t n = 0, step;

		/* Never through the middle of a character. */
		while (n < len && n < CHUNK - 4) {
			step = text_utf8(s + n, len - n, &cp);
			n += step ? step : 1;
		}
		text_safe(safe, sizeof(safe), s, n);
		text_markup(f, safe, strlen(safe));
		s += n;
		len -= n;
	}
}

void html_printf(FILE *f, const char *fmt, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	if (s)
		html_text(f, s, strlen(s));
	free(s);
}

void html_painted(FILE *f, const char *s)
{
	static const struct {
		const char *seq, *begin;
	} paints[] = {
		{ C_BOLD, "<b>" },
		{ C_DIM, "<b class=dim>" },
		{ C_RED, "<b class=t-bad>" },
		{ C_GREEN, "<b class=t-good>" },
		{ C_YELLOW, "<b class=t-warn>" },
	};
	const size_t n = sizeof(paints) / sizeof(paints[0]);
	bool open = false;
	size_t len, i;

	for (; *s; s += len) {
		len = strcspn(s, "\033");
		html_text(f, s, len);
		s += len;
		len = 0;
		for (i = 0; i < n && strncmp(s, paints[i].seq, strlen(paints[i].seq)) != 0; i++)
			;
		if (!strncmp(s, C_OFF, strlen(C_OFF)) || i < n) {
			fputs(open ? "</b>" : "", f);
			open = i < n;
			fputs(open ? paints[i].begin : "", f);
			len = strlen(open ? paints[i].seq : C_OFF);
		} else if (*s) {
			/* No other sequence is ours: it is shown. */
			html_text(f, s, 1);
			len = 1;
		}
	}
	if (open)
		fputs("</b>", f);
}

/* ---- pages: Markdown, as far as ours use it ---- */

static void put_inline(FILE *f, const char *s, size_t len)
{
	bool code = false;
	size_t n;

	while (len) {
		const char *tick = memchr(s, '`', len);

		n = tick ? (size_t)(tick - s) : len;
		text_markup(f, s, n);
		if (!tick)
			break;
		code = !code;
		fputs(code ? "<code>" : "</code>", f);
		s += n + 1;
		len -= n + 1;
	}
	if (code)
		fputs("</code>", f);
}

static bool is_title(const char *line, size_t len, const char *name)
{
	return len > 3 && !strncmp(line, "## ", 3) && strlen(name) == len - 3 &&
	       !strncmp(line + 3, name, len - 3);
}

bool html_page_section(FILE *f, const char *page, const char *name)
{
	static const struct {
		const char *mark, *open, *close;
	} blocks[] = {
		{ "> ", "<blockquote>", "</blockquote>\n" },
		{ "- ", "<p class=item>", "</p>\n" },
		{ "    ", "<pre>", "</pre>\n" },
		{ "", "<p>", "</p>\n" },
	};
	int block = -1, next;
	bool in = !name, any = false;
	size_t len, skip;

	for (; *page; page += len, page += *page == '\n') {
		len = strcspn(page, "\n");
		if (!strncmp(page, "# ", 2))
			continue;
		if (!strncmp(page, "## ", 3)) {
			if (in)
				break;
			in = is_title(page, len, name);
			continue;
		}
		if (!in)
			continue;
		for (next = 0; strncmp(page, blocks[next].mark, strlen(blocks[next].mark)); next++)
			;
		skip = strlen(blocks[next].mark);
		/* An item goes on in lines that are indented under it. */
		if (block == 1 && !strncmp(page, "  ", 2)) {
			next = 1;
			skip = 2;
		} else if (block >= 0 && (!len || next != block || next == 1)) {
			fputs(blocks[block].close, f);
			block = -1;
		}
		if (!len)
			continue;
		fputs(block < 0 ? blocks[next].open : next == 2 ? "\n" : " ", f);
		put_inline(f, page + skip, len - skip);
		block = next;
		any = true;
	}
	if (block >= 0)
		fputs(blocks[block].close, f);
	return any;
}

/* ---- the frame ---- */

/*
 * Colours are the reader's choice of light or dark, and light on paper.  Bars
 * are boxes with a share of the width, so that they fit any screen.
 */
static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#5c6670;--line:#d5dae0;--card:#f6f8fa;"
	"--good:#1a7f37;--warn:#9a6700;--bad:#c5221f;--link:#0b5cad;"
	"--s-run:#3fa34d;--s-p2p:#1b8f8f;--s-pre:#3b82d6;--s-prep:#5a63d8;--s-copy:#e07b00;--s-stop:#8a5a44;"
	"--s-res:#9050c0;--s-err:#c5221f;--s-unk:#9aa3ad;--init:#3b82d6;--dirty:#c2378a;--rate:#3fa34d;"
	"--drv:#3b82d6;--vmm:#9a86c8;--oth:#9aa3ad;--stop:rgba(224,123,0,.16)}\n"
	"@media (prefers-color-scheme:dark){:root{--bg:#14171b;--fg:#dfe3e8;--dim:#98a2ad;--line:#343b44;"
	"--card:#1d2227;--good:#57c46f;--warn:#e3b341;--bad:#ff7b72;--link:#79b8ff;--s-run:#4caf5a;"
	"--s-p2p:#2aa5a5;--s-pre:#4a90e2;--s-prep:#7079ea;--s-copy:#f08c1a;--s-stop:#a8745c;--s-res:#a86bd6;"
	"--s-err:#ff7b72;--init:#4a90e2;--dirty:#e56fb0;--rate:#4caf5a;--drv:#4a90e2;--vmm:#8f7cc0;"
	"--stop:rgba(240,140,26,.2)}}\n"
	"*{box-sizing:border-box}"
	"body{margin:0 auto;padding:1rem;max-width:1100px;background:var(--bg);color:var(--fg);"
	"font:15px/1.45 system-ui,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;overflow-wrap:anywhere}\n"
	"h1{font-size:1.05rem;margin:0;color:var(--dim);font-weight:600}"
	"h2{font-size:1.25rem;margin:0 0 .3rem}h3{font-size:1rem;margin:1.4rem 0 .4rem}"
	"p{margin:.4rem 0}a{color:var(--link)}.dim{color:var(--dim)}.num{text-align:right;"
	"font-variant-numeric:tabular-nums;white-space:nowrap}code,pre{font:13px/1.4 ui-monospace,"
	"'DejaVu Sans Mono',monospace}pre{overflow-x:auto;margin:.4rem 0}"
	"blockquote{margin:.4rem 0;padding:.1rem .8rem;border-left:3px solid var(--line);color:var(--dim)}\n"
	"section{margin:1.2rem 0;padding:1rem;border:1px solid var(--line);border-radius:8px}"
	".verdict{border-width:2px}.verdict.good{border-color:var(--good)}.verdict.warn{border-color:var(--warn)}"
	".verdict.bad{border-color:var(--bad)}.verdict .big{font-size:1.5rem;font-weight:700;margin-right:.5rem}"
	".good>.big,.t-good{color:var(--good)}.warn>.big,.t-warn{color:var(--warn)}.bad>.big,.t-bad{color:var(--bad)}"
	".verdict ul{margin:.6rem 0 0;padding-left:1.2rem}.verdict li{margin:.25rem 0}\n"
	".tag{display:inline-block;padding:0 .5em;border:1px solid currentColor;border-radius:1em;font-size:.8rem;"
	"font-weight:600;white-space:nowrap}"
	".tiles{display:flex;flex-wrap:wrap;gap:.6rem;margin:.8rem 0}.tile{flex:1 1 8.5rem;padding:.5rem .7rem;"
	"background:var(--card);border:1px solid var(--line);border-radius:6px}"
	".tile b{display:block;font-size:1.2rem;font-variant-numeric:tabular-nums}.tile span{color:var(--dim);font-size:.82rem}\n"
	".scroll{overflow-x:auto}table{overflow-wrap:normal;border-collapse:collapse;width:100%;font-size:.9rem}"
	"th{text-align:left;color:var(--dim);font-weight:600}th.num{text-align:right}"
	"th,td{padding:.2rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}"
	"td:first-child,th:first-child{padding-left:0}tr.note td{color:var(--bad);border-bottom:1px solid var(--line);padding-left:1rem}"
	"tr.share td:first-child{padding-left:1rem}tr.share td{color:var(--dim);font-size:.85em}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .8rem;margin:.5rem 0}dt{color:var(--dim)}dd{margin:0}"
	"details{margin:.4rem 0;border:1px solid var(--line);border-radius:6px;padding:.3rem .6rem}summary{cursor:pointer}"
	"h4{margin:.9rem 0 .2rem;font-size:.85rem;color:var(--dim)}.both{font-weight:600}\n"
	".timeline .cap{font-size:.78rem;color:var(--dim);margin:.4rem 0 .1rem}.trow{display:grid;"
	"grid-template-columns:9rem 1fr;gap:0 .6rem;align-items:center;margin:.12rem 0;font-size:.78rem}"
	".trow .bar{height:.85rem}.trow .lane>.cap{display:none}\n"
	".lanes{position:relative;margin:.5rem 0 0}.lane{position:relative}.lane>.cap{font-size:.78rem;color:var(--dim);"
	"margin:.5rem 0 .1rem}.bar{position:relative;height:1.9rem;background:var(--card);overflow:hidden;border-radius:4px}"
	".bar i{position:absolute;top:0;bottom:0;min-width:2px;color:#fff;font:600 .74rem/1.9rem inherit;"
	"font-style:normal;line-height:1.9rem;font-size:.74rem;font-weight:600;overflow:hidden;white-space:nowrap;"
	"text-indent:.4em;text-overflow:clip}"
	".plot{position:relative;height:7.5rem;background:var(--card);border-radius:4px;overflow:hidden}"
	".plot.low{height:3.2rem}.plot.strip{height:.9rem}.plot svg{position:absolute;inset:0;width:100%;height:100%}"
	".plot u{position:absolute;left:.3rem;font-size:.68rem;color:var(--dim);text-decoration:none;line-height:1;"
	"transform:translateY(.15rem);background:var(--card);opacity:.85;padding:0 .2em}"
	".window{position:absolute;top:0;bottom:0;min-width:2px;background:var(--stop);border-left:2px solid var(--s-copy);"
	"pointer-events:none}"
	".bar{isolation:isolate}.axis{position:relative;height:1.2rem;font-size:.7rem;color:var(--dim)}.axis span{position:absolute;"
	"transform:translateX(-50%);white-space:nowrap}.axis .begin{transform:none}"
	".axis .end{transform:translateX(-100%)}"
	".pins{position:relative;height:1.4rem}.pins a{position:absolute;transform:translateX(-50%);font-size:.7rem;"
	"line-height:1.15rem;min-width:1.2rem;text-align:center;border:1px solid currentColor;border-radius:.6rem;"
	"text-decoration:none;background:var(--bg);font-weight:700}\n"
	".legend{font-size:.8rem;color:var(--dim);margin:.3rem 0}.legend i{display:inline-block;width:.8em;height:.8em;"
	"margin:0 .3em 0 .9em;border-radius:2px;vertical-align:-.05em}.legend i:first-child{margin-left:0}\n"
	".row{display:contents}.fall{display:grid;grid-template-columns:11rem 1fr 5.2rem 3.6rem 11.5rem;gap:.15rem .6rem;font-size:.88rem;align-items:center}"
	".fall .b{position:relative;height:1.05rem;background:var(--card);border-radius:3px}"
	".fall .b i{position:absolute;top:0;bottom:0;min-width:2px;border-radius:2px}.fall .share{font-size:.8rem;color:var(--dim)}"
	".fall .n.share{padding-left:1rem}.fall .b.share{height:.5rem}.fall .w{color:var(--dim);font-size:.8rem}"
	".fall .why{grid-column:1/-1;padding-left:1rem;color:var(--dim);font-size:.8rem;overflow-wrap:anywhere}"
	".fall .sep{grid-column:1/-1;border-top:1px dashed var(--line);padding-top:.25rem;margin-top:.2rem;color:var(--dim);"
	"font-size:.8rem}\n"
	".finding{margin:.8rem 0;padding:.6rem .8rem;border-left:4px solid var(--line);background:var(--card)}"
	".finding.bad{border-color:var(--bad)}.finding.warn{border-color:var(--warn)}.finding h3{margin:0 .4rem 0 0;display:inline}"
	".finding h4{margin:.6rem 0 .1rem}.loud{color:var(--bad);font-weight:700}"
	".item{padding-left:1rem}\n"
	".run{background:var(--s-run)}.p2p{background:var(--s-p2p)}.pre{background:var(--s-pre)}.prep{background:var(--s-prep)}"
	".copy{background:var(--s-copy)}.stp{background:var(--s-stop)}.res{background:var(--s-res)}.err{background:var(--s-err)}"
	".unk{background:var(--s-unk)}.drv{background:var(--drv)}.vmm{background:var(--vmm)}.oth{background:var(--oth)}"
	".k-init{background:var(--init)}.k-dirty{background:var(--dirty)}.k-rate{background:var(--rate)}"
	".k-wait{background:var(--s-unk)}.k-stop{background:var(--stop);border:1px solid var(--s-copy)}\n"
	"@media (max-width:640px){body{padding:.6rem;font-size:14px}section{padding:.7rem}.fall{display:block}"
	".row{display:grid;grid-template-columns:1fr 5rem 3.4rem;gap:.05rem .4rem;margin:.4rem 0}"
	".row>.b{grid-row:2;grid-column:1/-1}.row>.w{grid-row:3;grid-column:1/-1}.row>.w:empty{display:none}"
	"dl{display:block}dt{margin-top:.3rem;font-size:.85rem}.trow{grid-template-columns:5.8rem 1fr;font-size:.7rem}td,th{white-space:nowrap}tr.note td{white-space:normal}"
	"tr.note span{position:sticky;left:0;display:inline-block;max-width:75vw}}\n"
	"@media print{:root{font-size:12px;color-scheme:light;--bg:#fff;--fg:#000;--dim:#444;--line:#bbb;--card:#fff;"
	"--good:#1a7f37;--warn:#7a5200;--bad:#b01010;--link:#000}"
	"*{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
	"body{font-size:11px;padding:0;max-width:none}section{padding:.6rem;margin:.6rem 0}.plot{height:4.5rem}.plot.low{height:2.2rem}"
	".scroll{overflow:visible}table{font-size:10px;overflow-wrap:anywhere}th,td{padding:.1rem .25rem}"
	".finding,.tiles,.lanes,.fall,.trow,tr{break-inside:avoid}h2,h3,h4,.cap{break-after:avoid}}\n";

void html_begin(FILE *f, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>",
	      f);
	html_text(f, title, strlen(title));
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
}

void html_end(FILE *f)
{
	fputs("</body>\n</html>\n", f);
}
