/* analyzer/hush.c - holds findings against mutes.
 *
 * What must hold: the outcome depends on which mutes there are, not on their order; a
 * finding that is ok already is never marked, as nothing would be muted.  Pure, any
 * thread. */
#include "analyzer/hush.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/names.h"
#include "base/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool text_fits(const char *glob, const char *text)
{
    return glob == NULL || (text != NULL && glob_match(glob, text));
}

static bool hosts_fit(const char *glob, const struct finding *f)
{
    if (glob == NULL || f->host != NULL)
        return text_fits(glob, f->host);
    for (size_t i = 0; i < f->n_hosts; i++)
        if (!glob_match(glob, f->hosts[i].name))
            return false;
    return f->n_hosts > 0;
}

static bool kind_fits(const struct mute *m, const struct change *c)
{
    return m->kind == CHANGE_KIND_N || m->kind == c->kind;
}

bool hush_fits(const struct mute *m, const struct change *c, const struct finding *f)
{
    return kind_fits(m, c) && text_fits(m->rule, f->rule) &&
           text_fits(m->service, f->service != NULL ? f->service : c->service) &&
           text_fits(m->metric, f->metric) && hosts_fit(m->host, f);
}

static bool ends_later(const struct mute *a, const struct mute *b)
{
    return a->until.ms != b->until.ms ? a->until.ms > b->until.ms
                                      : strcmp(a->id, b->id) < 0;
}

static int mark(struct finding *f, const struct mute *m, struct err *err)
{
    f->muted =
        (struct muted){strdup(m->id), strdup(m->author), strdup(m->reason), m->until};
    return f->muted.id != NULL && f->muted.author != NULL && f->muted.reason != NULL
               ? 0
               : err_set(err, ENOMEM, "out of memory");
}

int hush_findings(const struct mutes *mutes, const struct change *c, struct verdict *v,
                  struct err *err)
{
    for (size_t i = 0; mutes != NULL && i < v->n_findings; i++) {
        struct finding *f = &v->findings[i];
        const struct mute *by = NULL;
        for (size_t k = 0; k < mutes->n; k++)
            if (hush_fits(mutes->at[k], c, f) &&
                (by == NULL || ends_later(mutes->at[k], by)))
                by = mutes->at[k];
        if (by != NULL && f->grade != GRADE_OK && mark(f, by, err) < 0)
            return -1;
    }
    return 0;
}

/* A mute's id stands for all that it says. */
int hush_mark(const struct mutes *mutes, const struct change *c,
              char ret_mark[HUSH_MARK_MAX], struct err *err)
{
    char hex[SHA256_HEX_MAX];
    OWNED_BUF text = {0};
    const char **id = calloc(mutes->n + 1, sizeof *id);
    size_t n = 0;
    if (id == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < mutes->n; i++)
        if (kind_fits(mutes->at[i], c))
            id[n++] = mutes->at[i]->id;
    qsort(id, n, sizeof *id, order_texts);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%s\n", id[i]);
    free(id);
    if (buf_done(&text) < 0)
        return err_set(err, ENOMEM, "out of memory");
    sha256_hex(buf_text(&text), text.len, hex);
    memcpy(ret_mark, hex, HUSH_MARK_MAX - 1);
    ret_mark[HUSH_MARK_MAX - 1] = '\0';
    return 0;
}
