/* notifier/html.c - escaping.  Invalid UTF-8 and control characters never pass, so a
 * browser and this file always agree on where a text ends.  Pure; any thread. */
#include "notifier/html.h"

#include "notifier/plain.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const char *entity_of(unsigned code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool keeps(unsigned code)
{
    return code == '\n' || code == '\t' ||
           (code >= 0x20 && code != 0x7f && !(code >= 0x80 && code <= 0x9f));
}

void html_attr(struct buf *to, const char *text)
{
    while (text != NULL && *text != '\0') {
        unsigned code = 0;
        size_t n = plain_char(text, &code);
        const char *entity = n > 0 ? entity_of(code) : "\xef\xbf\xbd";
        if (entity != NULL)
            buf_add(to, entity);
        else if (keeps(code))
            buf_add_n(to, text, n);
        else
            buf_add_ch(to, ' ');
        text += n > 0 ? n : 1;
    }
}

/* All that an attribute needs is more than text needs, and harmless there. */
void html_text(struct buf *to, const char *text)
{
    html_attr(to, text);
}

bool html_url_ok(const char *url)
{
    if (url == NULL)
        return false;
    const char *rest = NULL;
    if (strncasecmp(url, "http://", 7) == 0)
        rest = url + 7;
    else if (strncasecmp(url, "https://", 8) == 0)
        rest = url + 8;
    if (rest == NULL || *rest == '\0' || strchr("/?#:@", *rest) != NULL)
        return false;
    for (const unsigned char *p = (const unsigned char *)url; *p != '\0'; p++)
        if (*p <= 0x20 || *p >= 0x7f || strchr("\"'<>\\^`{|}", *p) != NULL)
            return false;
    return true;
}

void html_addf(struct buf *to, const char *markup, ...)
{
    va_list ap;
    va_start(ap, markup);
    for (const char *p = markup; *p != '\0';) {
        size_t n = strcspn(p, "%");
        buf_add_n(to, p, n);
        p += n;
        if (*p == '\0')
            break;
        p++;
        if (*p == 's')
            html_attr(to, va_arg(ap, const char *));
        else if (*p == 'd')
            buf_addf(to, "%d", va_arg(ap, int));
        else if (*p == '%')
            buf_add_ch(to, '%');
        else {
            assert(p[0] == 'z' && p[1] == 'u');
            buf_addf(to, "%zu", va_arg(ap, size_t));
            p++;
        }
        p++;
    }
    va_end(ap);
}
