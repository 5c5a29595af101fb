/* collector/in_jenkins.c - builds of Jenkins as changes.  No state, any thread. */
#include "collector/in_jenkins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int trust(const struct hook *h, const struct httpd_req *r, instant now,
                 struct err *err)
{
    (void)now;
    return hook_trust_token(h, r, "jenkins", err);
}

struct build {
    struct json_at root, it;
    const char *name, *url, *phase, *status;
    int64_t no;
};

static const char *parameter(const struct build *b, const char *name)
{
    const char *value = JSON_TEXT_AT(&b->it, "parameters", name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* "job/shop/job/deploy-pay/5/" -> "shop:deploy-pay:5" */
static void add_path(struct buf *to, const char *url)
{
    for (const char *p = url; *p != '\0';) {
        size_t n = strcspn(p, "/");
        bool is_word = n == 3 && strncmp(p, "job", 3) == 0 && p[n] == '/';
        if (is_word) { /* the part behind it is a name, even if it is "job" */
            p += n + 1;
            n = strcspn(p, "/");
        }
        if (n > 0) {
            buf_add(to, to->len > 0 ? ":" : "");
            buf_add_n(to, p, n);
        }
        p += n;
        p += *p == '/';
    }
}

static int write_time(const struct build *b, char out[64], struct err *err)
{
    struct json_at v;
    int64_t ms;
    const char *text;
    char at[INSTANT_TEXT_MAX];
    out[0] = '\0';
    if (!json_member(&b->it, "timestamp", &v))
        return 0;
    if (json_kind(&v) == JSON_KIND_TEXT) {
        json_text(&v, &text, NULL);
        snprintf(out, 64, "%.63s", text);
        return 0;
    }
    if (json_whole(&v, &ms, err) < 0)
        return -1;
    if (ms < 0 || ms > INT64_C(9214646400000)) /* the year 2262 */
        return json_complain(&v, err, "expected milliseconds since 1970");
    snprintf(out, 64, "%s", instant_text((instant){ms}, at));
    return 0;
}

static void write_outcome(const struct build *b, char out[32])
{
    size_t i = 0;
    for (; b->status != NULL && b->status[i] != '\0' && i < 31; i++) {
        char c = b->status[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    out[i] = '\0';
}

static enum hook_said write_event(const struct hook *h, const struct build *b,
                                  const char *phase, struct buf *to, struct err *err)
{
    char id[NAME_BYTES_MAX + 1], change[NAME_BYTES_MAX + 1], source[NAME_BYTES_MAX + 1],
        time[64], outcome[32];
    OWNED_BUF path = {0}, title = {0};
    const char *parent = parameter(b, "ROLLBACK_OF"), *kind = parameter(b, "KIND");
    const char *service = parameter(b, "SERVICE"), *version = parameter(b, "VERSION");
    if (write_time(b, time, err) < 0)
        return HOOK_BAD;
    add_path(&path, b->url);
    write_outcome(b, outcome);
    hook_id_text(source, "jenkins/%s", b->name);
    hook_id_text(change, "jenkins:%s", buf_text(&path));
    hook_id_text(id, "%s:%s", buf_text(&path), b->phase);
    buf_addf(&title, "%.200s #%lld", b->name, (long long)b->no);
    if (version != NULL)
        buf_addf(&title, ": %.80s", version);
    const struct hook_event e = {
        .source = source,
        .id = id,
        .change_id = change,
        .phase = phase,
        .kind = kind != NULL ? kind
                             : hook_map(h->kinds, h->n_kinds, b->name,
                                        parent != NULL ? "rollback" : "release"),
        .service = service != NULL
                       ? service
                       : hook_map(h->services, h->n_services, b->name, b->name),
        .title = buf_text(&title),
        .url = JSON_TEXT_AT(&b->it, "full_url"),
        .parent_id = parent,
        .to = version != NULL ? version : JSON_TEXT_AT(&b->it, "scm", "commit"),
        .time = time,
        .hosts = parameter(b, "HOSTS"),
        .outcome = strcmp(phase, "started") == 0 ? NULL : outcome,
        .ref = JSON_TEXT_AT(&b->it, "scm", "branch"),
        .environment = parameter(b, "ENVIRONMENT")};
    return hook_write(&e, to, err) == 0 ? HOOK_CHANGE : HOOK_BAD;
}

static const char *phase_of(const struct build *b)
{
    if (strcmp(b->phase, "STARTED") == 0)
        return "started";
    if (strcmp(b->phase, "COMPLETED") != 0 && strcmp(b->phase, "FINALIZED") != 0)
        return NULL;
    return b->status != NULL && strcmp(b->status, "ABORTED") == 0 ? "cancelled"
                                                                  : "finished";
}

static enum hook_said read(const struct hook *h, const struct hook_body *body,
                           struct buf *to, const char **ret_why, struct err *err)
{
    OWNED_JSON *doc = json_parse(body->text, body->n, err);
    if (doc == NULL)
        return HOOK_BAD;
    struct build b = {.root = json_root(doc)};
    struct json_at v;
    if (!json_member(&b.root, "build", &b.it)) {
        json_complain(&b.it, err, "is missing, expected the build of Jenkins");
        return HOOK_BAD;
    }
    b.name = JSON_TEXT_AT(&b.root, "name");
    b.url = JSON_TEXT_AT(&b.it, "url");
    b.phase = JSON_TEXT_AT(&b.it, "phase");
    b.status = JSON_TEXT_AT(&b.it, "status");
    if (b.name == NULL || b.url == NULL || b.phase == NULL)
        return hook_missing(b.name == NULL  ? "name"
                            : b.url == NULL ? "build.url"
                                            : "build.phase",
                            err);
    if (json_member(&b.it, "number", &v) && json_whole(&v, &b.no, err) < 0)
        return HOOK_BAD;
    const char *phase = phase_of(&b);
    *ret_why = "this phase is neither a start nor an end";
    if (!hook_wants(h, parameter(&b, "ENVIRONMENT"))) {
        *ret_why = "this ENVIRONMENT is not among webhooks.jenkins.environments";
        phase = NULL;
    }
    return phase != NULL ? write_event(h, &b, phase, to, err) : HOOK_IGNORED;
}

const struct hook_source in_jenkins = {HOOK_JENKINS, NULL, trust, read};
