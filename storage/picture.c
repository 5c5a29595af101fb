/* storage/picture.c - a chart as arguments for librrd's graph function.
 *
 * librrd can choose axes by itself, but not well: a constant line gets five equal
 * labels, tiny values are pressed flat, a span of seconds gets no times.  So axes are
 * chosen here, and librrd only draws.  What must hold: no byte of a stranger's text
 * acts as anything but text (a ':' would end the label, a backslash begins a code), and
 * the same picture always gives the same arguments.  No state, any thread. */
#include "storage/picture.h"

#include "base/names.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FONT_PX = 6, /* a character's usual width in the legend */ TITLE_PX = 7 };

/* --- colours --- */

struct shade {
    unsigned rgb, alpha;
};

struct palette {
    unsigned back, axis, text, pivot, limit;
    /* librrd draws the grid over the lines: it must let them through */
    struct shade grid, before, after;
};

static const struct palette light = {
    .back = 0xffffff,
    .axis = 0x8c959f,
    .grid = {0x8c959f, 0x40},
    .text = 0x424a53,
    .pivot = 0x24292f,
    .limit = 0xbc4c00,
    .before = {0x57606a, 0x24},
    .after = {0xd4a72c, 0x30},
};
static const struct palette dark = {
    .back = 0x0d1117,
    .axis = 0x6e7681,
    .grid = {0x8b949e, 0x30},
    .text = 0xc9d1d9,
    .pivot = 0xf0f6fc,
    .limit = 0xf0883e,
    .before = {0x8b949e, 0x38},
    .after = {0xd29922, 0x38},
};

/* What the shade looks like on the background: for its legend. */
static unsigned blend(struct shade s, unsigned back)
{
    unsigned rgb = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        unsigned top = s.rgb >> shift & 255, under = back >> shift & 255;
        rgb |= (top * s.alpha + under * (255 - s.alpha)) / 255 << shift;
    }
    return rgb;
}

/* --- texts --- */

/* Characters that turn the direction of what follows, so that a label could be made to
 * read as something else: U+200E-F, U+202A-E, U+2066-9. */
static bool turns(const char *c, size_t n)
{
    const unsigned char *p = (const unsigned char *)c;
    if (n != 3 || p[0] != 0xe2)
        return false;
    if (p[1] == 0x80)
        return p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae);
    return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

/* Columns that a character takes: from U+3000 on it is likely a wide one. */
static size_t columns(const char *c)
{
    return (unsigned char)*c >= 0xe3 ? 2 : 1;
}

static void add_character(struct buf *to, const char *c, size_t n, bool in_label)
{
    if (n == 0)
        buf_add(to, "\xef\xbf\xbd");
    else if (utf8_is_control(c, n) || turns(c, n))
        buf_add_ch(to, ' ');
    else if (in_label && *c == ':')
        buf_add(to, "\\:");
    else if (in_label && *c == '\\')
        buf_add(to, "\xe2\x88\x96"); /* SET MINUS: librrd cannot escape a backslash */
    else
        buf_add_n(to, c, n);
}

static void add_text(struct buf *to, const char *text, size_t columns_max,
                     bool in_label)
{
    size_t left = strlen(text), used = 0;
    while (left > 0) {
        size_t n = utf8_next(text, left), eaten = n > 0 ? n : 1;
        used += n > 0 ? columns(text) : 1;
        if (used > columns_max || (used == columns_max && left > eaten)) {
            buf_add(to, "\xe2\x80\xa6"); /* an ellipsis */
            return;
        }
        add_character(to, text, n, in_label);
        text += eaten;
        left -= eaten;
    }
}

void picture_label(struct buf *to, const char *text, size_t chars_max)
{
    add_text(to, text, chars_max, true);
}

/* --- arguments --- */

