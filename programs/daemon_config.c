/* programs/daemon_config.c - reading aftercheckd's file.  One thread, at start and on
 * SIGHUP. */
#include "programs/daemon_config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* What the fields of the file are read into; maps stay nodes until their own tables. */
struct fields {
    const char *listen, *data, *rules, *routing, *log;
    const struct yaml_node *samples, *history, *evidence, *mail, *webhooks, *graphite,
        *statsd, *limits;
    struct yaml_texts host_tags, service_tags;
};

#define TOP(name, type, member, help)                                                  \
    {                                                                                  \
        name, type, offsetof(struct fields, member), false, 0, 0, help                 \
    }
static const struct yaml_field top_fields[] = {
    TOP("listen", YAML_T_TEXT, listen, "address and port; 127.0.0.1:8190"),
    TOP("data", YAML_T_TEXT, data,
        "the data directory; /var/lib/aftercheck, or ./aftercheck-data when not root"),
    TOP("rules", YAML_T_TEXT, rules,
        "a rule file, or a folder of them; the shipped pack when not given"),
    TOP("routing", YAML_T_TEXT, routing,
        "the file that says who gets reports; everybody's become files when not given"),
    TOP("log", YAML_T_TEXT, log, "error, warn, info or debug; info"),
    TOP("host_tags", YAML_T_TEXTS, host_tags,
        "tags that name the host, the first present wins; [host, instance]"),
    TOP("service_tags", YAML_T_TEXTS, service_tags,
        "tags that name the service; [service, job]"),
    TOP("samples", YAML_T_NODE, samples, "how recent samples are kept"),
    TOP("history", YAML_T_NODE, history, "how past days are kept"),
    TOP("evidence", YAML_T_NODE, evidence, "how long single events are kept"),
    TOP("graphite", YAML_T_NODE, graphite, "samples as Graphite's plaintext over TCP"),
    TOP("statsd", YAML_T_NODE, statsd, "samples as StatsD's datagrams over UDP"),
    TOP("limits", YAML_T_NODE, limits, "what one sender may bring"),
    TOP("webhooks", YAML_T_NODE, webhooks,
        "the doors of GitHub, GitLab, Jenkins and Argo CD"),
    TOP("mail", YAML_T_NODE, mail, "how reports are sent"),
};
#undef TOP

#define AT(member) offsetof(struct daemon_config, member)
static const struct yaml_field sample_fields[] = {
    {"step", YAML_T_SPAN, AT(samples.step), false, 1, 3600,
     "one row holds this much time; 1m"},
    {"keep", YAML_T_SPAN, AT(samples.keep), false, 60, 7 * 86400,
     "how much time is kept in memory; 2h"},
    {"most", YAML_T_SIZE, AT(samples.most), false, 1 << 20, 1e15,
     "the file of recent samples grows to no more than this; 8GiB"},
};
static const struct yaml_field history_fields[] = {
    {"flush", YAML_T_SPAN, AT(history.flush), false, 1, 3600,
     "how often finished minutes are written to history; 10m"},
    {"forget", YAML_T_SPAN, AT(history.forget), false, 86400, 3650 * 86400.0,
     "files of hosts, services and calls that nothing came from for so long are "
     "deleted; "
     "30d"},
};
/* Crashes are remembered for 30 days, and looks come up to a day later. */
static const struct yaml_field evidence_fields[] = {
    {"coredumps", YAML_T_SPAN, AT(evidence.coredumps), false, 86400, 3650 * 86400.0,
     "how long coredumps are kept; under 31d what is new is known less well; 32d"},
    {"alarms", YAML_T_SPAN, AT(evidence.alarms), false, 86400, 3650 * 86400.0,
     "how long alarms are kept; 32d"},
    {"tests", YAML_T_SPAN, AT(evidence.tests), false, 86400, 3650 * 86400.0,
     "how long results of tests are kept; 32d"},
};
static const struct yaml_field limits_fields[] = {
    {"sender_names", YAML_T_COUNT, AT(limits.names), false, 0, 1e9,
     "new hosts, call edges and metric names of one sender since the start; beyond "
     "them "
     "new ones are refused, known ones go on; 250000; 0: no limit"},
    {"sender_rate", YAML_T_COUNT, AT(limits.rate), false, 0, 1e9,
     "samples a second of one sender, ten seconds' worth at once; 0: no limit"},
};
static const struct yaml_field graphite_fields[] = {
    {"listen", YAML_T_TEXT, AT(graphite.listen), true, 0, 0,
     "IP address and port; without it the door is closed"},
    {"templates", YAML_T_TEXTS, AT(graphite.templates), false, 0, 0,
     "FILTER TEMPLATE: what the parts of a path are; [\"* host.metric*\"]"},
    {"counters", YAML_T_TEXTS, AT(graphite.counters), false, 0, 0,
     "metrics that are counters and become rates, * and ? allowed; none"},
};
static const struct yaml_field statsd_fields[] = {
    {"listen", YAML_T_TEXT, AT(statsd.listen), true, 0, 0,
     "IP address and port; without it the door is closed"},
    {"flush", YAML_T_SPAN, AT(statsd.flush), false, 1, 600,
     "how often what was gathered becomes samples; 10s"},
    {"host", YAML_T_TEXT, AT(statsd.host), false, 0, 0,
     "the host of senders on this machine; the machine's name"},
    {"templates", YAML_T_TEXTS, AT(statsd.templates), false, 0, 0,
     "FILTER TEMPLATE: what the parts of a name are; none"},
};
#undef AT

