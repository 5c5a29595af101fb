/* programs/deliver.c - one process at a time, oldest first, one request a record.
 *
 * A record is deleted after the service's answer.  So a process that is killed between
 * the two leaves it to be sent once more: records are sent at least once.  One thread.
 */
#include "programs/deliver.h"

#include "base/instant.h"
#include "programs/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALL_MS = 10000 };

bool deliver_is_refusal(unsigned status)
{
    static const unsigned passing[] = {401, 403, 407, 408, 425, 429};
    if (status < 400 || status >= 500)
        return false;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (status == passing[i])
            return false;
    return true;
}

struct run {
    struct spool *spool;
    struct httpc *http;
    const char *server;
    int64_t until;
    struct delivered *count;
};

static int refused(struct run *r, uint64_t number, const struct err *why,
                   struct err *err)
{
    if (r->count->refused++ == 0)
        snprintf(r->count->first, sizeof r->count->first, "%.399s", why->text);
    return spool_set_aside(r->spool, number, why->text, err);
}

/* 1: it is out of the queue, or was; 0: it is for another service; -1: it stays. */
static int send_one(struct run *r, uint64_t number, struct err *err)
{
    OWNED_BUF room = {0}, answer = {0};
    struct spool_record record;
    struct err why = {0};
    unsigned status;
    int rc = spool_read(r->spool, number, &room, &record, err);
    if (rc <= 0)
        return rc < 0 ? -1 : 1;
    if (strcmp(record.server, r->server) != 0)
        return 0;
    int64_t left = r->until - monotonic_ms();
    if (left <= 0)
        return err_set(err, ETIMEDOUT, "the time is up");
    struct httpc_ask ask = {.method = "POST",
                            .path = record.path,
                            .type = record.type,
                            .body = record.body,
                            .n = record.n,
                            .timeout_ms = left < CALL_MS ? (int)left : CALL_MS};
    if (cmd_call(r->http, &ask, &status, &answer, &why) == 0) {
        r->count->sent++;
        return spool_done(r->spool, number, err) < 0 ? -1 : 1;
    }
    if (deliver_is_refusal(status))
        return refused(r, number, &why, err) < 0 ? -1 : 1;
    return err_set(err, why.code, "%s", why.text);
}

/* One pass over what is there now; *ret_moved: something left the queue. */
static int pass(struct run *r, bool *ret_moved, struct err *err)
{
    uint64_t *number;
    size_t n, i;
    *ret_moved = false;
    if (spool_list(r->spool, &number, &n, err) < 0)
        return -1;
    r->count->strange = r->count->left = 0;
    int rc = 0;
    for (i = 0; i < n && rc == 0; i++) {
        int sent = send_one(r, number[i], err);
        *ret_moved |= sent > 0;
        r->count->strange += sent == 0;
        rc = sent < 0 ? -1 : 0;
    }
    if (rc < 0)
        r->count->left = n - i + 1;
    free(number);
    return rc;
}

int deliver(struct spool *s, struct httpc *c, const char *server, int ms,
            struct delivered *ret, struct err *err)
{
    struct run r = {s, c, server, monotonic_ms() + ms, ret};
    bool moved = true;
    *ret = (struct delivered){0};
    if (spool_lock_sending(s, ms, err) < 0)
        return -1;
    int rc = spool_trim(s, instant_now(), err);
    while (rc == 0 && moved)
        rc = pass(&r, &moved, err);
    spool_unlock_sending(s);
    return rc;
}
