/* storage/mute.c - reads, writes and times mutes.
 *
 * Always holds: what mute_read let through has a matcher, an author, a reason and an
 * end, all bounded, so nobody behind it checks again.  No state, any thread. */
#include "storage/mute.h"

#include "base/complain.h"
#include "base/hash.h"
#include "base/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS 86400000ll

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a mute");
}

/* --- texts --- */

struct text_field {
    const char *name;
    int (*check)(const char *, size_t, struct err *);
    bool required;
    size_t offset; /* of a char * in struct mute */
};

#define FIELD(field) offsetof(struct mute, field)
static const struct text_field text_fields[] = {
    {"rule", name_check, false, FIELD(rule)},
    {"service", name_check, false, FIELD(service)},
    {"host", name_check, false, FIELD(host)},
    {"metric", name_check, false, FIELD(metric)},
    {"author", name_check, true, FIELD(author)},
    {"reason", text_check, true, FIELD(reason)},
};
#undef FIELD
enum { N_TEXT_FIELDS = sizeof text_fields / sizeof *text_fields };

static const char *const all_fields[] = {"rule",   "service", "host", "metric", "kind",
                                         "author", "reason",  "from", "until",  NULL};
static const char *const end_fields[] = {"by", NULL};

static char **text_at(struct mute *m, size_t offset)
{
    return (char **)(void *)((char *)m + offset);
}

static int read_text(const struct json_at *obj, const struct text_field *f,
                     char **ret_text, struct err *err)
{
    struct json_at m;
    const char *text = "";
    struct err why = {0};
    bool there = json_member(obj, f->name, &m);
    if (!there)
        return f->required ? json_complain(&m, err, "is missing, expected a text") : 0;
    if (json_text(&m, &text, err) < 0)
        return -1;
    if (text[0] == '\0')
        return json_complain(&m, err, "is empty");
    if (f->check(text, strlen(text), &why) < 0)
        return json_complain(&m, err, "%s", why.text);
    *ret_text = strdup(text);
    return *ret_text != NULL ? 0 : no_memory(err);
}

static int refuse_unknown(const struct json_at *v, const char *const *known,
                          struct err *err)
{
    size_t n = json_count(v);
    for (size_t i = 0; i < n; i++) {
        const char *key;
        struct json_at m = json_nth(v, i, &key);
        size_t k = 0;
        while (known[k] != NULL && strcmp(known[k], key) != 0)
            k++;
        if (known[k] != NULL)
            continue;
        const char *near = nearest_name(key, known);
        return json_complain(&m, err, "there is no such field%s%s%s",
                             near != NULL ? "; did you mean '" : "",
                             near != NULL ? near : "", near != NULL ? "'?" : "");
    }
    return 0;
}

/* --- the matcher --- */

static int read_kind(const struct json_at *v, struct mute *m, struct err *err)
{
    struct json_at at;
    const char *text;
    m->kind = CHANGE_KIND_N;
    if (!json_member(v, "kind", &at))
        return 0;
    if (json_text(&at, &text, err) < 0)
        return -1;
    m->kind = change_kind_of(text);
    if (m->kind == CHANGE_KIND_N)
        return json_complain(&at, err, "there is no kind '%.40s', expected one of %s",
                             text, change_kind_list());
    return 0;
}

static int check_matcher(const struct json_at *v, const struct mute *m, struct err *err)
{
    if (m->rule != NULL || m->service != NULL || m->host != NULL || m->metric != NULL ||
        m->kind != CHANGE_KIND_N)
        return 0;
    return json_complain(v, err,
                         "says nothing to be muted, expected at least one of rule, "
                         "service, host, metric and kind");
}

/* --- times --- */

static int read_from(const struct json_at *v, instant now, struct mute *m,
                     bool *ret_given, struct err *err)
{
    struct json_at at;
    const char *text;
    struct err why = {0};
    m->from = now;
    *ret_given = json_member(v, "from", &at);
    if (!*ret_given)
        return 0;
    if (json_text(&at, &text, err) < 0)
        return -1;
    if (instant_parse(text, &m->from, &why) < 0)
        return json_complain(&at, err, "%s", why.text);
    if (instant_since(now, m->from).ms > MUTE_PAST_DAYS_MAX * DAY_MS)
        return json_complain(&at, err, "is more than %d days ago", MUTE_PAST_DAYS_MAX);
    if (instant_since(m->from, now).ms > MUTE_DAYS_MAX * DAY_MS)
        return json_complain(&at, err, "is more than %d days ahead", MUTE_DAYS_MAX);
    return 0;
}