static void arg(struct picture_plan *pl, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void arg(struct picture_plan *pl, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        pl->args.failed = true; /* our own texts are all short */
    else
        buf_add_n(&pl->args, text, (size_t)n + 1);
    pl->n_args++;
}

/* An argument that ends in a text of the caller's, cut to `columns_max`. */
static void arg_text(struct picture_plan *pl, const char *front, const char *text,
                     size_t columns_max, bool in_label)
{
    buf_add(&pl->args, front);
    add_text(&pl->args, text, columns_max, in_label);
    buf_add_n(&pl->args, "", 1);
    pl->n_args++;
}

/* --- the axis of values --- */

struct axis {
    double low, high, step; /* scaled */
    double scale;
    char suffix[16]; /* behind each label: " k" */
    int decimals;
};

/* Beyond this, ranges and scales overflow; no metric means it. */
static bool drawable(double v)
{
    return fabs(v) <= 1e300; /* NaN is not */
}

static void find_range(const struct rrd_picture *p, double *ret_low, double *ret_high)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t l = 0; l < p->n_lines; l++) {
        for (size_t i = 0; i < p->n; i++) {
            double v = p->lines[l].value[i];
            if (!drawable(v))
                continue;
            low = fmin(low, v);
            high = fmax(high, v);
        }
    }
    if (low > high || (fabs(low) < 1e-290 && fabs(high) < 1e-290))
        low = high = 0;
    *ret_low = low;
    *ret_high = high;
}

/* Far off limits are left out of the range: they would press the lines flat. */
static bool limit_near(double limit, double low, double high)
{
    double reach = 1.5 * fmax(high - low, 0.25 * fmax(fabs(low), fabs(high)));
    return drawable(limit) && limit >= low - reach && limit <= high + reach;
}

static void widen_range(const struct rrd_picture *p, double *low, double *high)
{
    if (limit_near(p->limit, *low, *high)) {
        *low = fmin(*low, p->limit);
        *high = fmax(*high, p->limit);
    }
    double largest = fmax(fabs(*low), fabs(*high));
    if (largest == 0) {
        *high = 1;
        return;
    }
    if (*high - *low < 1e-5 * largest) { /* constant: shown over its zero line */
        *high = fmax(0, 1.25 * *high);
        *low = fmin(0, 1.25 * *low);
    }
    double room = 0.06 * (*high - *low);
    if (*low > 0 && *low <= 0.35 * *high)
        *low = 0;
    else if (*low != 0)
        *low = *low > 0 ? fmax(0, *low - room) : *low - room;
    if (*high < 0 && *high >= 0.35 * *low)
        *high = 0;
    else if (*high != 0)
        *high = *high < 0 ? fmin(0, *high + room) : *high + room;
}

/* Thousands get a prefix; what reads well as it stands (0.25, 1500) gets none. */
static void choose_scale(struct axis *a)
{
    static const char *const prefix[] = {"n", "µ", "m", "",  "k",
                                         "M", "G", "T", "P", "E"};
    double largest = fmax(fabs(a->low), fabs(a->high));
    int power = 0;
    if (largest >= 10000 || largest < 0.01)
        power = 3 * (int)floor(log10(largest) / 3);
    if (power == 0)
        a->suffix[0] = '\0';
    else if (power >= -9 && power <= 18)
        snprintf(a->suffix, sizeof a->suffix, " %s", prefix[power / 3 + 3]);
    else
        snprintf(a->suffix, sizeof a->suffix, " e%+d", power);
    a->scale = pow(10, -power);
    a->low *= a->scale;
    a->high *= a->scale;
}

static void choose_step(struct axis *a, unsigned height)
{
    double wanted = height > 110 ? (height - 70) / 26.0 : 2;
    double rough = (a->high - a->low) / wanted;
    double power = pow(10, floor(log10(rough)));
    double times = rough / power;
    a->step = power * (times <= 1 ? 1 : times <= 2.4 ? 2 : times <= 5 ? 5 : 10);
    double decimals = -floor(log10(a->step) + 1e-9);
    a->decimals = decimals > 0 ? (int)decimals : 0;
}

static struct axis choose_axis(const struct rrd_picture *p)
{
    struct axis a = {0};
    find_range(p, &a.low, &a.high);
    widen_range(p, &a.low, &a.high);
    choose_scale(&a);
    choose_step(&a, p->height);
    return a;
}

static size_t label_columns(const struct axis *a)
{
    char text[400];
    size_t most = 0;
    const double ends[] = {a->low, a->high};
    for (size_t i = 0; i < 2; i++) {
        int n = snprintf(text, sizeof text, "%.*f", a->decimals, ends[i]);
        most = n > 0 && (size_t)n > most ? (size_t)n : most;
    }
    return most + strlen(a->suffix) - (strchr(a->suffix, '\xc2') != NULL);
}

static void add_axis(struct picture_plan *pl, const struct axis *a)
{
    arg(pl, "--lower-limit=%.12g", a->low);
    arg(pl, "--upper-limit=%.12g", a->high);
    arg(pl, "--rigid");
    arg(pl, "--y-grid=%.12g:1", a->step);
    arg(pl, "--units-exponent=0");
    arg(pl, "--left-axis-format=%%.%dlf%s", a->decimals, a->suffix);
    size_t n = label_columns(a);
    arg(pl, "--units-length=%zu", n > 3 ? n : 3);
}

