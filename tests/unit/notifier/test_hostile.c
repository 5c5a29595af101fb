/* What strangers may write into titles, names, labels and sentences, and what must come
 * out of it: one row an attack, tried in every field at once, in every output and every
 * language. */
#include "base/json.h"
#include "base/names.h"
#include "notifier/fmt_html.h"
#include "notifier/fmt_json.h"
#include "notifier/fmt_text.h"
#include "notifier/letter.h"
#include "notifier/pages/report.h"
#include "notifier/plain.h"
#include "tests/unit/notifier/mail_check.h"
#include "tests/unit/notifier/sample.h"

static char long_text[10241], long_wide[10241];

static const struct attack {
    const char *name, *text;
    const char *plain; /* what people read */
    const char *html;  /* the same in HTML; NULL: as it is */
} attacks[] = {
    {"a script", "<script>alert(1)</script>", "<script>alert(1)</script>",
     "&lt;script&gt;alert(1)&lt;/script&gt;"},
    {"the end of an attribute", "x\" onmouseover=\"alert(1)\" y='",
     "x\" onmouseover=\"alert(1)\" y='",
     "x&quot; onmouseover=&quot;alert(1)&quot; y=&#39;"},
    {"an entity", "&lt;b&gt;&#60;", "&lt;b&gt;&#60;", "&amp;lt;b&amp;gt;&amp;#60;"},
    {"a header", "a\r\nBcc: evil@example.com\r\n\r\nb", "a  Bcc: evil@example.com    b",
     NULL},
    {"the end of a mail", "a\r\n.\r\nQUIT", "a  .  QUIT", NULL},
    {"a boundary", "a\r\n--=_a0123456789\r\nb", "a  --=_a0123456789  b", NULL},
    {"an encoded word",
     "=?utf-8?B?PGI+?= =?utf-8?Q?x?=", "=?utf-8?B?PGI+?= =?utf-8?Q?x?=", NULL},
    {"a turned direction", "pay\xe2\x80\xaegpj.exe\xe2\x81\xa6x", "paygpj.exex", NULL},
    {"unseen letters",
     "p\xe2\x80\x8b"
     "a\xef\xbb\xbfy\xc2\xad!",
     "pay!", NULL},
    {"broken UTF-8", "a\xff\xc0\xaf\xed\xa0\x80z\xe2\x82",
     "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz",
     NULL},
    {"codes for terminals",
     "\x1b[31mred\x07\x9b"
     "2J",
     "[31mred", NULL},
    {"a format", "%s%n%1$s%%{0}{1|a|b}{", "%s%n%1$s%%{0}{1|a|b}{", NULL},
    {"a link that runs", "javascript:alert(1)", "javascript:alert(1)", NULL},
    {"10 kB", long_text, "xxxxxxxxxxxxxxxxxxxx\xe2\x80\xa6", NULL},
    {"10 kB of wide letters", long_wide, "重重重重重\xe2\x80\xa6", NULL},
    {"only blanks", " \t\r\n ", "", NULL},
};
enum { ATTACKS = sizeof attacks / sizeof *attacks };

static void make_long_texts(void)
{
    memset(long_text, 'x', sizeof long_text - 1);
    for (size_t i = 0; i + 3 < sizeof long_wide; i += 3)
        memcpy(long_wide + i, "重", 3);
}

/* The attack at work: a report of everything that a verdict can hold. */
static struct verdict *poisoned_verdict(const char *text)
{
    struct verdict *v = sample_verdict();
    sample_core(v);
    sample_cpu(v);
    sample_mute(&v->findings[3], "why");
    sample_cpu(v);
    v->findings[4].grade = GRADE_OK;
    sample_poison_verdict(v, text);
    /* kinds that take words out of the judge's sentence */
    for (int k = 0; k < FINDING_KIND_N; k++) {
        OWNED_BUF because = {0};
        sample_cpu(v);
        struct finding *f = &v->findings[v->n_findings - 1];
        f->kind = (enum finding_kind)k;
        buf_addf(&because,
                 "1 of 2 tests of %.500s fails after the change but passed in "
                 "the last run before it: %.500s. It says: %.500s says: %.500s",
                 text, text, text, text);
        sample_set(&f->because, buf_text(&because));
        sample_set(&f->title, text);
        sample_set(&f->hosts[0].name, text);
    }
    return v;
}

static void check_clean(const struct attack *a, const char *output, const char *text)
{
    if (!utf8_valid(text, strlen(text)))
        test_fail(__FILE__, __LINE__, "%s: broken UTF-8 in the %s", a->name, output);
    static const char *const never[] = {"\xe2\x80\xae", "\xe2\x80\x8b", "\xe2\x81\xa6",
                                        "\xef\xbb\xbf", "\xc2\xad",     "\xc2\x9b",
                                        "\x1b",         "\x07"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(text, never[i]) != NULL)
            test_fail(__FILE__, __LINE__,
                      "%s: a mark that turns, hides or controls in "
                      "the %s",
                      a->name, output);
}

static void check_shown(const struct attack *a, const char *output, const char *text,
                        const char *want)
{
    if (*want != '\0' && strstr(text, want) == NULL)
        test_fail(__FILE__, __LINE__, "%s: the %s does not show '%s'", a->name, output,
                  want);
}

/* --- one output each --- */

