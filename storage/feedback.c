/* storage/feedback.c - reads and writes marks.  No state, any thread. */
#include "storage/feedback.h"

#include "base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_name(const struct json_at *v, const char *field, const char **ret_text,
                     struct err *err)
{
    struct json_at at;
    struct err why = {0};
    if (!json_member(v, field, &at))
        return json_complain(&at, err, "is missing, expected a text");
    if (json_text(&at, ret_text, err) < 0)
        return -1;
    if (name_check(*ret_text, strlen(*ret_text), &why) < 0)
        return json_complain(&at, err, "%s", why.text);
    return 0;
}

static int refuse_unknown(const struct json_at *v, struct err *err)
{
    for (size_t i = 0; i < json_count(v); i++) {
        const char *key;
        struct json_at at = json_nth(v, i, &key);
        if (strcmp(key, "rule") != 0 && strcmp(key, "useful") != 0 &&
            strcmp(key, "by") != 0)
            return json_complain(&at, err,
                                 "there is no such field, expected rule, useful, by");
    }
    return 0;
}

struct feedback *feedback_new(const char *change_id, const char *rule, const char *by)
{
    struct feedback *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->change_id = strdup(change_id);
    f->rule = strdup(rule);
    f->by = strdup(by);
    if (f->change_id == NULL || f->rule == NULL || f->by == NULL)
        feedback_free(&f);
    return f;
}

int feedback_read(const struct json_at *v, const char *change_id, instant now,
                  struct feedback **ret_feedback, struct err *err)
{
    const char *rule, *by;
    struct json_at at;
    bool useful;
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object");
    if (refuse_unknown(v, err) < 0 || read_name(v, "rule", &rule, err) < 0 ||
        read_name(v, "by", &by, err) < 0)
        return -1;
    if (!json_member(v, "useful", &at))
        return json_complain(&at, err, "is missing, expected true or false");
    if (json_bool(&at, &useful, err) < 0)
        return -1;
    struct feedback *f = feedback_new(change_id, rule, by);
    if (f == NULL)
        return err_set(err, ENOMEM, "no memory for a mark");
    f->useful = useful;
    f->at = now;
    *ret_feedback = f;
    return 0;
}

void feedback_free(struct feedback **f)
{
    if (*f == NULL)
        return;
    free((*f)->change_id);
    free((*f)->rule);
    free((*f)->by);
    free(*f);
    *f = NULL;
}

void feedback_write(const struct feedback *f, const char *key, struct jsonw *w)
{
    jsonw_open(w, key);
    jsonw_text(w, "change_id", f->change_id);
    jsonw_text(w, "rule", f->rule);
    jsonw_bool(w, "useful", f->useful);
    jsonw_text(w, "by", f->by);
    jsonw_instant(w, "at", f->at);
    jsonw_close(w);
}
