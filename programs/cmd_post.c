/* programs/cmd_post.c - `aftercheck post`: a change event from a file or from flags.
 * The service checks it, so that there is one set of rules and one wording. */
#include "programs/cmd.h"

#include "base/instant.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

struct flags {
    const char *server, *kind, *service, *hosts, *phase, *source, *id, *change_id,
        *title, *actor, *url, *parent, *from, *to, *time, *batch, *labels;
    int urgent;
};

/* "a,b,c" as a list member, or an object of k=v pairs. */
static void split_list(struct jsonw *w, const char *key, const char *text)
{
    jsonw_list(w, key);
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ",");
        char *one = strndup(p, n);
        if (n > 0)
            jsonw_text(w, NULL, one);
        free(one);
        p += n + (p[n] == ',');
    }
    jsonw_end(w);
}

static int split_labels(struct jsonw *w, const char *text, struct err *err)
{
    jsonw_open(w, "labels");
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ",");
        char *one = strndup(p, n), *eq = one != NULL ? strchr(one, '=') : NULL;
        if (eq == NULL) {
            free(one);
            return err_set(err, EINVAL, "--label: '%.*s' is not of the form KEY=VALUE",
                           (int)n, p);
        }
        *eq = '\0';
        jsonw_text(w, one, eq + 1);
        free(one);
        p += n + (p[n] == ',');
    }
    jsonw_close(w);
    return 0;
}

/* Figures up to `end`, which is passed; -1 on anything else. */
static long take_figures(const char **p, char end)
{
    size_t n = strspn(*p, "0123456789");
    if (n == 0 || n > 9 || (*p)[n] != end)
        return -1;
    long v = strtol(*p, NULL, 10);
    *p += n + (end != '\0');
    return v;
}

static int write_batch(struct jsonw *w, const char *text, struct err *err)
{
    const char *p = text;
    long no = take_figures(&p, '/'), of = no < 0 ? -1 : take_figures(&p, '\0');
    if (of < 0)
        return err_set(err, EINVAL,
                       "--batch: '%s' is not of the form NO/OF, such as 1/4", text);
    jsonw_open(w, "batch");
    jsonw_int(w, "no", no);
    jsonw_int(w, "of", of);
    jsonw_close(w);
    return 0;
}

static void fresh_id(char out[40])
{
    unsigned char r[12];
    if (getrandom(r, sizeof r, 0) != sizeof r)
        abort(); /* cannot fail for 12 bytes once the kernel has started */
    for (size_t i = 0; i < sizeof r; i++)
        snprintf(out + 2 * i, 3, "%02x", r[i]);
}

static void text_if(struct jsonw *w, const char *key, const char *value)
{
    if (value != NULL)
        jsonw_text(w, key, value);
}

/* Source and id decide what a repeat is: by default this host, and a fresh id or
 * CHANGE-PHASE, so that a retried command line is recognised. */
static int event_from_flags(const struct flags *f, struct buf *to, struct err *err)
{
    char id[300], host[128] = "localhost", source[160], fresh[40];
    gethostname(host, sizeof host - 1);
    snprintf(source, sizeof source, "aftercheck-post@%s", host);
    fresh_id(fresh);
    if (f->change_id != NULL)
        snprintf(id, sizeof id, "%.200s-%s%s%.40s", f->change_id,
                 f->phase != NULL ? f->phase : "finished", f->batch != NULL ? "-" : "",
                 f->batch != NULL ? f->batch : "");
    else
        snprintf(id, sizeof id, "%s", fresh);
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "source", f->source != NULL ? f->source : source);
    jsonw_text(&w, "id", f->id != NULL ? f->id : id);
    text_if(&w, "change_id", f->change_id);
    text_if(&w, "kind", f->kind);
    text_if(&w, "phase", f->phase);
    text_if(&w, "service", f->service);
    if (f->hosts != NULL)
        split_list(&w, "hosts", f->hosts);
    text_if(&w, "title", f->title);
    text_if(&w, "actor", f->actor);
    text_if(&w, "url", f->url);
    text_if(&w, "parent_id", f->parent);
    text_if(&w, "time", f->time);
    if (f->from != NULL || f->to != NULL) {
        jsonw_open(&w, "artifact");
        text_if(&w, "from", f->from);
        text_if(&w, "to", f->to);
        jsonw_close(&w);
    }
    if (f->urgent)
        jsonw_bool(&w, "urgent", true);
    if (f->batch != NULL && write_batch(&w, f->batch, err) < 0)
        return -1;
    if (f->labels != NULL && split_labels(&w, f->labels, err) < 0)
        return -1;
    jsonw_close(&w);
    return buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int event_from_file(const char *path, struct buf *to, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be read", path);
    char part[8192];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add_n(to, part, n);
    int rc = ferror(f) ? err_sys(err, errno, "%s cannot be read", path) : buf_done(to);
    if (f != stdin)
        fclose(f);
    return rc;
}

