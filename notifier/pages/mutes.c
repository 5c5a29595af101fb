/* notifier/pages/mutes.c - the mutes as a page.  HTTP threads. */
#include "notifier/pages/mutes.h"

#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/notifier.h"
#include "notifier/pages/page.h"
#include "notifier/plain.h"

enum { NAME_CHARS = 100, REASON_CHARS = 400 };

enum state { IN_FORCE, TO_COME, OVER, STATE_N };

static const char *const headings[STATE_N] = {
    [IN_FORCE] = "In force", [TO_COME] = "To come", [OVER] = "Over"};

static enum state state_of(const struct mute *m, instant now)
{
    if (mute_in_force(m, now))
        return IN_FORCE;
    return now.ms < m->from.ms && now.ms < mute_end(m).ms ? TO_COME : OVER;
}

static size_t count(const struct mutes *mutes, enum state state, instant now)
{
    size_t n = 0;
    for (size_t i = 0; i < mutes->n; i++)
        n += state_of(mutes->at[i], now) == state;
    return n;
}

/* A stranger's text between tags. */
static void text(struct buf *to, const char *words, size_t chars)
{
    OWNED_BUF plain = {0};
    plain_add(&plain, words, chars);
    html_text(to, buf_text(&plain));
}

static void part(struct buf *to, const char *name, const char *glob)
{
    if (glob == NULL)
        return;
    html_addf(to, "<span><span class=\"what\">%s</span> ", name);
    text(to, glob, NAME_CHARS);
    buf_add(to, "</span> ");
}

static void write_what(const struct mute *m, struct buf *to)
{
    part(to, "rule", m->rule);
    part(to, "service", m->service);
    part(to, "host", m->host);
    part(to, "metric", m->metric);
    part(to, "kind", m->kind != CHANGE_KIND_N ? change_kind_name(m->kind) : NULL);
}

static void write_end(const struct mute *m, struct buf *to)
{
    char at[FIGURE_TEXT_MAX];
    html_addf(to, "%s", figure_time(LANGUAGE_EN, m->until, at));
    if (instant_is_none(m->ended_at))
        return;
    html_addf(to, "<br><span class=\"quiet\">ended %s by ",
              figure_time(LANGUAGE_EN, m->ended_at, at));
    text(to, m->ended_by != NULL ? m->ended_by : "", NAME_CHARS);
    buf_add(to, "</span>");
}

static void write_row(const struct mute *m, struct buf *to)
{
    char at[FIGURE_TEXT_MAX];
    buf_add(to, "<tr><th scope=\"row\" class=\"words\">");
    write_what(m, to);
    html_addf(to, "<br><span class=\"quiet\">%s</span></th><td class=\"words\">",
              m->id);
    text(to, m->reason, REASON_CHARS);
    buf_add(to, "<br><span class=\"quiet\">");
    text(to, m->author, NAME_CHARS);
    html_addf(to, "</span></td><td>%s</td><td>", figure_time(LANGUAGE_EN, m->from, at));
    write_end(m, to);
    buf_add(to, "</td></tr>\n");
}

static void write_section(const struct mutes *mutes, enum state state, instant now,
                          struct buf *to)
{
    size_t n = count(mutes, state, now), left = n;
    if (state == OVER && left > MUTES_PAGE_OVER_MAX)
        left = MUTES_PAGE_OVER_MAX;
    if (n == 0)
        return;
    html_addf(
        to,
        "<section><h2>%s</h2><div class=\"wide\" tabindex=\"0\"><table><thead><tr>"
        "<th scope=\"col\">Muted</th><th scope=\"col\">Why, by whom</th>"
        "<th scope=\"col\">From</th><th scope=\"col\">Until</th></tr></thead>"
        "<tbody>\n",
        headings[state]);
    size_t shown = left;
    for (size_t i = 0; i < mutes->n && left > 0; i++)
        if (state_of(mutes->at[i], now) == state) {
            write_row(mutes->at[i], to);
            left--;
        }
    buf_add(to, "</tbody></table></div>");
    if (n > shown)
        html_addf(to, "<p class=\"quiet\">and %zu more</p>", n - shown);
    buf_add(to, "</section>\n");
}

void mutes_page_write(const struct mutes *mutes, instant now, struct buf *to)
{
    buf_add(to,
            "<h1 class=\"list\">Mutes</h1>\n"
            "<p>Findings that a mute fits stay in reports with their own grade, "
            "marked as muted; they do not count for the grade of the change.</p>\n");
    if (count(mutes, IN_FORCE, now) == 0)
        buf_add(to, "<p class=\"none\">No mute is in force.</p>\n");
    for (int s = 0; s < STATE_N; s++)
        write_section(mutes, (enum state)s, now, to);
}

void mutes_page_note(const struct mutes *mutes, instant now, struct buf *to)
{
    size_t n = count(mutes, IN_FORCE, now);
    if (n > 0)
        html_addf(to, "<p class=\"noted\"><a href=\"/mutes\">%zu %s in force</a></p>\n",
                  n, n == 1 ? "mute is" : "mutes are");
}

void mutes_page(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    instant now = n->spec.now();
    OWNED_MUTES mutes = {0};
    if (ledger_mutes(n->spec.ledger, MUTES_ALL, now, &mutes, &err) < 0) {
        page_fail(r, 500, "That did not work", err.text);
        return;
    }
    OWNED_BUF page = {0};
    page_open(&page, "Mutes");
    mutes_page_write(&mutes, now, &page);
    page_close(&page);
    page_answer(r, 200, &page);
}
