/* programs/cmd_send.c - `aftercheck send`: records by way of the disk.
 *
 * Every record is in the spool, durably, before it is sent, and what waited from before
 * goes first.  Where the disk fails the record is sent all the same.  One thread; other
 * processes meet at the spool's locks. */
#include "programs/cmd.h"

#include "base/opt.h"
#include "programs/deliver.h"
#include "programs/send_kinds.h"
#include "programs/spool.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_BYTES_MAX = 64 << 20 };

int send_read(const char *path, struct buf *to, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    const char *name = f == stdin ? "standard input" : path;
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be read", path);
    char part[16384];
    size_t n;
    while (to->len <= INPUT_BYTES_MAX && (n = fread(part, 1, sizeof part, f)) > 0)
        buf_add_n(to, part, n);
    int rc = 0;
    if (ferror(f))
        rc = err_sys(err, errno, "%s cannot be read", name);
    else if (to->len > INPUT_BYTES_MAX)
        rc = err_set(err, EMSGSIZE, "%s: is longer than %d MiB; send it in parts", name,
                     INPUT_BYTES_MAX >> 20);
    else if (buf_done(to) < 0)
        rc = err_set(err, ENOMEM, "out of memory");
    if (f != stdin)
        fclose(f);
    return rc;
}

/* --- sending --- */

struct sending {
    const char *name;
    const struct send_opts *o;
    struct spool *spool; /* NULL: the disk cannot be used */
    struct httpc *http;
    uint64_t *number; /* of our records */
    size_t n;
    size_t sent, refused, waits, lost;
    char words[600]; /* why not all are sent; or for the first refused one */
};