static int read_until(const struct json_at *v, instant now, struct mute *m,
                      struct err *err)
{
    static const char expected[] =
        "a time such as 2026-11-22T10:00:00Z, or a length of time such as 2h";
    struct json_at at;
    const char *text;
    span length;
    if (!json_member(v, "until", &at))
        return json_complain(&at, err, "is missing, every mute has an end: expected %s",
                             expected);
    if (json_text(&at, &text, err) < 0)
        return -1;
    if (span_parse(text, &length, NULL) == 0 && length.ms <= 2 * MUTE_DAYS_MAX * DAY_MS)
        m->until = instant_add(m->from, length);
    else if (span_parse(text, &length, NULL) == 0)
        m->until = INSTANT_FAR;
    else if (instant_parse(text, &m->until, NULL) < 0)
        return json_complain(&at, err, "is '%.40s', expected %s", text, expected);
    if (m->until.ms <= now.ms)
        return json_complain(&at, err, "is not in the future");
    if (m->until.ms <= m->from.ms)
        return json_complain(&at, err, "is not after from");
    if (m->until.ms - now.ms > MUTE_DAYS_MAX * DAY_MS)
        return json_complain(&at, err, "is more than %d days ahead", MUTE_DAYS_MAX);
    return 0;
}

/* --- the whole --- */

static void write_what_it_says(const struct mute *m, bool with_from, struct jsonw *w)
{
    for (size_t i = 0; i < N_TEXT_FIELDS; i++) {
        const char *text =
            *(char *const *)(const void *)((const char *)m + text_fields[i].offset);
        if (text != NULL)
            jsonw_text(w, text_fields[i].name, text);
    }
    if (m->kind != CHANGE_KIND_N)
        jsonw_text(w, "kind", change_kind_name(m->kind));
    if (with_from)
        jsonw_instant(w, "from", m->from);
    jsonw_instant(w, "until", m->until);
}

/* The same words to the same end are the same mute, so that one sent again is known.
 * Forty-eight bits: of a million mutes two are taken for one with a chance of 0.2 %. */
static int identify(struct mute *m, bool with_from, struct err *err)
{
    char hex[SHA256_HEX_MAX];
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    jsonw_open(&w, NULL);
    write_what_it_says(m, with_from, &w);
    jsonw_close(&w);
    if (buf_done(&text) < 0)
        return no_memory(err);
    snprintf(m->id, sizeof m->id, "m%.12s", sha256_hex(buf_text(&text), text.len, hex));
    return 0;
}

int mute_read(const struct json_at *v, instant now, struct mute **ret_mute,
              struct err *err)
{
    bool from_given = false;
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object, a mute");
    OWNED_MUTE *m = calloc(1, sizeof *m);
    if (m == NULL)
        return no_memory(err);
    m->made_at = now;
    m->ended_at = INSTANT_NONE;
    if (refuse_unknown(v, all_fields, err) < 0)
        return -1;
    for (size_t i = 0; i < N_TEXT_FIELDS; i++)
        if (read_text(v, &text_fields[i], text_at(m, text_fields[i].offset), err) < 0)
            return -1;
    if (read_kind(v, m, err) < 0 || check_matcher(v, m, err) < 0 ||
        read_from(v, now, m, &from_given, err) < 0 || read_until(v, now, m, err) < 0 ||
        identify(m, from_given, err) < 0)
        return -1;
    *ret_mute = m;
    m = NULL;
    return 0;
}

void mute_free(struct mute **m)
{
    if (*m == NULL)
        return;
    for (size_t i = 0; i < N_TEXT_FIELDS; i++)
        free(*text_at(*m, text_fields[i].offset));
    free((*m)->ended_by);
    free(*m);
    *m = NULL;
}

int mute_read_end(const struct json_at *v, char **ret_by, struct err *err)
{
    static const struct text_field by = {"by", name_check, true, 0};
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object such as {\"by\": \"li\"}");
    if (refuse_unknown(v, end_fields, err) < 0)
        return -1;
    return read_text(v, &by, ret_by, err);
}

void mute_write(const struct mute *m, const char *key, struct jsonw *w)
{
    jsonw_open(w, key);
    jsonw_text(w, "id", m->id);
    write_what_it_says(m, true, w);
    jsonw_instant(w, "made_at", m->made_at);
    if (!instant_is_none(m->ended_at)) {
        jsonw_instant(w, "ended_at", m->ended_at);
        jsonw_text(w, "ended_by", m->ended_by);
    }
    jsonw_close(w);
}

/* --- in force --- */

instant mute_end(const struct mute *m)
{
    bool early = !instant_is_none(m->ended_at) && m->ended_at.ms < m->until.ms;
    return early ? m->ended_at : m->until;
}

bool mute_in_force(const struct mute *m, instant at)
{
    return m->from.ms <= at.ms && at.ms < mute_end(m).ms;
}

bool mute_counts(const struct mute *m, instant at)
{
    bool begun = m->from.ms <= at.ms || m->from.ms <= m->made_at.ms;
    return begun && at.ms < m->until.ms && instant_is_none(m->ended_at);
}