/* --- the axis of time --- */

struct tick {
    const char *unit;
    int n, seconds;
    int px; /* the least room from one label to the next */
    const char *format;
};

static const struct tick ticks[] = {
    {"SECOND", 1, 1, 72, "%H:%M:%S"},   {"SECOND", 2, 2, 72, "%H:%M:%S"},
    {"SECOND", 5, 5, 72, "%H:%M:%S"},   {"SECOND", 10, 10, 72, "%H:%M:%S"},
    {"SECOND", 15, 15, 72, "%H:%M:%S"}, {"SECOND", 30, 30, 72, "%H:%M:%S"},
    {"MINUTE", 1, 60, 56, "%H:%M"},     {"MINUTE", 2, 120, 56, "%H:%M"},
    {"MINUTE", 5, 300, 56, "%H:%M"},    {"MINUTE", 10, 600, 56, "%H:%M"},
    {"MINUTE", 15, 900, 56, "%H:%M"},   {"MINUTE", 30, 1800, 56, "%H:%M"},
    {"HOUR", 1, 3600, 56, "%H:%M"},     {"HOUR", 2, 7200, 56, "%H:%M"},
    {"HOUR", 3, 10800, 56, "%H:%M"},    {"HOUR", 6, 21600, 56, "%H:%M"},
    {"DAY", 1, 86400, 60, "%b %d"},     {"DAY", 2, 172800, 60, "%b %d"},
    {"WEEK", 1, 604800, 60, "%b %d"},   {"WEEK", 2, 1209600, 60, "%b %d"},
    {"MONTH", 1, 2592000, 60, "%Y-%m"}, {"MONTH", 3, 7776000, 60, "%Y-%m"},
    {"YEAR", 1, 31536000, 60, "%Y"},
};

static const struct tick *choose_tick(double seconds, double px)
{
    size_t n = sizeof ticks / sizeof *ticks;
    for (size_t i = 0; i + 1 < n; i++)
        if (ticks[i].seconds * px / seconds >= ticks[i].px)
            return &ticks[i];
    return &ticks[n - 1];
}

struct times {
    int64_t start, end, step; /* seconds; start is a whole number of steps */
};

static struct times times_of(const struct rrd_picture *p)
{
    struct times t = {.step = p->step.ms / 1000};
    int64_t s = p->from.ms / 1000;
    t.start = s - s % t.step;
    t.end = t.start + t.step * (int64_t)p->n;
    return t;
}

static void add_times(struct picture_plan *pl, const struct times *t, unsigned width)
{
    double px = width > 160 ? width - 80.0 : 80;
    const struct tick *k = choose_tick((double)(t->end - t->start), px);
    /* A label at the very end would be cut off: the picture ends a little later. */
    int64_t span_s = t->end - t->start, overhang = (k->px - 48) / 2;
    bool cut = (double)(t->end % k->seconds) * px < (double)(overhang * span_s);
    int64_t pad = cut ? (overhang * span_s + (int)px - 1) / (int)px : 0;
    arg(pl, "--start=%lld", (long long)t->start);
    arg(pl, "--end=%lld", (long long)(t->end + pad));
    arg(pl, "--x-grid=%s:%d:%s:%d:%s:%d:0:%s", k->unit, k->n, k->unit, k->n, k->unit,
        k->n, k->format);
}

/* --- what is drawn --- */

static void add_frame(struct picture_plan *pl, const struct rrd_picture *p,
                      const struct palette *c)
{
    arg(pl, "--imgformat=%s", p->format == RRD_SVG ? "SVG" : "PNG");
    arg(pl, "--width=%u", p->width);
    arg(pl, "--height=%u", p->height);
    arg(pl, "--full-size-mode");
    if (p->zoom > 1)
        arg(pl, "--zoom=%u", p->zoom);
    arg(pl, "--slope-mode");
    arg(pl, "--border=0");
    arg(pl, "--disable-rrdtool-tag");
    arg(pl, "--grid-dash=1:0");
    arg(pl, "--font=DEFAULT:8:DejaVu Sans");
    arg(pl, "--font=TITLE:9:DejaVu Sans");
    arg(pl, "--color=BACK#%06x", c->back);
    arg(pl, "--color=CANVAS#%06x", c->back);
    arg(pl, "--color=FRAME#%06x00", c->back);
    arg(pl, "--color=ARROW#%06x00", c->back);
    arg(pl, "--color=AXIS#%06x", c->axis);
    arg(pl, "--color=GRID#%06x%02x", c->grid.rgb, c->grid.alpha);
    arg(pl, "--color=MGRID#%06x%02x", c->grid.rgb, c->grid.alpha);
    arg(pl, "--color=FONT#%06x", c->text);
    if (p->title != NULL)
        arg_text(pl, "--title=", p->title, (p->width - 40) / TITLE_PX, false);
    if (p->unit != NULL)
        arg_text(pl, "--vertical-label=", p->unit, (p->height - 50) / FONT_PX, false);
}

