/* collector/in_gitlab.c - GitLab's deployments as changes.  No state, any thread. */
#include "collector/in_gitlab.h"

#include "base/hash.h"
#include "base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- base64 (RFC 4648) --- */

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Gives the number of bytes; 0 when it is no base64 or does not fit. */
static size_t decode(const char *text, unsigned char *out, size_t size)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;
    size_t n = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(letters, *text);
        if (at == NULL || n == size)
            return 0;
        bits = bits << 6 | (uint32_t)(at - letters);
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            out[n++] = (unsigned char)(bits >> n_bits);
        }
    }
    return text[strspn(text, "=")] == '\0' ? n : 0;
}

/* --- who sends --- */

/* One of "v1,AAA v1,BBB" is `want`. */
static bool any_signature(const char *list, const unsigned char want[SHA256_BYTES])
{
    char one[128];
    for (const char *p = list; *p != '\0';) {
        size_t n = strcspn(p, " ");
        unsigned char got[SHA256_BYTES];
        if (n > 3 && n < sizeof one && strncmp(p, "v1,", 3) == 0) {
            memcpy(one, p + 3, n - 3);
            one[n - 3] = '\0';
            if (decode(one, got, sizeof got) == sizeof got &&
                secret_same(got, want, sizeof got))
                return true;
        }
        p += n;
        p += strspn(p, " ");
    }
    return false;
}

/* Seconds since 1970, digits only; -1: none. */
static int64_t seconds_of(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return n > 0 && n <= 12 && text[n] == '\0' ? strtoll(text, NULL, 10) : -1;
}

int in_gitlab_signed(const char *token, const struct in_gitlab_signature *s,
                     const void *body, size_t n, instant now, struct err *err)
{
    static const char prefix[] = "whsec_";
    unsigned char key[SECRET_BYTES_MAX], want[SHA256_BYTES];
    size_t n_key = strlen(token);
    if (s->id == NULL || s->timestamp == NULL || s->signature == NULL)
        return err_set(err, EPERM,
                       "expected the headers webhook-id, webhook-timestamp and "
                       "webhook-signature");
    int64_t at = seconds_of(s->timestamp);
    if (at < 0 || llabs(at - now.ms / 1000) > SIGNATURE_MINUTES_MAX * INT64_C(60))
        return err_set(err, EPERM,
                       "webhook-timestamp: expected seconds since 1970, at most %d "
                       "minutes from the clock here",
                       SIGNATURE_MINUTES_MAX);
    if (strncmp(token, prefix, strlen(prefix)) == 0)
        n_key = decode(token + strlen(prefix), key, sizeof key);
    else if (n_key <= sizeof key)
        memcpy(key, token, n_key);
    if (n_key == 0 || n_key > sizeof key)
        return err_set(err, EACCES, "the signing token is no base64 behind whsec_");
    OWNED_BUF text = {0};
    buf_addf(&text, "%s.%s.", s->id, s->timestamp);
    buf_add_n(&text, body, n);
    if (buf_done(&text) < 0)
        return err_set(err, ENOMEM, "out of memory");
    hmac_sha256(key, n_key, text.data, text.len, want);
    return any_signature(s->signature, want)
               ? 0
               : err_set(err, EPERM,
                         "webhook-signature does not fit the body and the token");
}

static int trust(const struct hook *h, const struct httpd_req *r, instant now,
                 struct err *err)
{
    size_t n;
    const char *body = httpd_body(r, &n), *token = httpd_header(r, "X-Gitlab-Token");
    const struct in_gitlab_signature s = {httpd_header(r, "webhook-id"),
                                          httpd_header(r, "webhook-timestamp"),
                                          httpd_header(r, "webhook-signature")};
    if (h->signing != NULL)
        return in_gitlab_signed(h->signing, &s, body, n, now, err);
    if (h->secret == NULL)
        return err_set(err, EACCES,
                       "no secret is configured for GitLab's webhooks: set "
                       "webhooks.gitlab.secret_file or signing_token_file");
    if (token == NULL)
        return err_set(err, EPERM,
                       "X-Gitlab-Token is missing: give the webhook a secret token");
    return hook_knows(h->secret, token)
               ? 0
               : err_set(err, EPERM, "X-Gitlab-Token is not the configured secret");
}

/* --- what it says --- */

static const struct {
    const char *status, *phase;
} statuses[] = {{"running", "started"},
                {"success", "finished"},
                {"failed", "finished"},
                {"canceled", "cancelled"}};

