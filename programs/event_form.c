/* programs/event_form.c - flags into a change event.  The service checks it, so that
 * there is one set of rules and one wording.  One thread. */
#include "programs/event_form.h"

#include "base/jsonw.h"
#include "programs/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { POST_MS = 10000 };

/* "a,b,c" as a list member. */
static void split_list(struct jsonw *w, const char *key, const char *text)
{
    jsonw_list(w, key);
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ",");
        char *one = strndup(p, n);
        if (n > 0)
            jsonw_text(w, NULL, one);
        free(one);
        p += n + (p[n] == ',');
    }
    jsonw_end(w);
}

int event_form_labels(struct jsonw *w, const char *text, struct err *err)
{
    jsonw_open(w, "labels");
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, ",");
        char *one = strndup(p, n), *eq = one != NULL ? strchr(one, '=') : NULL;
        if (eq == NULL) {
            free(one);
            return err_set(err, EINVAL, "--label: '%.*s' is not of the form KEY=VALUE",
                           (int)n, p);
        }
        *eq = '\0';
        jsonw_text(w, one, eq + 1);
        free(one);
        p += n + (p[n] == ',');
    }
    jsonw_close(w);
    return 0;
}

/* Figures up to `end`, which is passed; -1 on anything else. */
static long take_figures(const char **p, char end)
{
    size_t n = strspn(*p, "0123456789");
    if (n == 0 || n > 9 || (*p)[n] != end)
        return -1;
    long v = strtol(*p, NULL, 10);
    *p += n + (end != '\0');
    return v;
}

static int write_batch(struct jsonw *w, const char *text, struct err *err)
{
    const char *p = text;
    long no = take_figures(&p, '/'), of = no < 0 ? -1 : take_figures(&p, '\0');
    if (of < 0)
        return err_set(err, EINVAL,
                       "--batch: '%s' is not of the form NO/OF, such as 1/4", text);
    jsonw_open(w, "batch");
    jsonw_int(w, "no", no);
    jsonw_int(w, "of", of);
    jsonw_close(w);
    return 0;
}

const char *event_fresh_id(char out[EVENT_FRESH_ID_MAX])
{
    unsigned char r[(EVENT_FRESH_ID_MAX - 1) / 2];
    if (getrandom(r, sizeof r, 0) != sizeof r)
        abort(); /* cannot fail for 12 bytes once the kernel has started */
    for (size_t i = 0; i < sizeof r; i++)
        snprintf(out + 2 * i, 3, "%02x", r[i]);
    return out;
}

static void text_if(struct jsonw *w, const char *key, const char *value)
{
    if (value != NULL)
        jsonw_text(w, key, value);
}

static void write_identity(const struct event_form *f, struct jsonw *w)
{
    char id[300], host[128] = "localhost", source[200], fresh[EVENT_FRESH_ID_MAX];
    gethostname(host, sizeof host - 1);
    snprintf(source, sizeof source, "%.60s@%s", f->program, host);
    if (f->change_id != NULL)
        snprintf(id, sizeof id, "%.200s-%s%s%.40s", f->change_id,
                 f->phase != NULL ? f->phase : "finished", f->batch != NULL ? "-" : "",
                 f->batch != NULL ? f->batch : "");
    else
        snprintf(id, sizeof id, "%s", event_fresh_id(fresh));
    jsonw_text(w, "source", f->source != NULL ? f->source : source);
    jsonw_text(w, "id", f->id != NULL ? f->id : id);
}

int event_form_write(const struct event_form *f, struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    write_identity(f, &w);
    text_if(&w, "change_id", f->change_id);
    text_if(&w, "kind", f->kind);
    text_if(&w, "phase", f->phase);
    text_if(&w, "service", f->service);
    if (f->hosts != NULL)
        split_list(&w, "hosts", f->hosts);
    text_if(&w, "title", f->title);
    text_if(&w, "actor", f->actor);
    text_if(&w, "url", f->url);
    text_if(&w, "parent_id", f->parent);
    text_if(&w, "time", f->time);
    if (f->from != NULL || f->to != NULL) {
        jsonw_open(&w, "artifact");
        text_if(&w, "from", f->from);
        text_if(&w, "to", f->to);
        jsonw_close(&w);
    }
    if (f->urgent)
        jsonw_bool(&w, "urgent", true);
    if (f->batch != NULL && write_batch(&w, f->batch, err) < 0)
        return -1;
    if (f->labels != NULL && event_form_labels(&w, f->labels, err) < 0)
        return -1;
    text_if(&w, "outcome", f->outcome);
    if (f->exit_code != NULL)
        jsonw_raw(&w, "exit_code", f->exit_code);
    jsonw_close(&w);
    return buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

int event_post(struct httpc *c, const void *event, size_t n, unsigned *ret_status,
               struct buf *answer, struct err *err)
{
    struct httpc_ask ask = {.method = "POST",
                            .path = "/v1/changes",
                            .type = "application/json",
                            .body = event,
                            .n = n,
                            .timeout_ms = POST_MS};
    return cmd_call(c, &ask, ret_status, answer, err);
}