static int print_change_id(const struct buf *answer, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(answer), answer->len, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at;
    const char *id;
    json_member(&root, "change_id", &at);
    if (json_text(&at, &id, err) < 0)
        return -1;
    puts(id);
    return 0;
}

int cmd_post(int argc, char **argv)
{
    struct flags f = {0};
    const struct opt opts[] = {
        {"kind", "KIND", "release, config, scale-out, batch-restart, rollback or other",
         &f.kind},
        {"service", "NAME", "the service that is changed", &f.service},
        {"hosts", "A,B,...", "the hosts that are changed", &f.hosts},
        {"phase", "PHASE",
         "started, batch_finished, finished (the default) or cancelled", &f.phase},
        {"change-id", "ID", "the same for all events of one change", &f.change_id},
        {"title", "TEXT", "what is changed, for readers", &f.title},
        {"actor", "NAME", "who changes it", &f.actor},
        {"from", "VERSION", "what it was", &f.from},
        {"to", "VERSION", "what it becomes", &f.to},
        {"url", "URL", "where the change is described", &f.url},
        {"batch", "NO/OF", "which batch this is, such as 1/4", &f.batch},
        {"time", "TIME", "when it happened, RFC 3339; now when not given", &f.time},
        {"parent", "ID", "the change that this one takes back or belongs to",
         &f.parent},
        {"label", "K=V,...", "labels of the change", &f.labels},
        {"urgent", NULL, "mark it as urgent", &f.urgent},
        {"source", "NAME", "the change system's name; this host when not given",
         &f.source},
        {"id", "ID", "the event's id; with the source it makes a repeat harmless",
         &f.id},
        CMD_SERVER_OPT(&f.server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck post",
        .synopsis = "[FILE]",
        .about =
            "Posts a change event: the JSON in FILE (- is standard input), or one made "
            "from the flags. Prints its change_id.",
        .more = "Exit: 0 accepted or known already, 1 refused, 2 wrong usage.\n"
                "Example: aftercheck post --kind release --service pay --hosts h1,h2 "
                "--from 2.4.1 --to 2.5.0",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    OWNED_BUF event = {0}, answer = {0};
    int rc = first < argc ? event_from_file(argv[first], &event, &err)
                          : event_from_flags(&f, &event, &err);
    if (rc < 0)
        return cmd_fail("post", EXIT_USAGE, &err);
    struct httpc *c = cmd_connect(f.server);
    if (c == NULL)
        return EXIT_USAGE;
    struct httpc_ask ask = {.method = "POST",
                            .path = "/v1/changes",
                            .type = "application/json",
                            .body = event.data,
                            .n = event.len};
    rc = cmd_call(c, &ask, NULL, &answer, &err);
    if (rc == 0)
        rc = print_change_id(&answer, &err);
    httpc_free(&c);
    return rc == 0 ? 0 : cmd_fail("post", EXIT_REFUSED, &err);
}
