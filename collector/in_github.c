/* collector/in_github.c - GitHub's deployments as changes.  No state, any thread. */
#include "collector/in_github.h"

#include "base/ascii.h"
#include "base/hash.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* --- who sends --- */

bool in_github_signed(const char *secret, const char *header, const void *body,
                      size_t n)
{
    static const char scheme[] = "sha256=";
    unsigned char want[SHA256_BYTES], got[SHA256_BYTES];
    if (strncmp(header, scheme, strlen(scheme)) != 0)
        return false;
    const char *digits = header + strlen(scheme);
    if (strlen(digits) != (size_t)2 * SHA256_BYTES)
        return false;
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        int high = ascii_hex(digits[2 * i]), low = ascii_hex(digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        got[i] = (unsigned char)(high * 16 + low);
    }
    hmac_sha256(secret, strlen(secret), body, n, want);
    return secret_same(got, want, sizeof want);
}

static int trust(const struct hook *h, const struct httpd_req *r, instant now,
                 struct err *err)
{
    (void)now; /* nothing that is signed says when */
    size_t n;
    const char *body = httpd_body(r, &n),
               *header = httpd_header(r, "X-Hub-Signature-256");
    if (h->secret == NULL)
        return err_set(err, EACCES,
                       "no secret is configured for GitHub's webhooks: set "
                       "webhooks.github.secret_file");
    if (header == NULL)
        return err_set(err, EPERM,
                       "X-Hub-Signature-256 is missing: give the webhook a secret");
    return in_github_signed(h->secret, header, body, n)
               ? 0
               : err_set(err, EPERM,
                         "X-Hub-Signature-256 does not fit the body and the secret");
}

/* --- what it says --- */

static const struct {
    const char *state, *phase;
} states[] = {{"in_progress", "started"},
              {"success", "finished"},
              {"failure", "finished"},
              {"error", "finished"}};

static const char *phase_of(const char *state)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i].state, state) == 0)
            return states[i].phase;
    return NULL;
}

static int number_of(const struct json_at *in, const char *key, int64_t *ret,
                     struct err *err)
{
    struct json_at v;
    if (!json_member(in, key, &v))
        return json_complain(&v, err, "is missing, expected a number");
    return json_whole(&v, ret, err);
}

static const char *first_text(const char *a, const char *b, const char *c)
{
    return a != NULL && a[0] != '\0' ? a : b != NULL && b[0] != '\0' ? b : c;
}

struct deployment {
    struct json_at root, it, status; /* status.value NULL: an event deployment */
    int64_t no, status_no;
    const char *full_name, *environment, *task, *state;
};

static enum hook_said write_event(const struct hook *h, const struct deployment *d,
                                  const char *phase, struct buf *to, struct err *err)
{
    char source[NAME_BYTES_MAX + 1], id[NAME_BYTES_MAX + 1], change[64], title[400];
    const struct json_at *said = d->status.value != NULL ? &d->status : &d->it;
    const char *bare = strrchr(d->full_name, '/');
    const char *ref = JSON_TEXT_AT(&d->it, "ref");
    bool back = strstr(d->task, "rollback") != NULL;
    struct json_at payload, own;
    if (!json_member(&d->it, "payload", &payload) ||
        !json_member(&payload, "aftercheck", &own))
        own = (struct json_at){0};
    hook_id_text(source, "github/%s", d->full_name);
    if (d->status.value != NULL)
        hook_id_text(id, "deployment_status/%lld", (long long)d->status_no);
    else
        hook_id_text(id, "deployment/%lld", (long long)d->no);
    snprintf(change, sizeof change, "github-%lld", (long long)d->no);
    snprintf(title, sizeof title, "%.150s: %.60s %.80s to %.80s", d->full_name, d->task,
             ref != NULL ? ref : "", d->environment != NULL ? d->environment : "?");
    const struct hook_event e = {
        .source = source,
        .id = id,
        .change_id = change,
        .phase = phase,
        .kind = hook_map(h->kinds, h->n_kinds, d->task, back ? "rollback" : "release"),
        .service = hook_map(h->services, h->n_services, d->full_name,
                            bare != NULL ? bare + 1 : d->full_name),
        .title = title,
        .actor = JSON_TEXT_AT(said, "creator", "login"),
        .url =
            first_text(JSON_TEXT_AT(said, "log_url"), JSON_TEXT_AT(said, "target_url"),
                       JSON_TEXT_AT(&d->root, "repository", "html_url")),
        .to = JSON_TEXT_AT(&d->it, "sha"),
        .time = JSON_TEXT_AT(said, "created_at"),
        .outcome = strcmp(phase, "finished") == 0 ? d->state : NULL,
        .ref = ref,
        .environment = d->environment,
        .own = own.value != NULL ? &own : NULL};
    return hook_write(&e, to, err) == 0 ? HOOK_CHANGE : HOOK_BAD;
}

static enum hook_said read_deployment(const struct hook *h, bool is_status,
                                      struct deployment *d, struct buf *to,
                                      const char **ret_why, struct err *err)
{
    const char *phase = "started";
    if (!json_member(&d->root, "deployment", &d->it) ||
        json_kind(&d->it) != JSON_KIND_OBJECT) {
        json_complain(&d->it, err, "expected GitHub's object about a deployment");
        return HOOK_BAD;
    }
    d->full_name = JSON_TEXT_AT(&d->root, "repository", "full_name");
    d->environment = JSON_TEXT_AT(&d->it, "environment");
    d->task = first_text(JSON_TEXT_AT(&d->it, "task"), NULL, "deploy");
    if (number_of(&d->it, "id", &d->no, err) < 0)
        return HOOK_BAD;
    if (d->full_name == NULL) {
        err_set(err, EINVAL, "repository.full_name is missing, expected OWNER/NAME");
        return HOOK_BAD;
    }
    if (is_status) {
        if (!json_member(&d->root, "deployment_status", &d->status) ||
            number_of(&d->status, "id", &d->status_no, err) < 0) {
            json_complain(&d->status, err, "expected GitHub's object about a status");
            return HOOK_BAD;
        }
        d->state = JSON_TEXT_AT(&d->status, "state");
        phase = d->state != NULL ? phase_of(d->state) : NULL;
        *ret_why = "this state is neither a start nor an end";
    }
    if (!hook_wants(h, d->environment)) {
        phase = NULL;
        *ret_why = "this environment is not among webhooks.github.environments";
    }
    return phase != NULL ? write_event(h, d, phase, to, err) : HOOK_IGNORED;
}

static enum hook_said read(const struct hook *h, const struct hook_body *body,
                           struct buf *to, const char **ret_why, struct err *err)
{
    bool is_status =
        body->event != NULL && strcmp(body->event, "deployment_status") == 0;
    if (!is_status && (body->event == NULL || strcmp(body->event, "deployment") != 0)) {
        *ret_why = "X-GitHub-Event is neither deployment_status nor deployment";
        return HOOK_IGNORED;
    }
    if (body->n > 8 && memcmp(body->text, "payload=", 8) == 0) {
        err_set(err, EINVAL,
                "the body is a form: choose the content type application/json for this "
                "webhook");
        return HOOK_BAD;
    }
    OWNED_JSON *doc = json_parse(body->text, body->n, err);
    if (doc == NULL)
        return HOOK_BAD;
    struct deployment d = {.root = json_root(doc)};
    return read_deployment(h, is_status, &d, to, ret_why, err);
}

const struct hook_source in_github = {HOOK_GITHUB, "X-GitHub-Event", trust, read};
