/* tests/unit/notifier/mail_check.h - that HTML for mail holds nothing but what mail
 * clients support.
 *
 * What is allowed is what caniemail.com (github.com/hteumeuleu/caniemail, _features/,
 * read in November 2026) has as working in Gmail, Outlook for Windows (2007 to 2019),
 * Outlook.com and Apple Mail, or as doing no harm where it does not:
 * - margin: no negative values and no `auto` (Outlook, Gmail), none on <span>;
 * - max-width: not in Outlook for Windows, so the element has a width attribute too;
 * - overflow: not in Outlook for Windows, so only where display:none and mso-hide hide
 *   the element anyway;
 * - background-color in full hexadecimal, never the `background` shorthand (Outlook);
 * - word-break, max-height, border-collapse, line-height in px: shown a little
 *   differently at worst;
 * - pictures as PNG by cid: (Gmail shows no data:, Outlook no SVG); with data: in
 * files;
 * - no class decides anything by itself: rules in <style> are for dark and narrow
 * views. Tags must nest: Outlook.com and Gmail mend what does not, each its own way. */
#ifndef TESTS_UNIT_NOTIFIER_MAIL_CHECK_H
#define TESTS_UNIT_NOTIFIER_MAIL_CHECK_H

#include "base/buf.h"
#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAIL_CHECK_FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

static const struct {
    const char *name, *attributes;
    bool empty; /* has no end tag */
} mail_elements[] = {
    {"html", "lang", false},
    {"head", "", false},
    {"meta", "charset name content", true},
    {"style", "", false},
    {"title", "", false},
    {"body", "class style", false},
    {"table", "role class width cellpadding cellspacing border bgcolor style", false},
    {"tr", "", false},
    {"td", "class width align valign bgcolor colspan style", false},
    {"div", "class style", false},
    {"p", "class style", false},
    {"h1", "class style", false},
    {"h2", "class style", false},
    {"h3", "class style", false},
    {"b", "class style", false},
    {"span", "class style aria-hidden", false},
    {"br", "", true},
    {"a", "href style", false},
    {"img", "src width alt style", true},
};

static const char mail_properties[] =
    " background-color border border-collapse color display font-family font-size "
    "font-weight height line-height margin max-height max-width mso-hide overflow "
    "padding padding-bottom padding-right width word-break ";

/* True when `word` (n bytes) stands in a list parted by spaces. */
static inline bool mail_listed(const char *list, const char *word, size_t n)
{
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, " ");
        size_t length = strcspn(at, " ");
        if (length == n && strncmp(at, word, n) == 0)
            return true;
        at += length;
    }
    return false;
}

/* A tag while it is read. */
struct mail_tag {
    size_t element;
    bool has_width, has_alt, hidden;
    char style[1200], src[40], href[1200];
};

static inline void mail_check_value(const char *property, size_t n, const char *value)
{
    static const char *const bad[] = {"url(", "var(", "expression", "calc(", "\\", "@"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strstr(value, bad[i]) != NULL)
            MAIL_CHECK_FAIL("'%s' in a style", bad[i]);
    bool margin = n == 6 && strncmp(property, "margin", n) == 0;
    if (margin && (strchr(value, '-') != NULL || strstr(value, "auto") != NULL))
        MAIL_CHECK_FAIL("margin:%s", value);
    bool colour = n >= 5 && strncmp(property + n - 5, "color", 5) == 0;
    if (colour && (value[0] != '#' || strlen(value) != 7))
        MAIL_CHECK_FAIL("%.*s:%s is no full hexadecimal colour", (int)n, property,
                        value);
}

static inline void mail_check_style(const struct mail_tag *t)
{
    for (const char *at = t->style; *at != '\0';) {
        size_t n = strcspn(at, ":"), length = strcspn(at, ";");
        char value[400];
        if (n >= length || length - n > sizeof value)
            MAIL_CHECK_FAIL("'%.60s' is no declaration", at);
        if (!mail_listed(mail_properties, at, n))
            MAIL_CHECK_FAIL("'%.*s' is not known to work in mail", (int)n, at);
        snprintf(value, sizeof value, "%.*s", (int)(length - n - 1), at + n + 1);
        mail_check_value(at, n, value);
        at += length + (at[length] == ';');
    }
    const char *name = mail_elements[t->element].name;
    if (strstr(t->style, "max-width:") != NULL && !t->has_width)
        MAIL_CHECK_FAIL("<%s> has a max-width and no width attribute", name);
    if (strstr(t->style, "overflow:") != NULL &&
        (strstr(t->style, "display:none") == NULL ||
         strstr(t->style, "mso-hide:all") == NULL))
        MAIL_CHECK_FAIL("<%s> rests on overflow", name);
    if (strcmp(name, "span") == 0 && strstr(t->style, "margin") != NULL)
        MAIL_CHECK_FAIL("a margin on <span>");
}

