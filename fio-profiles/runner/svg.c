// SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause
/*
 * Results as a picture: a line for each profile and direction, three panels beside each other.
 *
 *                      IOPS              MB/s             latency, log scale
 *   randread-4k        ######## 312k     ## 1.28k         |  o---o   98 µs / 160 µs
 *   read-1m            # 5.1k            ####### 5.4k     |        o-o  6.2 ms / 7.9 ms
 *
 * IOPS and MB/s are bars from zero.  Latencies span orders of magnitude, so they are two points (p50 and
 * p99) on a logarithmic axis.  Each value is written beside its mark.
 */

#include "fio-profiles/runner/result.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define ROWS_MAX	96

#define MARGIN		24
#define LABEL_W		170
#define PANEL_W		210
#define VALUE_W		64		/* room for the number behind a mark */
#define LATENCY_W	370
#define LATENCY_VALUE_W	130
#define GAP		16
#define ROW_H		30
#define BAR_H		16
#define TOP		112		/* title and panel headings */
#define BOTTOM		56		/* axis and legend */

#define DECADE_MAX	8		/* 100 s: end of the latency axis */

#define WIDTH	(2 * MARGIN + LABEL_W + 2 * (PANEL_W + GAP) + LATENCY_W)

static const char *const colours[BENCH_DIR_N] = { "#2f6db3", "#d9822b", "#7a7a7a" };

struct bar_row {
	const struct bench_result *result;
	enum bench_dir dir;
};

struct picture {
	FILE *out;
	struct bar_row rows[ROWS_MAX];
	unsigned rows_n;
	bool has_dir[BENCH_DIR_N];
	double iops_max, bytes_max;
	int decade_low, decade_high;	/* of the latency axis: powers of ten, us */
};

static const struct bench_row *row_of(const struct bar_row *b)
{
	return &b->result->rows[b->dir];
}

/* "312k", "5.10k", "98.3": three digits. */
static void short_number(char *buf, size_t len, double v)
{
	static const char *const units[] = { "", "k", "M", "G" };
	unsigned unit = 0;

	while (v >= 999.5 && unit < 3) {
		v /= 1000;
		unit++;
	}
	snprintf(buf, len, "%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, units[unit]);
}

static void short_time(char *buf, size_t len, double us)
{
	static const char *const units[] = { "µs", "ms", "s" };
	unsigned unit = 0;

	while (us >= 999.5 && unit < 2) {
		us /= 1000;
		unit++;
	}
	snprintf(buf, len, "%.*f %s", us < 9.995 ? 2 : us < 99.95 ? 1 : 0, us, units[unit]);
}

static void put_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		default:
			/* Control characters have no place in XML. */
			fputc((unsigned char)*text < ' ' ? '?' : *text, out);
		}
	}
}

static void text(const struct picture *p, double x, double y, const char *class, const char *s)
{
	fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	put_escaped(p->out, s);
	fputs("</text>\n", p->out);
}

static int row_y(unsigned i)
{
	return TOP + (int)i * ROW_H;
}

static void bar(const struct picture *p, unsigned i, int x, double value, double max)
{
	double w = max > 0 ? value / max * (PANEL_W - VALUE_W) : 0;
	int y = row_y(i) + (ROW_H - BAR_H) / 2;
	char label[32];

	short_number(label, sizeof(label), value);
	fprintf(p->out, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>\n", x,
		y, w < 1 ? 1 : w, BAR_H, colours[p->rows[i].dir]);
	text(p, x + w + 6, y + BAR_H - 3.5, "value", label);
}

static double latency_x(const struct picture *p, int x, double us)
{
	double decades = p->decade_high - p->decade_low;
	double at = (log10(us) - p->decade_low) / decades;

	return x + fmin(fmax(at, 0), 1) * (LATENCY_W - LATENCY_VALUE_W);
}

static void latency(const struct picture *p, unsigned i, int x)
{
	const struct bench_row *row = row_of(&p->rows[i]);
	const char *colour = colours[p->rows[i].dir];
	int y = row_y(i) + ROW_H / 2;
	char p50[32], p99[32], label[72];
	double a, b;

	if (row->p50_us <= 0 || row->p99_us <= 0)
		return;
	a = latency_x(p, x, row->p50_us);
	b = latency_x(p, x, row->p99_us);
	short_time(p50, sizeof(p50), row->p50_us);
	short_time(p99, sizeof(p99), row->p99_us);
	snprintf(label, sizeof(label), "%s / %s", p50, p99);
	fprintf(p->out,
		"<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"%s\" "
		"stroke-width=\"3\" opacity=\"0.45\"/>\n",
		a, y, b, y, colour);
	fprintf(p->out, "<circle cx=\"%.1f\" cy=\"%d\" r=\"5\" fill=\"%s\"/>\n", a, y, colour);
	fprintf(p->out,
		"<circle cx=\"%.1f\" cy=\"%d\" r=\"4.5\" fill=\"#fff\" stroke=\"%s\" "
		"stroke-width=\"2\"/>\n",
		b, y, colour);
	text(p, b + 10, y + 4.5, "value", label);
}

