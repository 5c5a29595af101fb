/* storage/record.c - times and texts of records.  Pure, any thread. */
#include "storage/record.h"

#include "base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS    86400000ll
#define MINUTE_MS 60000ll

bool record_is_near(instant at, instant now)
{
    int64_t ahead = instant_since(at, now).ms;
    return ahead >= -RECORD_PAST_DAYS_MAX * DAY_MS &&
           ahead <= RECORD_FUTURE_MINUTES_MAX * MINUTE_MS;
}

int record_time(const struct json_at *v, const char *key, instant now, instant *ret_at,
                struct err *err)
{
    struct json_at m;
    const char *text;
    struct err why = {0};
    instant at;
    if (!json_member(v, key, &m))
        return 0;
    if (json_text(&m, &text, err) < 0)
        return -1;
    if (instant_parse(text, &at, &why) < 0)
        return json_complain(&m, err, "%s", why.text);
    if (!instant_is_none(now) && !record_is_near(at, now))
        return at.ms < now.ms
                   ? json_complain(&m, err, "is more than %d days ago",
                                   RECORD_PAST_DAYS_MAX)
                   : json_complain(&m, err,
                                   "is more than %d minutes ahead of the clock here",
                                   RECORD_FUTURE_MINUTES_MAX);
    *ret_at = at;
    return 0;
}

int record_own_time(const struct json_at *v, const char *what, instant now,
                    instant *ret_at, struct err *err)
{
    struct json_at m;
    *ret_at = now;
    if (instant_is_none(now) && !json_member(v, "time", &m))
        return json_complain(&m, err, "is missing, %s needs its time", what);
    return record_time(v, "time", now, ret_at, err);
}

size_t record_cut(const char *text, size_t n, size_t most)
{
    if (n <= most)
        return n;
    size_t at = 0;
    for (size_t step; at < most; at += step) {
        step = utf8_next(text + at, n - at);
        if (step == 0 || at + step > most)
            break;
    }
    return at;
}

int record_text(const struct json_at *obj, const struct record_text *f, void *base,
                struct err *err)
{
    struct json_at m;
    const char *text = "";
    struct err why = {0};
    bool there = json_member(obj, f->name, &m);
    if (there && json_text(&m, &text, err) < 0)
        return -1;
    if (text[0] == '\0')
        return f->required ? json_complain(&m, err,
                                           there ? "is empty, expected a text"
                                                 : "is missing, expected a text")
                           : 0;
    size_t n = strlen(text);
    if (f->check(text, n, &why) < 0)
        return json_complain(&m, err, "%s", why.text);
    char *copy = strndup(text, f->most > 0 ? record_cut(text, n, f->most) : n);
    if (copy == NULL)
        return err_set(err, ENOMEM, "no memory for a text");
    *(char **)(void *)((char *)base + f->offset) = copy;
    return 0;
}
