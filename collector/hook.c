/* collector/hook.c - deployment systems' messages on their way to the ledger.
 *
 * A request is trusted before a byte of it is parsed.  It is read and posted on a
 * thread of the HTTP server, and answered as collector/in_change.h says.  Settings may
 * be swapped between requests, never during one. */
#include "collector/hook.h"

#include "base/hash.h"
#include "base/jsonw.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define X(id, name) [HOOK_##id] = name,
static const char *const names[HOOK_N] = {HOOKS(X)};
#undef X

const char *hook_name(enum hook_id id)
{
    return names[id];
}

const char *hook_map(const struct hook_pair *pairs, size_t n, const char *name,
                     const char *otherwise)
{
    for (size_t i = 0; name != NULL && i < n; i++)
        if (glob_match(pairs[i].glob, name))
            return pairs[i].value;
    return otherwise;
}

bool hook_wants(const struct hook *h, const char *environment)
{
    if (h->n_environments == 0 || environment == NULL)
        return true;
    for (size_t i = 0; i < h->n_environments; i++)
        if (glob_match(h->environments[i], environment))
            return true;
    return false;
}

void hook_id_text(char out[NAME_BYTES_MAX + 1], const char *fmt, ...)
{
    char hex[SHA256_HEX_MAX], whole[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(whole, sizeof whole, fmt, ap);
    va_end(ap);
    if (n >= 0 && n <= NAME_BYTES_MAX) {
        memcpy(out, whole, (size_t)n + 1);
        return;
    }
    size_t have = strlen(whole);
    snprintf(out, NAME_BYTES_MAX + 1, "%s", sha256_hex(whole, have, hex));
}

/* --- the change event's text --- */

/* True when the sender's own member stands there instead. */
static bool own_wins(struct jsonw *w, const struct hook_event *e, const char *key)
{
    struct json_at v;
    if (e->own == NULL || !json_member(e->own, key, &v))
        return false;
    char *text = json_dump(&v);
    if (text == NULL)
        w->to->failed = true;
    else
        jsonw_raw(w, key, text);
    free(text);
    return true;
}

/* A title is made of strangers' words: what no text may hold becomes a space. */
static void add_title(struct jsonw *w, const char *title)
{
    OWNED_BUF clean = {0};
    for (const char *p = title; *p != '\0' && clean.len < TEXT_BYTES_MAX - 4;) {
        size_t n = utf8_next(p, strlen(p));
        if (n == 0 || utf8_is_control(p, n))
            buf_add_ch(&clean, ' ');
        else
            buf_add_n(&clean, p, n);
        p += n > 0 ? n : 1;
    }
    jsonw_text(w, "title", buf_text(&clean));
}

static void add_hosts(struct jsonw *w, const char *hosts)
{
    static const char between[] = ", \t\r\n;";
    jsonw_list(w, "hosts");
    for (const char *p = hosts + strspn(hosts, between); *p != '\0';) {
        size_t n = strcspn(p, between);
        char *name = strndup(p, n);
        if (name == NULL)
            w->to->failed = true;
        else
            jsonw_text(w, NULL, name);
        free(name);
        p += n;
        p += strspn(p, between);
    }
    jsonw_end(w);
}

static void add_artifact(struct jsonw *w, const struct hook_event *e)
{
    if (e->from == NULL && e->to == NULL)
        return;
    jsonw_open(w, "artifact");
    if (e->from != NULL)
        jsonw_text(w, "from", e->from);
    if (e->to != NULL)
        jsonw_text(w, "to", e->to);
    jsonw_close(w);
}

static void add_labels(struct jsonw *w, const struct hook_event *e)
{
    if (e->environment == NULL || e->environment[0] == '\0')
        return;
    jsonw_open(w, "labels");
    jsonw_text(w, "environment", e->environment);
    jsonw_close(w);
}

static void add_texts(struct jsonw *w, const struct hook_event *e)
{
    const struct {
        const char *key, *value;
        bool may_be_own;
    } texts[] = {{"source", e->source, false},      {"id", e->id, false},
                 {"change_id", e->change_id, true}, {"phase", e->phase, false},
                 {"kind", e->kind, true},           {"service", e->service, true},
                 {"actor", e->actor, false},        {"url", e->url, false},
                 {"parent_id", e->parent_id, true}, {"time", e->time, false},
                 {"outcome", e->outcome, false},    {"ref", e->ref, false}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (texts[i].may_be_own && own_wins(w, e, texts[i].key))
            continue;
        if (texts[i].value != NULL && texts[i].value[0] != '\0')
            jsonw_text(w, texts[i].key, texts[i].value);
    }
}

int hook_write(const struct hook_event *e, struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    add_texts(&w, e);
    if (!own_wins(&w, e, "title") && e->title != NULL)
        add_title(&w, e->title);
    if (!own_wins(&w, e, "hosts") && e->hosts != NULL)
        add_hosts(&w, e->hosts);
    if (!own_wins(&w, e, "artifact"))
        add_artifact(&w, e);
    if (!own_wins(&w, e, "labels"))
        add_labels(&w, e);
    own_wins(&w, e, "batch"); /* these two nobody else says */
    own_wins(&w, e, "urgent");
    jsonw_close(&w);
    return buf_done(to) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

/* --- serving --- */

bool hook_knows(const char *secret, const char *given)
{
    unsigned char want[SHA256_BYTES], got[SHA256_BYTES];
    /* sums of both, so that not even the length can be told from the time */
    hmac_sha256(secret, strlen(secret), given, strlen(given), got);
    hmac_sha256(secret, strlen(secret), secret, strlen(secret), want);
    return secret_same(got, want, sizeof want);
}

int hook_trust_token(const struct hook *h, const struct httpd_req *r, const char *name,
                     struct err *err)
{
    static const char bearer[] = "Bearer ";
    const char *given = httpd_header(r, "Authorization");
    if (given != NULL && strncasecmp(given, bearer, strlen(bearer)) == 0)
        given += strlen(bearer);
    else
        given = httpd_query(r, "token");
    if (h->secret == NULL || (given != NULL && hook_knows(h->secret, given)))
        return 0;
    return err_set(err, EPERM,
                   "expected the token of webhooks.%s.token_file as Authorization: "
                   "Bearer, or behind ?token= in the address",
                   name);
}

enum hook_said hook_missing(const char *what, struct err *err)
{
    err_set(err, EINVAL, "%s is missing, expected a text", what);
    return HOOK_BAD;
}

static void answer_ignored(struct httpd_req *r, const char *why)
{
    OWNED_BUF body = {0};
    struct jsonw w = {.to = &body};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "status", "ignored");
    jsonw_text(&w, "why", why);
    jsonw_close(&w);
    buf_add_ch(&body, '\n');
    httpd_answer_buf(r, 200, "application/json", &body);
}

/* False when the request has been answered. */
static bool trusted(struct httpd_req *r, const struct hook_source *source,
                    const struct hook *h, instant now, struct hook_books *books)
{
    struct err err = {0};
    if (source->trust(h, r, now, &err) == 0)
        return true;
    atomic_fetch_add(&books->refused[source->id], 1);
    httpd_fail(r, err.code == EACCES ? 403 : 401, "%s", err.text);
    return false;
}

static enum hook_said read_body(struct httpd_req *r, const struct hook_source *source,
                                const struct hook *h, struct buf *to,
                                const char **ret_why, struct err *err)
{
    struct hook_body body = {.event = NULL};
    body.text = httpd_body(r, &body.n);
    if (source->event_header != NULL)
        body.event = httpd_header(r, source->event_header);
    return source->read(h, &body, to, ret_why, err);
}

void hook_serve(struct httpd_req *r, const struct hook_source *source,
                const struct hook *h, const struct in_change_door *door,
                struct hook_books *books)
{
    OWNED_BUF made = {0};
    const char *why = "";
    struct err err = {0};
    if (in_change_again(r) || !trusted(r, source, h, door->now, books))
        return;
    enum hook_said said = read_body(r, source, h, &made, &why, &err);
    OWNED_EVENT *e = said == HOOK_CHANGE
                         ? in_change_read_made(
                               &made, "the change event made of it: ", door->now, &err)
                         : NULL;
    if (said == HOOK_IGNORED) {
        atomic_fetch_add(&books->ignored[source->id], 1);
        answer_ignored(r, why);
    } else if (e == NULL) {
        atomic_fetch_add(&books->bad[source->id], 1);
        httpd_fail(r, err.code == ENOMEM ? 503 : 400, "%s", err.text);
    } else {
        atomic_fetch_add(&books->accepted[source->id], 1);
        in_change_take(r, &e, door);
    }
}

void hook_write_metrics(const struct hook_books *books, struct buf *to)
{
    const struct {
        const char *end;
        const _Atomic uint64_t *n;
    } ends[] = {{"accepted", books->accepted},
                {"ignored", books->ignored},
                {"refused", books->refused},
                {"bad", books->bad}};
    buf_add(to, "# HELP aftercheck_webhooks_total Messages of deployment systems, by "
                "what became of them.\n# TYPE aftercheck_webhooks_total counter\n");
    for (int i = 0; i < HOOK_N; i++)
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++)
            buf_addf(to, "aftercheck_webhooks_total{source=\"%s\",end=\"%s\"} %llu\n",
                     names[i], ends[k].end,
                     (unsigned long long)atomic_load(&ends[k].n[i]));
}