static void check_text(const struct attack *a, const struct report *r)
{
    OWNED_BUF b = {0};
    fmt_text(r, &b);
    check_clean(a, "text", buf_text(&b));
    for (const char *line = buf_text(&b); *line != '\0';) {
        size_t n = strcspn(line, "\n");
        char *copy = strndup(line, n);
        if (plain_width(copy) > FMT_TEXT_COLUMNS && strstr(copy, "http") == NULL)
            test_fail(__FILE__, __LINE__, "%s: a line too long: %s", a->name, copy);
        if (strchr(copy, '\r') != NULL)
            test_fail(__FILE__, __LINE__, "%s: a CR in the text", a->name);
        free(copy);
        line += n + (line[n] == '\n');
    }
    /* lines are folded: words are looked for where blanks and line ends are left out */
    OWNED_BUF folded = {0}, want = {0};
    for (const char *p = buf_text(&b); *p != '\0'; p++)
        if (*p != ' ' && *p != '\n')
            buf_add_n(&folded, p, 1);
    for (const char *p = a->plain; *p != '\0'; p++)
        if (*p != ' ')
            buf_add_n(&want, p, 1);
    check_shown(a, "text", buf_text(&folded), buf_text(&want));
}

static void check_html(const struct attack *a, const struct report *r)
{
    OWNED_BUF b = {0};
    fmt_html(r, NULL, &b);
    check_clean(a, "mail's HTML", buf_text(&b));
    mail_check(buf_text(&b));
    CHECK(b.len < FMT_HTML_BYTES_MAX);
    check_shown(a, "mail's HTML", buf_text(&b), a->html != NULL ? a->html : a->plain);
}

static void check_page(const struct attack *a, const struct report *r)
{
    OWNED_BUF b = {0};
    report_write(r, &b);
    check_clean(a, "page", buf_text(&b));
    static const char *const never[] = {"<script>", "href=\"javascript", "\" onmouse"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (strstr(buf_text(&b), never[i]) != NULL)
            test_fail(__FILE__, __LINE__, "%s: '%s' in the page", a->name, never[i]);
    check_shown(a, "page", buf_text(&b), a->html != NULL ? a->html : a->plain);
}

/* Names of the headers, in order, parted by blanks. */
static void header_names(const char *mail, struct buf *to)
{
    const char *end = strstr(mail, "\r\n\r\n");
    CHECK(end != NULL);
    for (const char *line = mail; line < end; line = strstr(line, "\r\n") + 2) {
        if (*line != ' ')
            buf_add_n(to, line, strcspn(line, ":"));
        buf_add(to, *line != ' ' ? " " : "");
    }
}

static void write_mail(const struct change *c, const struct verdict *v, enum language l,
                       struct buf *to)
{
    struct mail_config config;
    mail_config_defaults(&config);
    struct letter_ask ask = {.what = {.change = c, .verdict = v, .language = l},
                             .config = &config};
    struct err err = {0};
    if (letter_write(&ask, to, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static void check_mail(const struct attack *a, const struct change *c,
                       const struct verdict *v, enum language l)
{
    OWNED_CHANGE *calm_change = sample_change();
    OWNED_VERDICT *calm = sample_verdict();
    OWNED_BUF b = {0}, ordinary = {0}, names = {0}, ordinary_names = {0};
    write_mail(c, v, l, &b);
    write_mail(calm_change, calm, l, &ordinary);
    header_names(buf_text(&b), &names);
    header_names(buf_text(&ordinary), &ordinary_names);
    CHECK_TEXT(buf_text(&names), buf_text(&ordinary_names));
    check_clean(a, "mail", buf_text(&b));
    for (const char *line = buf_text(&b); *line != '\0';) {
        size_t n = strcspn(line, "\n");
        if (n == 0 || line[n - 1] != '\r' || memchr(line, '\r', n - 1) != NULL)
            test_fail(__FILE__, __LINE__, "%s: a bare CR or LF in the mail", a->name);
        if (n > 999 || *line == '.' || strncmp(line, "From ", 5) == 0)
            test_fail(__FILE__, __LINE__, "%s: the mail has a line '%.40s'", a->name,
                      line);
        line += n + 1;
    }
    /* two parts and the end of them: nobody added one */
    CHECK_INT(sample_count(buf_text(&b), "\r\n--=_"), 3);
}

static void check_json(const struct attack *a, const struct change *c,
                       const struct verdict *v)
{
    OWNED_BUF b = {0};
    fmt_json(c, v, &v, 1, &b);
    struct err err = {0};
    struct json_doc *doc = json_parse(buf_text(&b), b.len, &err);
    if (doc == NULL || !utf8_valid(buf_text(&b), b.len))
        test_fail(__FILE__, __LINE__, "%s: no JSON: %s", a->name, err.text);
    json_free(&doc);
    for (const unsigned char *p = (const unsigned char *)buf_text(&b); *p != '\0'; p++)
        if (*p < 0x20 && *p != '\n')
            test_fail(__FILE__, __LINE__, "%s: a control character in the JSON",
                      a->name);
}

static void check_attack(const struct attack *a, enum language l)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = poisoned_verdict(a->text);
    sample_poison_change(c, a->text);
    struct report_input in = {.change = c,
                              .verdict = v,
                              .revisions = (const struct verdict *const[]){v},
                              .n_revisions = 1,
                              .language = l,
                              .public_url = "https://check.example.com"};
    OWNED_REPORT *r = report_new(&in, NULL);
    CHECK(r != NULL);
    check_text(a, r);
    check_html(a, r);
    check_page(a, r);
    check_mail(a, c, v, l);
    check_json(a, c, v);
}

TEST(an_attack_in_every_field_comes_out_as_harmless_text)
{
    make_long_texts();
    for (size_t i = 0; i < ATTACKS; i++)
        for (int l = 0; l < LANGUAGE_N; l++)
            check_attack(&attacks[i], (enum language)l);
}