void in_gitlab_time(const char *text, char out[64])
{
    static const char form[] = "0000-00-00 00:00:00 ";
    size_t i = 0;
    for (; form[i] != '\0'; i++)
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            break;
    const char *zone = text + i;
    snprintf(out, 64, "%.63s", text);
    if (form[i] != '\0')
        return;
    if (strcmp(zone, "UTC") == 0)
        snprintf(out, 64, "%.10sT%.8sZ", text, text + 11);
    else if ((zone[0] == '+' || zone[0] == '-') && strlen(zone) == 5)
        snprintf(out, 64, "%.10sT%.8s%.3s:%.2s", text, text + 11, zone, zone + 3);
}

static enum hook_said write_event(const struct hook *h, const struct json_at *root,
                                  int64_t no, const char *phase, struct buf *to,
                                  struct err *err)
{
    const char *path = JSON_TEXT_AT(root, "project", "path_with_namespace");
    const char *status = JSON_TEXT_AT(root, "status");
    const char *at = JSON_TEXT_AT(root, "status_changed_at");
    const char *ref = JSON_TEXT_AT(root, "ref"), *sha = JSON_TEXT_AT(root, "short_sha");
    const char *environment = JSON_TEXT_AT(root, "environment");
    char source[NAME_BYTES_MAX + 1], id[NAME_BYTES_MAX + 1], change[64], title[400],
        time[64] = "";
    if (path == NULL) {
        err_set(err, EINVAL, "project.path_with_namespace is missing");
        return HOOK_BAD;
    }
    const char *bare = strrchr(path, '/'), *url = JSON_TEXT_AT(root, "deployable_url");
    hook_id_text(source, "gitlab/%s", path);
    hook_id_text(id, "deployment/%lld/%s", (long long)no, status);
    snprintf(change, sizeof change, "gitlab-%lld", (long long)no);
    snprintf(title, sizeof title, "%.150s: deploy %.80s to %.80s", path,
             ref != NULL   ? ref
             : sha != NULL ? sha
                           : "",
             environment != NULL ? environment : "?");
    if (at != NULL)
        in_gitlab_time(at, time);
    const struct hook_event e = {
        .source = source,
        .id = id,
        .change_id = change,
        .phase = phase,
        .kind = hook_map(h->kinds, h->n_kinds, path, "release"),
        .service =
            hook_map(h->services, h->n_services, path, bare != NULL ? bare + 1 : path),
        .title = title,
        .actor = JSON_TEXT_AT(root, "user", "username"),
        .url = url != NULL ? url : JSON_TEXT_AT(root, "commit_url"),
        .to = sha,
        .time = time,
        .outcome = strcmp(phase, "started") == 0 ? NULL : status,
        .ref = ref,
        .environment = environment};
    return hook_write(&e, to, err) == 0 ? HOOK_CHANGE : HOOK_BAD;
}

static enum hook_said read(const struct hook *h, const struct hook_body *body,
                           struct buf *to, const char **ret_why, struct err *err)
{
    OWNED_JSON *doc = json_parse(body->text, body->n, err);
    if (doc == NULL)
        return HOOK_BAD;
    struct json_at root = json_root(doc), v;
    const char *what = JSON_TEXT_AT(&root, "object_kind"), *phase = NULL;
    const char *status = JSON_TEXT_AT(&root, "status");
    int64_t no = 0;
    if (what == NULL || strcmp(what, "deployment") != 0) {
        *ret_why = "object_kind is not deployment";
        return HOOK_IGNORED;
    }
    if (!json_member(&root, "deployment_id", &v)) {
        json_complain(&v, err, "is missing, expected a number");
        return HOOK_BAD;
    }
    if (json_whole(&v, &no, err) < 0)
        return HOOK_BAD;
    for (size_t i = 0; status != NULL && i < sizeof statuses / sizeof *statuses; i++)
        if (strcmp(statuses[i].status, status) == 0)
            phase = statuses[i].phase;
    *ret_why = "this status is neither a start nor an end";
    if (!hook_wants(h, JSON_TEXT_AT(&root, "environment"))) {
        *ret_why = "this environment is not among webhooks.gitlab.environments";
        phase = NULL;
    }
    return phase != NULL ? write_event(h, &root, no, phase, to, err) : HOOK_IGNORED;
}

const struct hook_source in_gitlab = {HOOK_GITLAB, NULL, trust, read};
