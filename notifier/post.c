/* notifier/post.c - calls of webhooks.  Runs on the notifier's thread; no state of its
 * own.  Neither addresses out of files nor secrets ever stand in what is said of a
 * failure. */
#include "notifier/post.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/http_url.h"
#include "base/httpc.h"
#include "base/secret.h"
#include "notifier/eml.h"
#include "notifier/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { HEADERS_MAX = 6, HEADER_BYTES_MAX = SECRET_BYTES_MAX + 64 };

/* A call as it is made: its headers' texts and its address. */
struct letter {
    char text[HEADERS_MAX][HEADER_BYTES_MAX];
    const char *header[HEADERS_MAX];
    size_t n;
    struct buf url;
};

static void header(struct letter *l, const char *name, const char *value)
{
    snprintf(l->text[l->n], HEADER_BYTES_MAX, "%s: %s", name, value);
    l->header[l->n] = l->text[l->n];
    l->n++;
}

static int find_url(const struct post_target *t, struct letter *l, struct err *err)
{
    char line[SECRET_BYTES_MAX];
    struct err why = {0};
    const char *url = t->url;
    if (url == NULL) {
        if (secret_load(t->url_file, "the webhook's address", line, err) < 0)
            return -1;
        url = line;
    }
    if (http_url_check(url, &why) < 0)
        return err_set(err, EINVAL, "the webhook's address %s", why.text);
    buf_add(&l->url, url);
    return 0;
}

static void sign_sha256(const struct post_call *c, const char *secret, instant now,
                        struct letter *l)
{
    unsigned char mac[SHA256_BYTES];
    char stamp[32], hex[16 + 2 * SHA256_BYTES] = "sha256=";
    OWNED_BUF signed_text = {0};
    snprintf(stamp, sizeof stamp, "%lld", (long long)(now.ms / 1000));
    buf_addf(&signed_text, "%s.", stamp);
    buf_add_n(&signed_text, c->bytes, c->n);
    hmac_sha256(secret, strlen(secret), buf_text(&signed_text), signed_text.len, mac);
    for (size_t i = 0; i < sizeof mac; i++)
        snprintf(hex + 7 + 2 * i, 3, "%02x", mac[i]);
    header(l, "Aftercheck-Timestamp", stamp);
    header(l, "Aftercheck-Signature", hex);
}

static void sign_dingtalk(const char *secret, instant now, struct letter *l)
{
    unsigned char mac[SHA256_BYTES];
    OWNED_BUF signed_text = {0}, base64 = {0};
    buf_addf(&signed_text, "%lld\n%s", (long long)now.ms, secret);
    hmac_sha256(secret, strlen(secret), buf_text(&signed_text), signed_text.len, mac);
    eml_base64(&base64, mac, sizeof mac);
    buf_addf(&l->url, "%ctimestamp=%lld&sign=",
             strchr(buf_text(&l->url), '?') != NULL ? '&' : '?', (long long)now.ms);
    url_quote(&l->url, buf_text(&base64));
}

static int prepare(const struct post_target *t, const struct post_call *c, instant now,
                   struct letter *l, struct err *err)
{
    char secret[SECRET_BYTES_MAX], bearer[SECRET_BYTES_MAX + 16];
    if (find_url(t, l, err) < 0)
        return -1;
    header(l, "Content-Type", c->type);
    header(l, "User-Agent", "aftercheck");
    header(l, "Aftercheck-Delivery", c->key);
    if (t->sign != WEBHOOK_UNSIGNED) {
        if (secret_load(t->secret_file, "the webhook's secret", secret, err) < 0)
            return -1;
        if (t->sign == WEBHOOK_SHA256)
            sign_sha256(c, secret, now, l);
        else
            sign_dingtalk(secret, now, l);
    }
    if (t->token_file != NULL) {
        if (secret_load(t->token_file, "the webhook's token", secret, err) < 0)
            return -1;
        snprintf(bearer, sizeof bearer, "Bearer %s", secret);
        header(l, "Authorization", bearer);
        explicit_bzero(bearer, sizeof bearer);
    }
    explicit_bzero(secret, sizeof secret);
    return buf_done(&l->url) < 0 ? err_set(err, ENOMEM, "no memory for a webhook") : 0;
}

static void conclude(const struct transfer_result *r, struct post_result *ret)
{
    ret->status = r->status;
    if (r->status == 0) {
        ret->end = POST_LATER;
        snprintf(ret->words, sizeof ret->words, "%s", r->words);
        return;
    }
    if (r->status / 100 == 2) {
        ret->end = POST_DONE;
        return;
    }
    bool later =
        r->status >= 500 || r->status == 408 || r->status == 425 || r->status == 429;
    ret->end = later ? POST_LATER : POST_NEVER;
    snprintf(ret->words, sizeof ret->words, "the webhook answered %u%s", r->status,
             r->status / 100 == 3 ? ": it has moved, set its new address" : "");
}

void post_send(const struct post_target *t, const struct post_call *c, instant now,
               const atomic_bool *stop, struct post_result *ret)
{
    struct err err = {0};
    struct letter l = {0};
    struct transfer_result result;
    *ret = (struct post_result){.end = POST_LATER};
    if (prepare(t, c, now, &l, &err) < 0) {
        snprintf(ret->words, sizeof ret->words, "%.290s", err.text);
    } else {
        const struct transfer call = {.kind = TRANSFER_HTTP,
                                      .url = buf_text(&l.url),
                                      .ca_file = t->ca_file,
                                      .connect_time = t->connect_time,
                                      .answer_time = t->whole_time,
                                      .whole_time = t->whole_time,
                                      .stop = stop,
                                      .list = l.header,
                                      .n_list = l.n,
                                      .bytes = c->bytes,
                                      .n = c->n};
        transfer_run(&call, &result);
        conclude(&result, ret);
    }
    explicit_bzero(l.text, sizeof l.text);
    buf_free(&l.url);
}
