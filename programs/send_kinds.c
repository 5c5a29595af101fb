/* programs/send_kinds.c - `aftercheck send alarm|calls|tests|metrics`: what each takes
 * from flags, files and standard input.  One thread. */
#include "programs/send_kinds.h"

#include "base/opt.h"
#include "collector/in_test.h"
#include "programs/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char json_type[] = "application/json";

static int fail(const char *name, const struct err *err)
{
    return cmd_fail(name, EXIT_REFUSED, err);
}

/* --- alarm --- */

static const char alarm_more[] =
    "Without --name the messages are read as JSON from FILE or standard input, one, a "
    "list, or one a line:\n"
    "  {\"name\": \"DiskFull\", \"host\": \"h1\", \"state\": \"firing\", \"time\": "
    "\"2026-11-21T10:04:00Z\"}\n"
    "An alarm is the same one as before when name, host, service and labels are the "
    "same.\n" SEND_EXITS "Example, as a Nagios event handler:\n"
    "  aftercheck send alarm --name \"$SERVICEDESC$\" --host \"$HOSTNAME$\" \\\n"
    "      --state \"$SERVICESTATE$\" --state-type \"$SERVICESTATETYPE$\" --at "
    "\"$TIMET$\"";

struct alarm_flags {
    struct alarm_form form;
    struct send_opts o;
    const char *state_type;
};

static int read_alarm(struct alarm_flags *f, const char *file, struct pieces *to,
                      struct err *err)
{
    OWNED_BUF text = {0};
    char host[128] = "localhost", source[200];
    if (f->form.name == NULL)
        return send_read(file, &text, err) < 0
                   ? -1
                   : records_alarms(buf_text(&text), text.len, instant_now(), to, err);
    gethostname(host, sizeof host - 1);
    snprintf(source, sizeof source, "aftercheck-send@%s", host);
    if (f->form.source == NULL)
        f->form.source = source;
    return records_alarm_form(&f->form, instant_now(), to, err);
}

int send_alarm(int argc, char **argv)
{
    struct alarm_flags f = {.o = {.timeout = "10s"}};
    const struct opt opts[] = {
        {"name", "NAME", "what the alarm is called", &f.form.name},
        {"host", "NAME", "the host it is about", &f.form.host},
        {"service", "NAME", "the service it is about", &f.form.service},
        {"severity", "WORD", "such as warning or critical", &f.form.severity},
        {"state", "STATE",
         "firing (the default) or resolved; or a state of Nagios, such as CRITICAL or "
         "OK",
         &f.form.state},
        {"state-type", "TYPE", "of Nagios; nothing is sent for SOFT", &f.state_type},
        {"at", "TIME",
         "when it began or ended: RFC 3339 or seconds since 1970; now when not given",
         &f.form.at},
        {"text", "TEXT", "what it says, for readers", &f.form.text},
        {"label", "K=V,...", "what else tells it from its like", &f.form.labels},
        {"source", "NAME", "who sends it; this host when not given", &f.form.source},
        SEND_OPTS(&f.o),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck send alarm",
        .synopsis = "[FILE]",
        .about = "Sends an alarm that fires or is over.",
        .more = alarm_more,
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    OWNED_PIECES pieces = {0};
    if (first + (f.form.name == NULL) < argc) {
        err_set(&err, EINVAL, "'%.60s' is one operand too many; see --help",
                argv[argc - 1]);
        return cmd_fail("send alarm", EXIT_USAGE, &err);
    }
    if (f.state_type != NULL && strcasecmp(f.state_type, "SOFT") == 0)
        return 0; /* Nagios has not made up its mind yet, and will say so again */
    if (read_alarm(&f, first < argc ? argv[first] : "-", &pieces, &err) < 0)
        return fail("send alarm", &err);
    return send_pieces("send alarm", &f.o, "/v1/alarms", json_type, &pieces);
}

/* --- calls --- */

static const char calls_more[] =
    "Reads files, or standard input. JSON: one record, a list, or one a line, as POST "
    "/v1/calls takes it. Or the compact form, a record a line:\n"
    "  CALLER>CALLEE:INTERFACE CODE COUNT [SUM_MS [MAX_MS]] [NAME=VALUE...]\n"
    "  web>pay:/charge 200 118 4130.5\n"
    "  web>pay:/charge -1001 12 340.5 91 callee_host=h1\n"
    "SUM_MS is the sum of their milliseconds. NAME is outcome (ok, fail, timeout), "
    "caller_host, callee_host, side (client, server), ts (RFC 3339 or seconds since "
    "1970) or span_s. Without outcome the codes 0, ok and 100 to 399 are ok, timeout "
    "is "
    "a timeout, all others failed. Without ts a record ends now. Lines that begin with "
    "# "
    "are passed over.\n" SEND_EXITS
    "Example: echo 'web>pay:/charge -1001 12 340.5' | aftercheck send calls --span 60";

static int read_calls(char **file, size_t n, const struct calls_ask *ask,
                      struct pieces *to, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        OWNED_BUF text = {0};
        struct err why = {0};
        if (send_read(file[i], &text, err) < 0)
            return -1;
        if (records_calls(buf_text(&text), text.len, ask, to, &why) < 0)
            return err_set(err, why.code, "%s: %s",
                           strcmp(file[i], "-") == 0 ? "standard input" : file[i],
                           why.text);
    }
    return 0;
}