static inline void mail_check_tag(const struct mail_tag *t)
{
    const char *name = mail_elements[t->element].name;
    mail_check_style(t);
    if (strcmp(name, "img") == 0 &&
        (!t->has_alt || !t->has_width ||
         (strncmp(t->src, "cid:", 4) != 0 &&
          strncmp(t->src, "data:image/png;base64,", 22) != 0)))
        MAIL_CHECK_FAIL("a picture without alt or width, or from '%s'", t->src);
    if (strcmp(name, "a") == 0 && strncmp(t->href, "https://", 8) != 0 &&
        strncmp(t->href, "http://", 7) != 0)
        MAIL_CHECK_FAIL("a link to '%.60s'", t->href);
}

/* Attributes up to '>'; gives what stands behind it. */
static inline const char *mail_check_attributes(const char *at, struct mail_tag *t)
{
    while (*at != '>') {
        at += strspn(at, " \n");
        size_t n = strcspn(at, "=>< \n");
        if (at[n] != '=' || at[n + 1] != '"')
            MAIL_CHECK_FAIL("an attribute without quotes at '%.60s'", at);
        if (!mail_listed(mail_elements[t->element].attributes, at, n))
            MAIL_CHECK_FAIL("<%s %.*s> is not known to work in mail",
                            mail_elements[t->element].name, (int)n, at);
        const char *value = at + n + 2, *end = strchr(value, '"');
        if (end == NULL || memchr(value, '<', (size_t)(end - value)) != NULL)
            MAIL_CHECK_FAIL("an attribute that does not end at '%.60s'", at);
        int length = (int)(end - value);
        if (strncmp(at, "style=", 6) == 0)
            snprintf(t->style, sizeof t->style, "%.*s", length, value);
        if (strncmp(at, "src=", 4) == 0)
            snprintf(t->src, sizeof t->src, "%.*s", length, value);
        if (strncmp(at, "href=", 5) == 0)
            snprintf(t->href, sizeof t->href, "%.*s", length, value);
        t->has_width |= strncmp(at, "width=", 6) == 0;
        t->has_alt |= strncmp(at, "alt=", 4) == 0;
        at = end + 1;
    }
    return at + 1;
}

static inline size_t mail_element_of(const char *name, size_t n)
{
    size_t i = 0;
    while (i < sizeof mail_elements / sizeof *mail_elements &&
           (strlen(mail_elements[i].name) != n ||
            strncmp(mail_elements[i].name, name, n) != 0))
        i++;
    if (i == sizeof mail_elements / sizeof *mail_elements)
        MAIL_CHECK_FAIL("<%.*s> is not known to work in mail", (int)n, name);
    return i;
}

/* Fails the test when a document holds anything else. */
static inline void mail_check(const char *html)
{
    enum { DEPTH_MAX = 40 };
    size_t open[DEPTH_MAX], depth = 0;
    static const char doctype[] = "<!DOCTYPE html>\n";
    if (strncmp(html, doctype, sizeof doctype - 1) != 0)
        MAIL_CHECK_FAIL("no doctype, so Outlook.com and old clients guess");
    const char *at = html + sizeof doctype - 1;
    while ((at = strchr(at, '<')) != NULL) {
        bool ends = at[1] == '/';
        const char *name = at + 1 + ends;
        size_t n = strcspn(name, " >\n"), element = mail_element_of(name, n);
        if (ends) {
            if (depth == 0 || open[depth - 1] != element)
                MAIL_CHECK_FAIL("</%.*s> ends what it did not begin", (int)n, name);
            depth--;
            at = name + n;
            continue;
        }
        struct mail_tag tag = {.element = element};
        at = mail_check_attributes(name + n, &tag);
        mail_check_tag(&tag);
        if (mail_elements[element].empty)
            continue;
        if (depth == DEPTH_MAX)
            MAIL_CHECK_FAIL("tags nested %d deep", DEPTH_MAX);
        open[depth++] = element;
    }
    if (depth != 0)
        MAIL_CHECK_FAIL("<%s> does not end", mail_elements[open[depth - 1]].name);
}

/* The HTML part of a mail, its quoted-printable undone; the caller frees it. */
static inline char *mail_html_part(const char *mail)
{
    const char *at = strstr(mail, "Content-Type: text/html");
    at = at != NULL ? strstr(at, "\r\n\r\n") : NULL;
    if (at == NULL)
        MAIL_CHECK_FAIL("the mail has no HTML");
    struct buf b = {0};
    for (at += 4; *at != '\0' && strncmp(at, "\r\n--=_", 7) != 0;) {
        unsigned byte;
        if (strncmp(at, "=\r\n", 3) == 0) {
            at += 3;
        } else if (*at == '=' && sscanf(at + 1, "%2X", &byte) == 1) {
            buf_add_ch(&b, (char)byte);
            at += 3;
        } else {
            buf_add_n(&b, at, *at != '\r');
            at++;
        }
    }
    return buf_give(&b);
}

#endif