static void add_data(struct picture_plan *pl, const struct rrd_picture *p,
                     const char *file)
{
    for (size_t i = 0; i < p->n_lines; i++)
        arg(pl, "DEF:l%zu=%s:l%zu:AVERAGE", i, file, i);
    arg(pl, "CDEF:none=l0,POP,UNKN");
}

static bool window_there(instant from, instant to)
{
    return !instant_is_none(from) && !instant_is_none(to) && from.ms < to.ms;
}

/* Rows whose middle lies in the window are shaded over the canvas's whole height. */
static void add_shade(struct picture_plan *pl, const char *name, struct shade s,
                      instant from, instant to, int64_t step)
{
    if (!window_there(from, to))
        return;
    double half = 0.5 * (double)step;
    arg(pl, "CDEF:%s=l0,POP,TIME,%.1f,GE,TIME,%.1f,LT,*,INF,UNKN,IF", name,
        (double)from.ms / 1000 + half, (double)to.ms / 1000 + half);
    arg(pl, "CDEF:%s_under=%s,-1,*", name, name);
    arg(pl, "AREA:%s#%06x%02x", name, s.rgb, s.alpha);
    arg(pl, "AREA:%s_under#%06x%02x", name, s.rgb, s.alpha);
}

/* The first line is the one that matters: drawn last, so on top. */
static void add_lines(struct picture_plan *pl, const struct rrd_picture *p)
{
    for (size_t i = p->n_lines; i-- > 0;) {
        const struct rrd_line *l = &p->lines[i];
        arg(pl, "LINE%s:l%zu#%06x%s", l->dashed ? "1" : "1.6", i, l->rgb & 0xffffff,
            l->dashed ? "::dashes=4,2" : "");
    }
}

static void add_rules(struct picture_plan *pl, const struct rrd_picture *p,
                      const struct axis *a, const struct palette *c)
{
    double limit = p->limit * a->scale;
    if (drawable(limit) && limit >= a->low && limit <= a->high)
        arg(pl, "HRULE:%.12g#%06x::dashes=6,3", limit, c->limit);
    for (size_t i = 0; i < p->n_marks && i < RRD_MARKS_MAX; i++)
        arg(pl, "VRULE:%lld#%06x::dashes=3,2", (long long)(p->marks[i].ms / 1000),
            c->pivot);
    if (!instant_is_none(p->pivot))
        arg(pl, "VRULE:%lld#%06x::dashes=3,2", (long long)(p->pivot.ms / 1000),
            c->pivot);
}

/* An entry of the legend alone: it draws a line that is nowhere known. */
static void add_entry(struct picture_plan *pl, unsigned rgb, const char *text,
                      size_t columns_max)
{
    char front[40];
    snprintf(front, sizeof front, "LINE1:none#%06x: ", rgb & 0xffffff);
    arg_text(pl, front, text, columns_max, true);
}

static const char *or_else(const char *label, const char *words)
{
    return label != NULL ? label : words;
}

/* What the shades and rules mean. */
static void add_meanings(struct picture_plan *pl, const struct rrd_picture *p,
                         const struct axis *a, const struct palette *c)
{
    enum { ALL = 40 };
    if (window_there(p->before_from, p->before_to))
        add_entry(pl, blend(c->before, c->back), or_else(p->before_label, "before"),
                  ALL);
    if (window_there(p->after_from, p->after_to))
        add_entry(pl, blend(c->after, c->back), or_else(p->after_label, "after"), ALL);
    if (!instant_is_none(p->pivot))
        add_entry(pl, c->pivot, or_else(p->pivot_label, "change"), ALL);
    if (!drawable(p->limit))
        return;
    double limit = p->limit * a->scale;
    char text[64];
    snprintf(text, sizeof text, "limit %.5g%s%s", limit, a->suffix,
             limit > a->high  ? " (above)"
             : limit < a->low ? " (below)"
                              : "");
    add_entry(pl, c->limit, text, ALL);
}