int send_calls(int argc, char **argv)
{
    struct send_opts o = {.timeout = "10s"};
    struct calls_ask ask = {.now = instant_now()};
    const struct opt opts[] = {
        {"span", "SECONDS", "the time that each record counts, unless it says so",
         &ask.span},
        {"caller-host", "NAME", "of records that do not name it", &ask.caller_host},
        {"callee-host", "NAME", "of records that do not name it", &ask.callee_host},
        {"side", "SIDE", "client or server, of records that do not say it", &ask.side},
        SEND_OPTS(&o),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck send calls",
        .synopsis = "[FILE...]",
        .about = "Sends return codes of calls between modules.",
        .more = calls_more,
        .opts = opts,
    };
    static char standard_input[] = "-";
    char *usual[] = {standard_input};
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    OWNED_PIECES pieces = {0};
    if (read_calls(first < argc ? argv + first : usual,
                   first < argc ? (size_t)(argc - first) : 1, &ask, &pieces, &err) < 0)
        return fail("send calls", &err);
    return send_pieces("send calls", &o, "/v1/calls", json_type, &pieces);
}

/* --- tests --- */

static const char tests_more[] =
    "Reads files, or standard input: JUnit XML, TAP, or JSON as POST /v1/tests takes "
    "it. Each file is a run of its own, and must be whole: what is wrong is said at "
    "once, and nothing is sent.\n" SEND_EXITS "Examples:\n"
    "  pytest --junit-xml=junit.xml; aftercheck send tests --service pay junit.xml\n"
    "  prove -v t/ | aftercheck send tests --service pay --suite smoke";

struct test_flags {
    struct in_test_ask ask;
    struct send_opts o;
};

static void add_query(struct buf *to, const char *name, const char *value)
{
    if (value == NULL || value[0] == '\0')
        return;
    buf_addf(to, "%c%s=", memchr(to->data, '?', to->len) != NULL ? '&' : '?', name);
    url_quote(to, value);
}

