/* collector/in_argocd.c - syncs of Argo CD as changes.  No state, any thread. */
#include "collector/in_argocd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int trust(const struct hook *h, const struct httpd_req *r, instant now,
                 struct err *err)
{
    (void)now;
    return hook_trust_token(h, r, "argocd", err);
}

static const struct {
    const char *phase, *ours, *outcome;
} phases[] = {{"Running", "started", NULL},
              {"Succeeded", "finished", "succeeded"},
              {"Failed", "finished", "failed"},
              {"Error", "finished", "error"}};

/* What Argo CD's controller says of an operation that somebody has ended. */
static bool is_terminated(const char *message)
{
    return message != NULL &&
           (strncmp(message, "Operation terminated", 20) == 0 ||
            strncmp(message, "Operation forcefully terminated", 31) == 0);
}

struct sync {
    struct json_at root;
    const char *app, *phase, *started, *revision;
    const char *from; /* the revision that was there before; NULL: not known */
    const char *from_started;
    bool back; /* to one that was there before that */
};

/* The history ends with what is deployed now; once this sync is through, that is its
 * own. */
static void find_before(struct sync *s)
{
    struct json_at list;
    json_member(&s->root, "history", &list);
    for (size_t i = 0; i < json_count(&list) && json_kind(&list) == JSON_KIND_LIST;
         i++) {
        struct json_at item = json_item(&list, i);
        const char *revision = JSON_TEXT_AT(&item, "revision");
        const char *started = JSON_TEXT_AT(&item, "deployStartedAt");
        if (revision == NULL || (started != NULL && strcmp(started, s->started) == 0))
            continue;
        if (s->from != NULL && s->revision != NULL && strcmp(s->from, s->revision) == 0)
            s->back = true; /* what was last until now is the one to go to */
        s->from = revision;
        s->from_started = started;
    }
    if (s->from != NULL && s->revision != NULL && strcmp(s->from, s->revision) == 0)
        s->back = false; /* the same once more */
}

static enum hook_said write_event(const struct hook *h, struct sync *s,
                                  const char *phase, const char *outcome,
                                  struct buf *to, struct err *err)
{
    char source[NAME_BYTES_MAX + 1], id[NAME_BYTES_MAX + 1], change[NAME_BYTES_MAX + 1],
        parent[NAME_BYTES_MAX + 1] = "", title[400];
    const char *finished = JSON_TEXT_AT(&s->root, "finished_at");
    bool begins = strcmp(phase, "started") == 0;
    find_before(s);
    hook_id_text(source, "argocd/%s", s->app);
    hook_id_text(change, "argocd:%s:%s", s->app, s->started);
    hook_id_text(id, "%s:%s:%s", s->app, s->started, s->phase);
    if (s->back && s->from_started != NULL)
        hook_id_text(parent, "argocd:%s:%s", s->app, s->from_started);
    snprintf(title, sizeof title, "%.150s: sync%s to %.60s", s->app,
             s->back ? " back" : "", s->revision != NULL ? s->revision : "?");
    const struct hook_event e = {
        .source = source,
        .id = id,
        .change_id = change,
        .phase = phase,
        .kind =
            hook_map(h->kinds, h->n_kinds, s->app, s->back ? "rollback" : "release"),
        .service = hook_map(h->services, h->n_services, s->app, s->app),
        .title = title,
        .actor = JSON_TEXT_AT(&s->root, "initiated_by"),
        .url = JSON_TEXT_AT(&s->root, "url"),
        .parent_id = parent,
        .from = s->from,
        .to = s->revision,
        .time = begins || finished == NULL ? s->started : finished,
        .outcome = outcome,
        .environment = JSON_TEXT_AT(&s->root, "project")};
    return hook_write(&e, to, err) == 0 ? HOOK_CHANGE : HOOK_BAD;
}

static enum hook_said read_sync(const struct hook *h, struct sync *s, struct buf *to,
                                const char **ret_why, struct err *err)
{
    struct json_at v;
    bool dry = false;
    const char *phase = NULL, *outcome = NULL;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (strcmp(s->phase, phases[i].phase) == 0)
            phase = phases[i].ours, outcome = phases[i].outcome;
    if (phase != NULL && strcmp(phase, "finished") == 0 &&
        is_terminated(JSON_TEXT_AT(&s->root, "message")))
        phase = "cancelled", outcome = "terminated";
    *ret_why = "this phase is neither a start nor an end";
    if (json_member(&s->root, "dry_run", &v) && json_bool(&v, &dry, err) < 0)
        return HOOK_BAD;
    if (dry)
        *ret_why = "a dry run changes nothing";
    bool wanted = hook_wants(h, JSON_TEXT_AT(&s->root, "project"));
    if (!wanted)
        *ret_why = "this project is not among webhooks.argocd.environments";
    if (phase == NULL || dry || !wanted)
        return HOOK_IGNORED;
    return write_event(h, s, phase, outcome, to, err);
}

static enum hook_said read(const struct hook *h, const struct hook_body *body,
                           struct buf *to, const char **ret_why, struct err *err)
{
    OWNED_JSON *doc = json_parse(body->text, body->n, err);
    if (doc == NULL)
        return HOOK_BAD;
    struct sync s = {.root = json_root(doc)};
    s.app = JSON_TEXT_AT(&s.root, "app");
    s.phase = JSON_TEXT_AT(&s.root, "phase");
    s.started = JSON_TEXT_AT(&s.root, "started_at");
    s.revision = JSON_TEXT_AT(&s.root, "revision");
    if (s.app == NULL || s.phase == NULL || s.started == NULL)
        return hook_missing(s.app == NULL     ? "app"
                            : s.phase == NULL ? "phase"
                                              : "started_at",
                            err);
    return read_sync(h, &s, to, ret_why, err);
}

const struct hook_source in_argocd = {HOOK_ARGOCD, NULL, trust, read};