/* The lines' labels, then what the shades and rules mean: in a row of its own where one
 * row cannot hold all. */
static void add_legend(struct picture_plan *pl, const struct rrd_picture *p,
                       const struct axis *a, const struct palette *c)
{
    enum { ENTRY_PX = 28, /* colour and gap */ MEANINGS_PX = 4 * ENTRY_PX + 130 };
    /* Two rows for the lines at most, so that the picture stays a picture; in a small
     * one, one row and nothing else. */
    bool small = p->height < 120;
    size_t row = (p->width - 40) / FONT_PX, most = (small ? 1 : 2) * row / p->n_lines;
    size_t px = 0;
    most = small && most > 7 ? most - 3 : most > row ? row : most < 12 ? 12 : most;
    for (size_t i = 0; i < p->n_lines; i++) {
        size_t n = strlen(p->lines[i].label);
        px += (n < most ? n : most) * FONT_PX + ENTRY_PX;
        add_entry(pl, p->lines[i].rgb, p->lines[i].label, most);
    }
    if (px + MEANINGS_PX > p->width)
        arg(pl, "COMMENT:\\l");
    if (!small)
        add_meanings(pl, p, a, c);
    arg(pl, "COMMENT:\\l"); /* left, not spread out */
}

/* --- the whole --- */

static int check_picture(const struct rrd_picture *p, struct err *err)
{
    if (p->width < PICTURE_WIDTH_MIN || p->width > PICTURE_SIDE_MAX)
        return err_set(err, EINVAL, "width must be %d to %d, not %u", PICTURE_WIDTH_MIN,
                       PICTURE_SIDE_MAX, p->width);
    if (p->height < PICTURE_HEIGHT_MIN || p->height > PICTURE_SIDE_MAX)
        return err_set(err, EINVAL, "height must be %d to %d, not %u",
                       PICTURE_HEIGHT_MIN, PICTURE_SIDE_MAX, p->height);
    if (p->zoom > PICTURE_ZOOM_MAX)
        return err_set(err, EINVAL, "zoom must be at most %d, not %u", PICTURE_ZOOM_MAX,
                       p->zoom);
    if (p->n < 2 || p->n > PICTURE_POINTS_MAX)
        return err_set(err, EINVAL, "n must be 2 to %d points, not %zu",
                       PICTURE_POINTS_MAX, p->n);
    if (p->n_lines < 1 || p->n_lines > PICTURE_LINES_MAX)
        return err_set(err, EINVAL, "n_lines must be 1 to %d, not %zu",
                       PICTURE_LINES_MAX, p->n_lines);
    if (p->step.ms < 1000 || p->step.ms % 1000 != 0 || p->step.ms > 31LL * 86400000)
        return err_set(err, EINVAL,
                       "step must be whole seconds, 1 s to 31 d, not %lld ms",
                       (long long)p->step.ms);
    /* librrd knows no time before 1980. */
    if (p->from.ms < 320000000000LL || p->from.ms > 9000000000000LL)
        return err_set(err, EINVAL, "from must lie between 1980 and 2255");
    return 0;
}

int picture_plan(const struct rrd_picture *p, const char *file,
                 struct picture_plan *ret_plan, struct err *err)
{
    if (check_picture(p, err) < 0)
        return -1;
    const struct palette *c = p->dark ? &dark : &light;
    struct picture_plan pl = {0};
    struct axis a = choose_axis(p);
    struct times t = times_of(p);
    pl.scale = a.scale;
    arg(&pl, "graph");
    arg(&pl, "-");
    add_frame(&pl, p, c);
    add_times(&pl, &t, p->width);
    add_axis(&pl, &a);
    add_data(&pl, p, file);
    add_shade(&pl, "before", c->before, p->before_from, p->before_to, t.step);
    add_shade(&pl, "after", c->after, p->after_from, p->after_to, t.step);
    add_lines(&pl, p);
    add_rules(&pl, p, &a, c);
    add_legend(&pl, p, &a, c);
    if (buf_done(&pl.args) < 0) {
        picture_plan_free(&pl);
        return err_set(err, ENOMEM, "no memory for a picture");
    }
    *ret_plan = pl;
    return 0;
}

void picture_plan_free(struct picture_plan *plan)
{
    buf_free(&plan->args);
    *plan = (struct picture_plan){0};
}
