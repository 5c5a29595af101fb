/* notifier/callout.c - deliveries to webhooks.  Runs on the notifier's thread. */
#include "notifier/callout.h"

#include "base/hash.h"
#include "notifier/language.h"
#include "notifier/message.h"
#include "notifier/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECIPIENT "webhook:"
enum { RESTS_MAX = 128 };

/* --- into the outbox --- */

static void parcel_clear(struct parcel *p)
{
    free(p->key);
    free(p->change_id);
    free(p->audience);
    free(p->message_id);
    free(p->recipients);
    free(p->bytes);
}

static char *delivery_id(const char *key)
{
    char hex[SHA256_HEX_MAX];
    sha256_hex(key, strlen(key), hex);
    hex[32] = '\0';
    return strdup(hex);
}

static int make_parcel(const struct callout_ask *ask, const struct webhook *w,
                       const struct report *r, struct parcel *ret, struct err *err)
{
    OWNED_BUF key = {0}, to = {0};
    struct buf body = {0};
    message_write((enum webhook_form)w->form, r, &body);
    buf_addf(&to, RECIPIENT "%s", w->name);
    buf_addf(&key, "%s/%s/r%d%s", buf_text(&to), ask->change->change_id,
             ask->verdict->revision, ask->final ? "/final" : "");
    *ret = (struct parcel){.message_id = delivery_id(buf_text(&key)),
                           .change_id = strdup(ask->change->change_id),
                           .audience = strdup(w->name),
                           .revision = ask->verdict->revision,
                           .n_bytes = body.len,
                           .made = ask->now,
                           .due = ask->now};
    ret->key = buf_give(&key);
    ret->recipients = buf_give(&to);
    ret->bytes = buf_give(&body);
    if (ret->key != NULL && ret->recipients != NULL && ret->bytes != NULL &&
        ret->message_id != NULL && ret->change_id != NULL && ret->audience != NULL)
        return 0;
    parcel_clear(ret);
    return err_set(err, ENOMEM, "no memory for a webhook");
}

static int put_one(const struct callout_ask *ask, const struct webhook *w,
                   struct err *err)
{
    const struct verdict *v = ask->verdict;
    struct report_input in = {.change = ask->change,
                              .verdict = v,
                              .revisions = &v,
                              .n_revisions = 1,
                              .language =
                                  w->language == ROUTING_ZH ? LANGUAGE_ZH : LANGUAGE_EN,
                              .public_url = ask->public_url};
    OWNED_REPORT *r = report_new(&in, err);
    struct parcel p;
    if (r == NULL || make_parcel(ask, w, r, &p, err) < 0)
        return -1;
    int rc = ledger_send(ask->ledger, &p, 1, NULL, 0, ask->now, err);
    parcel_clear(&p);
    return rc;
}

int callout_put(const struct callout_ask *ask, struct err *err)
{
    int n = 0;
    for (size_t i = 0; i < ask->routing->webhooks.n; i++) {
        const struct webhook *w = &ask->routing->webhooks.at[i];
        if (!routing_calls(ask->routing, w, ask->change, ask->verdict->grade,
                           ask->final))
            continue;
        if (put_one(ask, w, err) < 0)
            return -1;
        n++;
    }
    return n;
}

const char *callout_name(const struct parcel *p)
{
    size_t n = strlen(RECIPIENT);
    return strncmp(p->recipients, RECIPIENT, n) == 0 ? p->recipients + n : NULL;
}

/* --- out of it --- */

/* A webhook that did not answer, by its name's hash: names are few. */
struct rest {
    char name[SHA256_HEX_MAX];
    instant until;
};

struct callout {
    struct rest rest[RESTS_MAX];
    size_t n;
};

struct callout *callout_new(struct err *err)
{
    struct callout *c = calloc(1, sizeof *c);
    if (c == NULL)
        err_set(err, ENOMEM, "no memory for webhooks");
    return c;
}

void callout_free(struct callout **c)
{
    free(*c);
    *c = NULL;
}

static struct rest *rest_of(struct callout *c, const char *name)
{
    char hex[SHA256_HEX_MAX];
    sha256_hex(name, strlen(name), hex);
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->rest[i].name, hex) == 0)
            return &c->rest[i];
    /* more than a routing can have, after many reloads: begin anew */
    c->n = c->n < RESTS_MAX ? c->n : 0;
    struct rest *r = &c->rest[c->n++];
    *r = (struct rest){.until = INSTANT_NONE};
    memcpy(r->name, hex, sizeof r->name);
    return r;
}

void callout_send(struct callout *c, const struct routing *r, const struct parcel *p,
                  instant now, const atomic_bool *stop, struct post_result *ret)
{
    const char *name = callout_name(p);
    const struct webhook *w = routing_webhook(r, name);
    struct rest *rest = rest_of(c, name);
    *ret = (struct post_result){.end = POST_LATER};
    if (w == NULL) {
        ret->end = POST_NEVER;
        snprintf(ret->words, sizeof ret->words,
                 "there is no webhook '%.100s' in the routing any more", name);
        return;
    }
    if (rest->until.ms > now.ms) {
        snprintf(ret->words, sizeof ret->words,
                 "not called: a call shortly before was not answered");
        return;
    }
    const struct post_target target = {.url = w->url,
                                       .url_file = w->url_file,
                                       .sign = (enum webhook_sign)w->sign,
                                       .secret_file = w->secret_file,
                                       .token_file = w->token_file,
                                       .ca_file = w->ca_file,
                                       .connect_time = span_seconds(CALLOUT_CONNECT_S),
                                       .whole_time = span_seconds(CALLOUT_WHOLE_S)};
    const struct post_call call = {.type = message_type((enum webhook_form)w->form),
                                   .key = p->message_id,
                                   .bytes = p->bytes,
                                   .n = p->n_bytes};
    post_send(&target, &call, now, stop, ret);
    rest->until = ret->end == POST_LATER && ret->status == 0
                      ? instant_add(now, span_seconds(CALLOUT_REST_S))
                      : INSTANT_NONE;
}