/* Reads the results as the service will, to know their time and what is wrong. */
static int read_tests(const struct in_test_ask *ask, const char *file, struct buf *body,
                      struct buf *path, struct err *err)
{
    struct err why = {0};
    char time[INSTANT_TEXT_MAX];
    if (send_read(file, body, err) < 0)
        return -1;
    if (body->len > TEST_RUN_BYTES_MAX)
        return err_set(err, EMSGSIZE, "%s: is longer than %d MiB", file,
                       TEST_RUN_BYTES_MAX >> 20);
    OWNED_TEST_RUN *run = in_test_read(buf_text(body), body->len, ask, &why);
    if (run == NULL)
        return err_set(err, why.code, "%s: %s",
                       strcmp(file, "-") == 0 ? "standard input" : file, why.text);
    buf_add(path, "/v1/tests");
    add_query(path, "change", ask->change);
    add_query(path, "service", ask->service);
    add_query(path, "suite", ask->suite);
    add_query(path, "time", instant_text(run->time, time));
    return buf_done(path) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int send_test_files(const struct test_flags *f, char **file, size_t n)
{
    struct buf *text = calloc(2 * n, sizeof *text); /* bodies, then paths */
    struct send_parcel *p = calloc(n, sizeof *p);
    struct err err = {0};
    int rc = text != NULL && p != NULL ? 0 : err_set(&err, ENOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = read_tests(&f->ask, file[i], &text[i], &text[n + i], &err);
        p[i] = (struct send_parcel){buf_text(&text[n + i]), "application/octet-stream",
                                    text[i].data, text[i].len};
    }
    int code =
        rc == 0 ? send_parcels("send tests", &f->o, p, n) : fail("send tests", &err);
    for (size_t i = 0; text != NULL && i < 2 * n; i++)
        buf_free(&text[i]);
    free(text);
    free(p);
    return code;
}

int send_tests(int argc, char **argv)
{
    struct test_flags f = {.ask = {.now = instant_now()}, .o = {.timeout = "10s"}};
    const struct opt opts[] = {
        {"change", "ID", "the change that the tests were run for", &f.ask.change},
        {"service", "NAME", "the service that was tested", &f.ask.service},
        {"suite", "NAME", "names tests that do not name their suite", &f.ask.suite},
        {"time", "TIME",
         "when they were run, RFC 3339; else what the results say, else now",
         &f.ask.time},
        SEND_OPTS(&f.o),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck send tests",
        .synopsis = "[FILE...]",
        .about = "Sends the results of automated tests, for a change, a service or "
                 "both.",
        .more = tests_more,
        .opts = opts,
    };
    static char standard_input[] = "-";
    char *usual[] = {standard_input};
    int first = opt_parse(&program, argc, argv);
    if (first == argc)
        return send_test_files(&f, usual, 1);
    return send_test_files(&f, argv + first, (size_t)(argc - first));
}

/* --- metrics --- */

static const char metrics_more[] =
    "Samples are operands such as cpu.busy=31.5 or disk.util{device=sda}=97, of this "
    "host when neither host nor service is given; without operands they are read from "
    "standard input as line protocol, whose lines get --host and --service where they "
    "lack them, and the present where they lack a time.\n" SEND_EXITS "Examples:\n"
    "  aftercheck send metrics --host h1 --service pay queue.length=17 "
    "queue.age_s=2.5\n"
    "  echo 'queue length=17,age_s=2.5' | aftercheck send metrics --service pay";

struct metric_flags {
    struct lines_ask ask;
    struct send_opts o;
    const char *at;
    char host[256];
};

static int read_samples(struct metric_flags *f, char **sample, size_t n,
                        struct pieces *to, struct err *err)
{
    OWNED_BUF text = {0};
    if (n == 0)
        return send_read("-", &text, err) < 0
                   ? -1
                   : records_lines(buf_text(&text), text.len, &f->ask, to, err);
    if (f->ask.host == NULL && f->ask.service == NULL &&
        gethostname(f->host, sizeof f->host - 1) == 0)
        f->ask.host = f->host;
    struct buf *piece = pieces_add(to);
    if (piece == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        if (records_sample(sample[i], &f->ask, piece, err) < 0)
            return -1;
    return 0;
}

static int check_metrics(struct metric_flags *f, struct err *err)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    struct err why = {0};
    bool known = false;
    if (f->at != NULL && records_time(f->at, &f->ask.now, &why) < 0)
        return err_set(err, EINVAL, "--at: %s", why.text);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        known |= strcmp(units[i], f->ask.precision) == 0;
    return known ? 0
                 : err_set(err, EINVAL,
                           "--precision: expected ns, us, ms or s, got '%.40s'",
                           f->ask.precision);
}

int send_metrics(int argc, char **argv)
{
    struct metric_flags f = {.ask = {.now = instant_now(), .precision = "ns"},
                             .o = {.timeout = "10s"}};
    const struct opt opts[] = {
        {"host", "NAME", "the host that the samples are of", &f.ask.host},
        {"service", "NAME", "the service that the samples are of", &f.ask.service},
        {"at", "TIME",
         "of samples without a time: RFC 3339 or seconds since 1970; now when not "
         "given",
         &f.at},
        {"precision", "UNIT", "of times in line protocol: ns (the default), us, ms, s",
         &f.ask.precision},
        SEND_OPTS(&f.o),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck send metrics",
        .synopsis = "[NAME=VALUE...]",
        .about = "Sends samples of hosts and services.",
        .more = metrics_more,
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    OWNED_PIECES pieces = {0};
    char path[40];
    if (check_metrics(&f, &err) < 0)
        return cmd_fail("send metrics", EXIT_USAGE, &err);
    if (read_samples(&f, argv + first, (size_t)(argc - first), &pieces, &err) < 0)
        return fail("send metrics", &err);
    snprintf(path, sizeof path, "/write?precision=%s", f.ask.precision);
    return send_pieces("send metrics", &f.o, path, "text/plain; charset=utf-8",
                       &pieces);
}