enum {
    N_LIMITS = sizeof limits_fields / sizeof *limits_fields,
    N_GRAPHITE = sizeof graphite_fields / sizeof *graphite_fields,
    N_STATSD = sizeof statsd_fields / sizeof *statsd_fields,
    N_TOP = sizeof top_fields / sizeof *top_fields,
    N_SAMPLES = sizeof sample_fields / sizeof *sample_fields,
    N_HISTORY = sizeof history_fields / sizeof *history_fields,
    N_EVIDENCE = sizeof evidence_fields / sizeof *evidence_fields,
};

#define KEEP_DAYS(n)                                                                   \
    {                                                                                  \
        (n) * INT64_C(86400000)                                                        \
    }
static void defaults(struct daemon_config *c)
{
    static const char *host_tags[] = {"host", "instance"};
    static const char *service_tags[] = {"service", "job"};
    *c = (struct daemon_config){
        .listen = "127.0.0.1:8190",
        .data = geteuid() == 0 ? "/var/lib/aftercheck" : "./aftercheck-data",
        .log = "info",
        .samples = {.step = {60000}, .keep = {7200000}, .most = 8ull << 30},
        .history = {.flush = {600000}, .forget = KEEP_DAYS(30)},
        .evidence = {KEEP_DAYS(32), KEEP_DAYS(32), KEEP_DAYS(32)},
        .statsd = {.flush = {10000}},
        .limits = {.names = 250000},
        .host_tags = {host_tags, 2},
        .service_tags = {service_tags, 2},
    };
    mail_config_defaults(&c->mail);
}

static void read_file(struct daemon_config *c, struct complaints *why)
{
    struct fields f = {.listen = c->listen,
                       .data = c->data,
                       .log = c->log,
                       .host_tags = c->host_tags,
                       .service_tags = c->service_tags};
    const struct yaml_node *root = yaml_root(c->doc);
    yaml_read(c->doc, root, "the configuration", top_fields, N_TOP, &f, why);
    c->listen = f.listen;
    c->data = f.data;
    c->rules = f.rules;
    c->routing = f.routing;
    c->log = f.log;
    c->host_tags = f.host_tags;
    c->service_tags = f.service_tags;
    if (f.samples != NULL)
        yaml_read(c->doc, f.samples, "samples", sample_fields, N_SAMPLES, c, why);
    if (f.history != NULL)
        yaml_read(c->doc, f.history, "history", history_fields, N_HISTORY, c, why);
    if (f.evidence != NULL)
        yaml_read(c->doc, f.evidence, "evidence", evidence_fields, N_EVIDENCE, c, why);
    if (f.limits != NULL)
        yaml_read(c->doc, f.limits, "limits", limits_fields, N_LIMITS, c, why);
    if (f.graphite != NULL)
        yaml_read(c->doc, f.graphite, "graphite", graphite_fields, N_GRAPHITE, c, why);
    if (f.statsd != NULL)
        yaml_read(c->doc, f.statsd, "statsd", statsd_fields, N_STATSD, c, why);
    if (f.webhooks != NULL)
        daemon_hooks_read(c->doc, f.webhooks, &c->hooks, &c->hooks_own, why);
    if (f.mail != NULL)
        mail_config_read(c->doc, f.mail, &c->mail, why);
}

int daemon_config_load(const char *path, struct daemon_config *ret_config,
                       struct complaints *c)
{
    size_t errors = c->errors;
    defaults(ret_config);
    if (path == NULL)
        return 0;
    ret_config->doc = yaml_load(path, c);
    if (ret_config->doc != NULL)
        read_file(ret_config, c);
    return c->errors > errors ? -1 : 0;
}

void daemon_config_free(struct daemon_config *c)
{
    daemon_hooks_free(&c->hooks_own);
    yaml_doc_free(&c->doc);
}

static void help_table(FILE *to, const char *indent, const struct yaml_field *f,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%s%-*s  %s\n", indent, (int)(16 - strlen(indent)), f[i].name,
                f[i].help);
}

void daemon_config_help(FILE *to)
{
    fputs("The configuration file is YAML; every field may be left out:\n\n", to);
    help_table(to, "", top_fields, N_TOP);
    fputs("\nsamples:\n", to);
    help_table(to, "  ", sample_fields, N_SAMPLES);
    fputs("\nhistory:\n", to);
    help_table(to, "  ", history_fields, N_HISTORY);
    fputs("\nevidence:\n", to);
    help_table(to, "  ", evidence_fields, N_EVIDENCE);
    fputs("\nlimits:\n", to);
    help_table(to, "  ", limits_fields, N_LIMITS);
    fputs("\ngraphite:\n", to);
    help_table(to, "  ", graphite_fields, N_GRAPHITE);
    fputs("\nstatsd:\n", to);
    help_table(to, "  ", statsd_fields, N_STATSD);
    fputs("\nwebhooks:\n", to);
    daemon_hooks_help(to);
    fputs("\nmail:\n", to);
    mail_config_help(to);
}
