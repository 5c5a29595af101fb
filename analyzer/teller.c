/* analyzer/teller.c - the parts of telling that every kind of evidence shares.
 *
 * What must hold: equal evidence gives equal bytes - hosts are ordered by their numbers
 * and then by their names.  Pure, any thread. */
#include "analyzer/teller.h"

#include <stdlib.h>
#include <string.h>

/* --- texts --- */

char *teller_copy(struct teller *t, const char *text)
{
    char *s = text != NULL ? strdup(text) : NULL;
    t->failed |= text != NULL && s == NULL;
    return s;
}

char *teller_give(struct teller *t, struct buf *b)
{
    char *s = buf_give(b);
    t->failed |= s == NULL;
    return s;
}

const char *teller_service(const struct teller *t, const char *label)
{
    return label != NULL && *label != '\0' ? label : t->lineup->change->service;
}

/* --- a finding's frame --- */

/* More than any other rule's weight can be, with all that findings add to it. */
#define CRITICAL_WEIGHT 1e6

struct finding *teller_begin(struct teller *t, const struct rule *r,
                             enum finding_kind kind, enum grade grade, bool recovered)
{
    struct finding *f = verdict_add(t->verdict);
    if (f == NULL) {
        t->failed = true;
        return NULL;
    }
    f->kind = kind;
    f->grade = recovered || r->shadow ? GRADE_OK : grade;
    f->recovered = recovered;
    f->rule = teller_copy(t, r->id);
    f->title = teller_copy(t, r->title);
    f->advice = teller_copy(t, r->advice);
    f->runbook = teller_copy(t, r->runbook);
    f->owner = teller_copy(t, r->owner);
    f->rev = r->rev;
    f->weight = r->critical ? r->weight + CRITICAL_WEIGHT : r->weight;
    f->confidence = 1;
    f->first_seen = INSTANT_NONE;
    return f;
}

void teller_end(struct teller *t, struct finding *f, struct buf *words,
                const struct rule *r, enum grade grade)
{
    if (f->recovered)
        buf_add(words, "; it is over again");
    const char *text = buf_text(words);
    size_t n = strlen(text);
    if (n > 0 && strchr(".!?", text[n - 1]) == NULL) /* a stranger's words may end so */
        buf_add_ch(words, '.');
    if (r->shadow)
        buf_addf(words, " The rule is in shadow: this would be %s.", grade_name(grade));
    f->because = teller_give(t, words);
}

void teller_say_subject(struct buf *b, const struct finding *f, size_t of,
                        const char *figure)
{
    if (f->n_hosts == 0)
        buf_addf(b, "The service's %s", figure);
    else if (f->n_hosts == 1)
        buf_addf(b, "On %s, %s", f->hosts[0].name, figure);
    else
        buf_addf(b, "On %zu of %zu changed hosts, %s", f->n_hosts, of, figure);
}

void teller_say_hosts(struct buf *b, const struct finding *f, size_t of)
{
    if (f->n_hosts == 1)
        buf_addf(b, " on %s", f->hosts[0].name);
    else if (f->n_hosts > 1)
        buf_addf(b, " on %zu of %zu changed hosts", f->n_hosts, of);
}

void teller_say_new_hosts(struct buf *b, const struct finding *f, size_t of)
{
    if (f->n_hosts == 1)
        buf_addf(b, "the new host %s", f->hosts[0].name);
    else
        buf_addf(b, "%zu of %zu new hosts", f->n_hosts, of);
}

/* --- hosts --- */

static int by_size(const void *a, const void *b)
{
    const struct teller_host *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return strcmp(x->host, y->host);
}

void teller_list_hosts(struct teller *t, struct finding *f, struct teller_host *bad,
                       size_t n)
{
    qsort(bad, n, sizeof *bad, by_size);
    f->hosts = calloc(n + 1, sizeof *f->hosts);
    if (f->hosts == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char *name = teller_copy(t, bad[i].host);
        if (name == NULL)
            return;
        f->hosts[f->n_hosts++] =
            (struct finding_host){name, bad[i].before, bad[i].after};
    }
    if (n == 1)
        f->host = teller_copy(t, bad[0].host);
}
