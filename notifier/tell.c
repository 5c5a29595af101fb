/* notifier/tell.c - policy first (pure), then the mails.  What an audience was told
 * before follows from the revisions themselves, so nothing of it has to be stored.
 * Runs on the notifier's thread. */
#include "notifier/tell.h"

#include "base/buf.h"
#include "notifier/letter.h"
#include "notifier/past.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNTOLD_A_TIME = 50 };

bool tell_due(const struct audience *a, const struct tell_step *steps, size_t n)
{
    enum grade told = GRADE_N;
    bool due = false;
    size_t later = 0; /* told of */
    for (size_t i = 0; i < n; i++) {
        bool loud = steps[i].grade == GRADE_MUST_HANDLE || steps[i].final;
        bool fresh = told == GRADE_N ? audience_wants(a, steps[i].grade)
                                     : told != steps[i].grade;
        bool more = steps[i].final && steps[i].later > later &&
                    audience_wants(a, steps[i].grade);
        due = loud && (fresh || more);
        if (due) {
            told = steps[i].grade;
            later = steps[i].later;
        }
    }
    return due;
}

/* --- parcels --- */

struct parcels {
    size_t n, cap;
    struct parcel *at;
};

static void drop_parcels(struct parcels *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->at[i].key);
        free(p->at[i].message_id);
        free(p->at[i].recipients);
    }
    free(p->at);
}

/* One parcel; bytes and names are borrowed.  `recipient` is in its key when it is one
 * of several. */
static int add_parcel(struct parcels *to, const struct untold *u,
                      const struct audience *a, const char *recipient,
                      const struct buf *bytes, instant now)
{
    if (to->n == to->cap) {
        size_t cap = to->cap > 0 ? to->cap * 2 : 8;
        struct parcel *grown = realloc(to->at, cap * sizeof *grown);
        if (grown == NULL)
            return -1;
        to->at = grown;
        to->cap = cap;
    }
    struct buf key = {0};
    /* lengths in front, so that no two sets of names make the same key */
    buf_addf(&key, "%zu:%s/%d/%zu:%s/%s", strlen(u->change_id), u->change_id,
             u->revision, strlen(a->name), a->name, recipient);
    struct parcel *p = &to->at[to->n];
    *p = (struct parcel){.change_id = u->change_id,
                         .revision = u->revision,
                         .audience = (char *)(uintptr_t)a->name,
                         .bytes = bytes->data,
                         .n_bytes = bytes->len,
                         .made = now,
                         .due = now};
    p->key = buf_give(&key);
    p->recipients = strdup(recipient);
    to->n++;
    return p->key != NULL && p->recipients != NULL ? 0 : -1;
}

/* With a server, one parcel for each address: one that the server puts off is tried
 * again without the others getting the mail twice.  Without one, a single file. */
static int pack(struct tell *t, struct parcels *to, const struct untold *u,
                const struct audience *a, const struct buf *bytes, instant now)
{
    size_t first = to->n;
    char id[EML_ID_MAX];
    int rc = 0;
    if (t->config->smtp.url == NULL || a->n_to == 0)
        rc = add_parcel(to, u, a, "", bytes, now);
    else
        for (size_t i = 0; i < a->n_to && rc == 0; i++)
            rc = add_parcel(to, u, a, a->to[i], bytes, now);
    eml_message_id(t->config->from, u->change_id, u->revision, a->name, id);
    for (size_t i = first; i < to->n && rc == 0; i++) {
        to->at[i].message_id = strdup(id);
        rc = to->at[i].message_id != NULL ? 0 : -1;
    }
    return rc;
}

/* --- one revision --- */

static size_t later_of(const struct verdict *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        n += v->findings[i].later.ms > 0 && v->findings[i].grade != GRADE_OK &&
             !finding_is_muted(&v->findings[i]);
    return n;
}

/* The steps up to the revision to be told; 0 when that one is not there. */
static size_t steps_of(const struct past *past, const struct untold *u,
                       struct tell_step *steps)
{
    size_t n = 0;
    for (size_t i = 0; i < past->n; i++) {
        const struct verdict *v = past->revision[i];
        bool this_one = v->revision == u->revision;
        bool final = this_one ? u->final : v->final;
        steps[n++] = (struct tell_step){v->grade, v->revision, final, later_of(v)};
        if (this_one)
            return n;
    }
    return 0;
}

static int write_all(struct tell *t, const struct past *past, const struct untold *u,
                     struct parcels *parcels, struct buf *bytes, instant now,
                     struct err *err)
{
    struct tell_step *steps = calloc(past->n + 1, sizeof *steps);
    size_t n_steps = steps != NULL ? steps_of(past, u, steps) : 0, n_audiences;
    const struct audience *all = mail_config_audiences(t->config, &n_audiences);
    int rc = steps != NULL ? 0 : err_set(err, ENOMEM, "no memory for mails");
    for (size_t i = 0; i < n_audiences && rc == 0 && n_steps > 0; i++) {
        if (!tell_due(&all[i], steps, n_steps))
            continue;
        struct letter_ask ask = {
            .what = {.change = past->change,
                     .verdict = past->revision[n_steps - 1],
                     .revisions = (const struct verdict *const *)past->revision,
                     .n_revisions = n_steps,
                     .notice = t->notice},
            .config = t->config,
            .audience = &all[i],
            .rrd = t->rrd,
            .charts_lost = &t->stats.charts_lost,
        };
        rc = letter_write(&ask, &bytes[i], err);
        if (rc == 0 && pack(t, parcels, u, &all[i], &bytes[i], now) < 0)
            rc = err_set(err, ENOMEM, "no memory for mails");
    }
    free(steps);
    return rc;
}

static int tell_one(struct tell *t, const struct untold *u, instant now,
                    struct err *err)
{
    size_t n_audiences;
    mail_config_audiences(t->config, &n_audiences);
    OWNED_PAST *past = past_read(t->ledger, u->change_id, err);
    struct buf *bytes = calloc(n_audiences + 1, sizeof *bytes);
    struct parcels parcels = {0};
    int rc = -1;
    if (bytes == NULL)
        err_set(err, ENOMEM, "no memory for mails");
    else if (past != NULL)
        rc = write_all(t, past, u, &parcels, bytes, now, err);
    if (rc == 0)
        rc = ledger_tell(t->ledger, u, parcels.at, parcels.n, now, err);
    if (rc == 0) {
        atomic_fetch_add(&t->stats.revisions, 1);
        atomic_fetch_add(&t->stats.mails, parcels.n);
    }
    drop_parcels(&parcels);
    for (size_t i = 0; bytes != NULL && i < n_audiences; i++)
        buf_free(&bytes[i]);
    free(bytes);
    return rc;
}

int tell_round(struct tell *t, instant now, struct err *err)
{
    size_t n = UNTOLD_A_TIME, failed = 0;
    while (n == UNTOLD_A_TIME && failed == 0) {
        struct untold *untold = NULL;
        if (ledger_untold(t->ledger, UNTOLD_A_TIME, &untold, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            failed += tell_one(t, &untold[i], now, err) < 0;
        ledger_untold_free(&untold, n);
    }
    atomic_fetch_add(&t->stats.failures, failed);
    return failed > 0 ? -1 : 0;
}
