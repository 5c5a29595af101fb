/* collector/wires.c - Graphite's and StatsD's sockets, and what is behind them.
 *
 * Each has a thread of its own (collector/listener.h), which alone calls on_*; the
 * present is asked for here and handed on. */
#include "collector/wires.h"

#include "collector/in_graphite.h"
#include "collector/in_statsd.h"
#include "collector/listener.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct wires {
    struct wires_spec spec;
    struct in_graphite *graphite;
    struct in_statsd *statsd;
    struct listener *tcp, *udp;
    instant flushed; /* StatsD's thread's */
    _Atomic size_t series;
};

static void book(struct wires *w, enum input input, const char *peer, size_t n,
                 instant now, const struct tally *tally, const char *complaint)
{
    const struct input_note note = {.peer = peer,
                                    .bytes = n,
                                    .taken = tally->taken,
                                    .dropped = tally_lost(tally),
                                    .complaint = complaint};
    intake_add(w->spec.intake, tally);
    inputs_note(w->spec.inputs, input, now, &note);
    gate_note_drops(w->spec.inputs, input, tally);
}

static struct gate gate_of(const struct wires *w, enum input input, const char *peer,
                           instant now)
{
    return (struct gate){.windows = w->spec.windows,
                         .inputs = w->spec.inputs,
                         .limits = w->spec.limits,
                         .input = input,
                         .peer = peer,
                         .now = now};
}

/* False when the sender brings too much; what was not read counts as one sample. */
static bool admitted(struct wires *w, const struct gate *g, size_t n)
{
    struct tally t = {.taken = 1};
    if (gate_admits(g))
        return true;
    tally_drop(&t, DROP_RATE, 1);
    book(w, g->input, g->peer, n, g->now, &t,
         "more samples a second than limits.sender_rate");
    return false;
}

static void on_graphite(const char *peer, const char *text, size_t n, void *arg)
{
    struct wires *w = arg;
    struct in_graphite_result result = {0};
    instant now = instant_now();
    struct gate gate = gate_of(w, INPUT_GRAPHITE, peer, now);
    struct sink sink = gate_sink(&gate);
    if (!admitted(w, &gate, n))
        return;
    in_graphite_read(w->graphite, &sink, text, n, now, &result);
    book(w, INPUT_GRAPHITE, peer, n, now, &result.tally, result.first);
}

static void on_statsd(const char *peer, const char *text, size_t n, void *arg)
{
    struct wires *w = arg;
    struct in_statsd_result result = {0};
    instant now = instant_now();
    struct gate gate = gate_of(w, INPUT_STATSD, peer, now);
    struct sink sink = gate_sink(&gate);
    if (!admitted(w, &gate, n))
        return;
    in_statsd_read(w->statsd, &sink, peer, text, n, now, &result);
    book(w, INPUT_STATSD, peer, n, now, &result.tally, result.first);
}

static void on_flush(void *arg)
{
    struct wires *w = arg;
    struct in_statsd_result result = {0};
    instant now = instant_now();
    span gathered = instant_since(now, w->flushed);
    if (gathered.ms <= 0) /* the clock was set back */
        gathered = w->spec.statsd.flush;
    struct sink sink = sink_of_windows(w->spec.windows);
    in_statsd_flush(w->statsd, &sink, now, gathered, &result);
    intake_add(w->spec.intake, &result.tally);
    gate_note_drops(w->spec.inputs, INPUT_STATSD, &result.tally);
    w->flushed = now;
    atomic_store(&w->series, in_statsd_series(w->statsd));
}

static int start_graphite(struct wires *w, struct err *err)
{
    const struct wire_spec *s = &w->spec.graphite;
    const struct in_graphite_spec spec = {.templates = s->templates,
                                          .n_templates = s->n_templates,
                                          .counters = s->counters,
                                          .n_counters = s->n_counters,
                                          .tags = w->spec.tags};
    const struct listener_spec door = {
        .listen = s->listen, .on_text = on_graphite, .arg = w};
    if (s->listen == NULL)
        return 0;
    w->graphite = in_graphite_new(&spec, err);
    w->tcp = w->graphite != NULL ? listener_start(&door, err) : NULL;
    return w->tcp != NULL ? 0 : -1;
}

static int start_statsd(struct wires *w, struct err *err)
{
    const struct wire_spec *s = &w->spec.statsd;
    const struct in_statsd_spec spec = {.templates = s->templates,
                                        .n_templates = s->n_templates,
                                        .local_host = s->host,
                                        .tags = w->spec.tags};
    const struct listener_spec door = {.listen = s->listen,
                                       .udp = true,
                                       .on_text = on_statsd,
                                       .on_tick = on_flush,
                                       .tick = s->flush,
                                       .arg = w};
    if (s->listen == NULL)
        return 0;
    w->flushed = instant_now();
    w->statsd = in_statsd_new(&spec, err);
    w->udp = w->statsd != NULL ? listener_start(&door, err) : NULL;
    return w->udp != NULL ? 0 : -1;
}

struct wires *wires_start(const struct wires_spec *spec, struct err *err)
{
    struct wires *w = calloc(1, sizeof *w);
    if (w == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    w->spec = *spec;
    if (start_graphite(w, err) < 0 || start_statsd(w, err) < 0)
        wires_stop(&w);
    return w;
}

void wires_stop(struct wires **w)
{
    if (*w == NULL)
        return;
    listener_stop(&(*w)->tcp);
    listener_stop(&(*w)->udp);
    in_graphite_free(&(*w)->graphite);
    in_statsd_free(&(*w)->statsd);
    free(*w);
    *w = NULL;
}

const char *wires_graphite(const struct wires *w)
{
    return w->tcp != NULL ? listener_address(w->tcp) : NULL;
}

const char *wires_statsd(const struct wires *w)
{
    return w->udp != NULL ? listener_address(w->udp) : NULL;
}

static void write_lost(const char *input, const struct listener *l, struct buf *to)
{
    if (l == NULL)
        return;
    struct listener_stats s = listener_stats(l);
    const struct {
        const char *what;
        uint64_t n;
    } lost[] = {{"connection", s.turned_away},
                {"long_line", s.long_lines},
                {"cut_line", s.cut_lines},
                {"datagram", s.lost_datagrams}};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
        buf_addf(to, "aftercheck_wire_lost_total{input=\"%s\",what=\"%s\"} %llu\n",
                 input, lost[i].what, (unsigned long long)lost[i].n);
}

void wires_write_metrics(const struct wires *w, struct buf *to)
{
    buf_add(to,
            "# HELP aftercheck_wire_lost_total What Graphite's and StatsD's sockets "
            "lost before it could be read.\n"
            "# TYPE aftercheck_wire_lost_total counter\n");
    write_lost("graphite", w->tcp, to);
    write_lost("statsd", w->udp, to);
    buf_addf(to,
             "# HELP aftercheck_statsd_series Series that StatsD's senders speak of.\n"
             "# TYPE aftercheck_statsd_series gauge\n"
             "aftercheck_statsd_series %zu\n",
             atomic_load(&w->series));
}