static void latency_axis(const struct picture *p, int x)
{
	static const char *const units[] = { "µs", "ms", "s" };
	int bottom = row_y(p->rows_n);
	char label[32];
	double at;

	for (int d = p->decade_low; d <= p->decade_high; d++) {
		at = x + (double)(d - p->decade_low) / (p->decade_high - p->decade_low) *
				 (LATENCY_W - LATENCY_VALUE_W);
		fprintf(p->out,
			"<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" class=\"grid\"/>\n", at,
			TOP, at, bottom);
		snprintf(label, sizeof(label), "%.0f %s", pow(10, d % 3), units[d / 3]);
		text(p, at, bottom + 16, "tick", label);
	}
}

static void legend(const struct picture *p)
{
	int x = MARGIN, y = row_y(p->rows_n) + BOTTOM - 20;

	for (int d = 0; d < BENCH_DIR_N; d++) {
		if (!p->has_dir[d])
			continue;
		fprintf(p->out,
			"<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x,
			y - 10, colours[d]);
		text(p, x + 18, y, "value", bench_dir_names[d]);
		x += 80;
	}
}

/* Whole powers of ten around all latencies, at least one apart. */
static void find_scales(struct picture *p)
{
	double low = INFINITY, high = 0;
	const struct bench_row *row;

	for (unsigned i = 0; i < p->rows_n; i++) {
		row = row_of(&p->rows[i]);
		p->iops_max = fmax(p->iops_max, row->iops);
		p->bytes_max = fmax(p->bytes_max, row->bytes_per_s);
		if (row->p50_us > 0)
			low = fmin(low, row->p50_us);
		high = fmax(high, row->p99_us);
	}
	p->decade_low = isfinite(low) ? (int)floor(log10(fmax(low, 1))) : 0;
	p->decade_high = high > 0 ? (int)ceil(log10(high)) : 1;
	if (p->decade_low >= DECADE_MAX)
		p->decade_low = DECADE_MAX - 1;
	if (p->decade_high > DECADE_MAX)
		p->decade_high = DECADE_MAX;
	if (p->decade_high <= p->decade_low)
		p->decade_high = p->decade_low + 1;
}

static void collect(struct picture *p, const struct bench_result *results, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (int d = 0; d < BENCH_DIR_N; d++) {
			if (!results[i].rows[d].ios || p->rows_n == ROWS_MAX)
				continue;
			p->rows[p->rows_n++] = (struct bar_row){ &results[i], d };
			p->has_dir[d] = true;
		}
	}
	find_scales(p);
}

static void draw(const struct picture *p, const char *title, const char *subtitle)
{
	int height = row_y(p->rows_n) + BOTTOM;
	int iops_x = MARGIN + LABEL_W, bytes_x = iops_x + PANEL_W + GAP;
	int latency_left = bytes_x + PANEL_W + GAP;
	char label[80];

	fprintf(p->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\">\n",
		WIDTH, height, WIDTH, height);
	fputs("<style>text{font-family:sans-serif;fill:#222}.title{font-size:18px;font-weight:bold}"
	      ".head{font-size:13px;font-weight:bold}.label{font-size:13px}"
	      ".sub{font-size:13px;fill:#666}"
	      ".value{font-size:12px;fill:#444;paint-order:stroke;stroke:#fff;stroke-width:3px}.tick{font-size:11px;fill:#666;text-anchor:middle}"
	      ".grid{stroke:#ddd}</style>\n",
	      p->out);
	fprintf(p->out, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, height);
	text(p, MARGIN, 36, "title", title);
	text(p, MARGIN, 56, "sub", subtitle);
	text(p, iops_x, TOP - 16, "head", "I/Os per second");
	text(p, bytes_x, TOP - 16, "head", "MB/s");
	text(p, latency_left, TOP - 16, "head", "latency: ● p50  ○ p99  (log scale)");
	latency_axis(p, latency_left);
	for (unsigned i = 0; i < p->rows_n; i++) {
		const struct bench_row *row = row_of(&p->rows[i]);

		result_label(p->rows[i].result, p->rows[i].dir, label, sizeof(label));
		text(p, MARGIN, row_y(i) + ROW_H / 2 + 4.5, "label", label);
		bar(p, i, iops_x, row->iops, p->iops_max);
		bar(p, i, bytes_x, row->bytes_per_s / 1e6, p->bytes_max / 1e6);
		latency(p, i, latency_left);
	}
	legend(p);
	fputs("</svg>\n", p->out);
}

int svg_write(const char *path, const char *title, const char *subtitle,
	      const struct bench_result *results, unsigned n)
{
	struct picture p = { .out = fopen(path, "we") };
	bool bad;

	if (!p.out)
		return -errno;
	collect(&p, results, n);
	draw(&p, title, subtitle);
	bad = ferror(p.out);
	return fclose(p.out) || bad ? -EIO : 0;
}
