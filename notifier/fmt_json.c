/* notifier/fmt_json.c - the API's JSON.  The members are those that storage writes, so
 * what is stored and what is shown cannot drift apart.  Pure. */
#include "notifier/fmt_json.h"

#include <assert.h>

void fmt_json(const struct change *c, const struct verdict *current,
              const struct verdict *const *revisions, size_t n, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    change_write(c, "change", &w);
    if (current != NULL)
        verdict_write_into(current, "verdict", false, &w);
    else
        jsonw_null(&w, "verdict");
    jsonw_list(&w, "revisions");
    for (size_t i = 0; i < n; i++)
        verdict_write_into(revisions[i], NULL, false, &w);
    jsonw_end(&w);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

/* The members of a row's verdict as an object. */
static void write_judged(const struct change_row *row, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "grade",
               grade_name(row->has_verdict ? row->grade : GRADE_NOT_JUDGED));
    jsonw_int(&w, "revision", row->has_verdict ? row->revision : 0);
    jsonw_bool(&w, "final", row->has_verdict && row->final);
    jsonw_instant(&w, "decided_at", row->has_verdict ? row->decided_at : INSTANT_NONE);
    jsonw_close(&w);
}

/* One object out of two: "{a}" and "{b}" become "{a,b}".  Neither is empty. */
static void write_row(const struct change_row *row, struct buf *to)
{
    OWNED_BUF change = {0}, judged = {0};
    struct jsonw w = {.to = &change};
    change_write(row->change, NULL, &w);
    write_judged(row, &judged);
    if (change.failed || judged.failed) {
        to->failed = true;
        return;
    }
    assert(change.len > 2 && judged.len > 2);
    buf_add_n(to, change.data, change.len - 1);
    buf_add_ch(to, ',');
    buf_add_n(to, judged.data + 1, judged.len - 1);
}

void fmt_json_list(const struct change_rows *rows, struct buf *to)
{
    buf_add_ch(to, '[');
    for (size_t i = 0; i < rows->n; i++) {
        buf_add(to, i > 0 ? ",\n" : "");
        write_row(&rows->row[i], to);
    }
    buf_add(to, "]\n");
}

void fmt_json_verdict(const struct change *c, const struct verdict *v, struct buf *to)
{
    if (v != NULL) {
        verdict_write(v, false, to);
        buf_add_ch(to, '\n');
        return;
    }
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "change_id", c->change_id);
    jsonw_text(&w, "grade", grade_name(GRADE_NOT_JUDGED));
    jsonw_int(&w, "revision", 0);
    jsonw_bool(&w, "final", false);
    jsonw_text(&w, "reason", "No look has been taken yet.");
    jsonw_list(&w, "findings");
    jsonw_end(&w);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

void fmt_json_mutes(const struct mutes *mutes, struct buf *to)
{
    buf_add_ch(to, '[');
    for (size_t i = 0; i < mutes->n; i++) {
        struct jsonw w = {.to = to};
        buf_add(to, i > 0 ? ",\n" : "");
        mute_write(mutes->at[i], NULL, &w);
    }
    buf_add(to, "]\n");
}