static void say(const struct sending *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void say(const struct sending *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "aftercheck %s: ", s->name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* Without the disk: now or never. */
static void send_at_once(struct sending *s, const struct send_parcel *p)
{
    OWNED_BUF answer = {0};
    struct err err = {0};
    unsigned status = 0;
    struct httpc_ask ask = {
        .method = "POST", .path = p->path, .type = p->type, .body = p->body, .n = p->n};
    if (cmd_call(s->http, &ask, &status, &answer, &err) == 0)
        s->sent++;
    else if (deliver_is_refusal(status))
        s->refused++;
    else
        s->lost++;
    if (err.code != 0)
        snprintf(s->words, sizeof s->words, "%s", err.text);
}

static void put(struct sending *s, const struct send_parcel *p)
{
    struct err err = {0};
    struct spool_record record = {cmd_server(s->o->server), p->path, p->type, p->body,
                                  p->n};
    if (s->spool != NULL &&
        spool_put(s->spool, &record, instant_now(), &s->number[s->n], &err) == 0) {
        s->n++;
        return;
    }
    if (s->spool != NULL)
        say(s, "cannot be kept on disk, is sent at once: %s", err.text);
    send_at_once(s, p);
}

/* What became of ours. */
static void look_back(struct sending *s)
{
    for (size_t i = 0; i < s->n; i++) {
        OWNED_BUF words = {0};
        switch (spool_fate(s->spool, s->number[i], &words)) {
        case SPOOL_WAITS:
            s->waits++;
            break;
        case SPOOL_TAKEN:
            s->sent++;
            break;
        case SPOOL_REFUSED:
            if (s->refused++ == 0)
                snprintf(s->words, sizeof s->words, "%s", buf_text(&words));
        }
    }
}

static void say_losses(const struct sending *s, const uint64_t count[SPOOL_LOSS_N],
                       const char *when)
{
    for (int i = 0; i < SPOOL_LOSS_N; i++)
        if (count[i] > 0)
            say(s, "%s%llu request%s %s", when, (unsigned long long)count[i],
                plural(count[i]), spool_loss_words((enum spool_loss)i));
}

/* What happened to records of earlier calls. */
static void say_others(struct sending *s, const struct delivered *d)
{
    uint64_t news[SPOOL_LOSS_N];
    if (d->sent > s->sent)
        say(s, "%zu request%s that had waited %s sent, too", d->sent - s->sent,
            plural(d->sent - s->sent), d->sent - s->sent == 1 ? "was" : "were");
    if (d->refused > s->refused)
        say(s, "of those that had waited %zu %s refused, the first: %s",
            d->refused - s->refused, d->refused - s->refused == 1 ? "was" : "were",
            d->first);
    if (d->strange > 0)
        say(s, "%zu request%s for another --server wait%s in %s", d->strange,
            plural(d->strange), d->strange == 1 ? "s" : "", spool_dir(s->spool));
    spool_news(s->spool, news);
    news[SPOOL_LOST_REFUSED] = 0; /* said already */
    say_losses(s, news, "");
}

static void say_ours(const struct sending *s)
{
    if (s->refused > 0)
        say(s, "%s%s%s", s->words, s->spool != NULL ? "; it is kept in " : "",
            s->spool != NULL ? spool_dir(s->spool) : "");
    if (s->refused > 1)
        say(s, "%zu requests were refused, this was the first", s->refused);
    if (s->lost > 0)
        say(s, "neither sent nor kept: %s", s->words);
}

static int exit_code(const struct sending *s)
{
    if (s->refused > 0 || s->lost > 0)
        return EXIT_REFUSED;
    return s->waits > 0 && s->o->require ? EXIT_AWAY : 0;
}

static int finish(struct sending *s, int ms)
{
    struct delivered done = {0};
    struct err err = {0};
    if (s->spool != NULL) {
        int rc = deliver(s->spool, s->http, cmd_server(s->o->server), ms, &done, &err);
        look_back(s);
        if (rc < 0 && s->waits > 0)
            say(s, "not sent yet: %s; kept in %s, sent with the next call", err.text,
                spool_dir(s->spool));
        else if (rc < 0)
            say(s, "%s", err.text);
        say_others(s, &done);
    }
    say_ours(s);
    return exit_code(s);
}

static int read_timeout(const struct send_opts *o, int *ret_ms, struct err *err)
{
    span s;
    struct err why = {0};
    if (span_parse(o->timeout, &s, &why) < 0 || s.ms > INT_MAX)
        return err_set(err, EINVAL, "--timeout: %s",
                       why.code != 0 ? why.text : "is longer than 24 days");
    *ret_ms = (int)s.ms;
    return 0;
}

/* Opens what it can; -1 after a complaint. */
static int begin(struct sending *s, size_t n, int *ret_ms)
{
    struct err err = {0};
    if (read_timeout(s->o, ret_ms, &err) < 0) {
        say(s, "%s", err.text);
        return -1;
    }
    s->http = cmd_connect(s->o->server);
    if (s->http == NULL)
        return -1;
    s->number = calloc(n > 0 ? n : 1, sizeof *s->number);
    if (s->number == NULL) {
        say(s, "out of memory");
        return -1;
    }
    s->spool = spool_open(s->o->spool, &err);
    if (s->spool == NULL)
        say(s, "what cannot be sent now is lost: %s", err.text);
    return 0;
}

static void end(struct sending *s)
{
    httpc_free(&s->http);
    spool_close(&s->spool);
    free(s->number);
}

int send_parcels(const char *name, const struct send_opts *o,
                 const struct send_parcel *p, size_t n)
{
    struct sending s = {.name = name, .o = o};
    int ms, code = EXIT_USAGE;
    if (begin(&s, n, &ms) == 0) {
        for (size_t i = 0; i < n; i++)
            put(&s, &p[i]);
        code = finish(&s, ms);
    }
    end(&s);
    return code;
}

int send_pieces(const char *name, const struct send_opts *o, const char *path,
                const char *type, const struct pieces *pieces)
{
    struct send_parcel *p = calloc(pieces->n > 0 ? pieces->n : 1, sizeof *p);
    if (p == NULL)
        abort(); /* a few bytes a piece, when megabytes of it are here already */
    for (size_t i = 0; i < pieces->n; i++)
        p[i] = (struct send_parcel){path, type, pieces->at[i].data, pieces->at[i].len};
    int code = send_parcels(name, o, p, pieces->n);
    free(p);
    return code;
}

/* --- flush --- */

static int flush_all(const struct send_opts *o)
{
    struct sending s = {.name = "send", .o = o};
    struct delivered d = {0};
    struct err err = {0};
    uint64_t count[SPOOL_LOSS_N];
    int ms, code = EXIT_REFUSED;
    if (begin(&s, 0, &ms) < 0) {
        end(&s);
        return EXIT_USAGE;
    }
    if (s.spool != NULL) {
        int rc = deliver(s.spool, s.http, cmd_server(o->server), ms, &d, &err);
        if (rc < 0)
            say(&s, "%s", err.text);
        printf("%zu sent, %zu refused, %zu waiting in %s\n", d.sent, d.refused,
               d.left + d.strange, spool_dir(s.spool));
        if (d.refused > 0)
            say(&s, "the first refused: %s", d.first);
        if (spool_losses(s.spool, count, NULL) == 0)
            say_losses(&s, count, "since the beginning: ");
        s.refused = d.refused;
        s.waits = rc < 0 ? 1 : 0;
        code = exit_code(&s);
    }
    end(&s);
    return code;
}

/* --- the command --- */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} kinds[] = {
    {"alarm", send_alarm},
    {"calls", send_calls},
    {"tests", send_tests},
    {"metrics", send_metrics},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const char more[] =
    "KIND is alarm, calls, tests or metrics; `aftercheck send KIND --help` says more.\n"
    "Every record is written to disk before it is sent, and stays there while the "
    "service is away: in /var/spool/aftercheck for root, else in "
    "$XDG_STATE_HOME/aftercheck/spool or ~/.local/state/aftercheck/spool, or in "
    "--spool. The next call sends what waits, in order; so does --flush. At most 64 "
    "MiB "
    "and 10000 requests wait, for at most 7 days; beyond that the oldest are dropped, "
    "counted and told. What the service refuses is moved to refused/ there, with its "
    "answer beside it.\n"
    "Records are sent at least once: a process that is killed between the service's "
    "answer and the record's end leaves it to be sent once more. For alarms, tests and "
    "metrics that changes nothing; calls are counted twice.\n" SEND_EXITS;

static int send_flush(int argc, char **argv)
{
    struct send_opts o = {.timeout = "10m"};
    int flush = 0;
    const struct opt opts[] = {
        {"flush", NULL, "send what waits on disk, and say how much", &flush},
        {"spool", "DIR", "where records wait while the service is away", &o.spool},
        {"timeout", "TIME", "longest time for sending; 10m when not given", &o.timeout},
        {"require", NULL, "exit with 75 when records are left", &o.require},
        CMD_SERVER_OPT(&o.server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck send",
        .synopsis = "KIND ...\n       aftercheck send --flush [OPTION]...",
        .about = "Sends records to the service, and keeps them on disk while it is "
                 "away.",
        .more = more,
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    if (first < argc)
        fprintf(stderr,
                "aftercheck send: '%s' is none of alarm, calls, tests and metrics\n",
                argv[first]);
    else if (!flush)
        fputs("aftercheck send: takes a kind - alarm, calls, tests or metrics - or "
              "--flush; see --help\n",
              stderr);
    return first < argc || !flush ? EXIT_USAGE : flush_all(&o);
}

int cmd_send(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < KINDS; i++)
        if (strcmp(kinds[i].name, argv[1]) == 0)
            return kinds[i].run(argc - 1, argv + 1);
    return send_flush(argc, argv);
}
