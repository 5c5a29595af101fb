/* notifier/eml.c - MIME by RFC 2045-2047, 5322, 2387, 2919, 3834.  Headers go through
 * header() only; bodies are quoted-printable or base64, so no body line is longer than
 * 76 bytes, is bare of CR LF or begins with a dot.  Pure. */
#include "notifier/eml.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "base/mail_address.h"
#include "notifier/figure.h"
#include "notifier/plain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 76, VALUE_CHARS_MAX = 600 };

/* --- ids --- */

static const char *digest(const char *use, const char *change_id, int revision,
                          const char *audience, char out[SHA256_HEX_MAX])
{
    OWNED_BUF b = {0};
    /* lengths in front, so no two triples give the same text */
    buf_addf(&b, "%s %zu:%s %d %zu:%s", use, strlen(change_id), change_id, revision,
             strlen(audience), audience);
    sha256_hex(buf_text(&b), b.len, out);
    out[40] = '\0';
    return out;
}

const char *eml_message_id(const char *from, const char *change_id, int revision,
                           const char *audience, char out[EML_ID_MAX])
{
    char hex[SHA256_HEX_MAX];
    snprintf(out, EML_ID_MAX, "<%s@%.253s>",
             digest("message", change_id, revision, audience, hex),
             mail_address_domain(from));
    return out;
}

const char *eml_root_id(const char *from, const char *change_id, const char *audience,
                        char out[EML_ID_MAX])
{
    char hex[SHA256_HEX_MAX];
    snprintf(out, EML_ID_MAX, "<%s@%.253s>",
             digest("root", change_id, 0, audience, hex), mail_address_domain(from));
    return out;
}

const char *eml_cid(const char *from, const char *change_id, int revision, size_t no,
                    char out[EML_CID_MAX])
{
    char hex[SHA256_HEX_MAX];
    digest("image", change_id, revision, "", hex);
    snprintf(out, EML_CID_MAX, "%.24s.%zu@%.253s", hex, no, mail_address_domain(from));
    return out;
}

/* --- headers --- */

static bool is_plain_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* Could be mistaken for an encoded word, or has a word too long to be folded. */
static bool needs_encoding(const char *text)
{
    if (!is_plain_ascii(text) || strstr(text, "=?") != NULL || *text == ' ')
        return true;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, " ");
        if (n > 300)
            return true;
        p += n + (p[n] == ' ');
        if (*p == ' ') /* runs of spaces would not survive folding */
            return true;
    }
    return *text != '\0' && text[strlen(text) - 1] == ' ';
}

void eml_base64(struct buf *to, const void *bytes, size_t n)
{
    const unsigned char *s = bytes;
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    for (size_t i = 0; i < n; i += 3) {
        unsigned v = (unsigned)s[i] << 16 | (i + 1 < n ? (unsigned)s[i + 1] << 8 : 0) |
                     (i + 2 < n ? s[i + 2] : 0);
        buf_add_ch(to, digits[v >> 18]);
        buf_add_ch(to, digits[v >> 12 & 63]);
        buf_add_ch(to, digits[i + 1 < n ? v >> 6 & 63 : 64]);
        buf_add_ch(to, digits[i + 2 < n ? v & 63 : 64]);
    }
}

/* Bytes of whole characters at the start of `text`, at most `most`. */
static size_t whole_chars(const char *text, size_t most)
{
    size_t n = 0;
    while (text[n] != '\0') {
        unsigned code;
        size_t step = plain_char(text + n, &code);
        step = step > 0 ? step : 1;
        if (n + step > most)
            break;
        n += step;
    }
    return n;
}

/* Words that keep each line within 76 bytes, each a whole number of characters: 12
 * bytes of a word are "=?UTF-8?B?" and "?=", and three bytes of text take four. */
static void add_encoded(struct buf *to, const char *text, size_t column)
{
    bool first = true;
    while (*text != '\0') {
        size_t n = whole_chars(text, (LINE_MAX_BYTES - column - 12) / 4 * 3);
        buf_add(to, first ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?");
        eml_base64(to, text, n);
        buf_add(to, "?=");
        text += n;
        column = 1;
        first = false;
    }
}

static void add_folded(struct buf *to, const char *text, size_t column)
{
    bool first = true;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, " ");
        if (!first) {
            bool fits = column + 1 + n <= LINE_MAX_BYTES;
            buf_add(to, fits ? " " : "\r\n ");
            column = fits ? column + 1 : 1;
        }
        buf_add_n(to, p, n);
        column += n;
        p += n + (p[n] == ' ');
        first = false;
    }
}

/* A header whose value is anybody's text. */
static void header(struct buf *to, const char *name, const char *value)
{
    OWNED_BUF clean = {0};
    plain_add(&clean, value, VALUE_CHARS_MAX);
    buf_addf(to, "%s: ", name);
    if (needs_encoding(buf_text(&clean)))
        add_encoded(to, buf_text(&clean), strlen(name) + 2);
    else
        add_folded(to, buf_text(&clean), strlen(name) + 2);
    to->failed |= clean.failed;
    buf_add(to, "\r\n");
}

/* A display name, always in a form that needs no quoting rules of its own. */
static void add_phrase(struct buf *to, const char *name, size_t column)
{
    OWNED_BUF clean = {0};
    plain_add(&clean, name, 100);
    const char *text = buf_text(&clean);
    bool atoms = is_plain_ascii(text) && strpbrk(text, "()<>[]:;@\\,.\"=?") == NULL &&
                 strlen(text) < 50 && !needs_encoding(text);
    if (atoms)
        buf_add(to, text);
    else
        add_encoded(to, text, column);
}

static int header_address(struct buf *to, const char *name, const char *display,
                          const char *address, struct err *err)
{
    struct err why = {0};
    if (mail_address_check(address, &why) < 0)
        return err_set(err, EINVAL, "the address for %s %s", name, why.text);
    buf_addf(to, "%s: ", name);
    if (display != NULL && *display != '\0') {
        add_phrase(to, display, strlen(name) + 2);
        buf_addf(to, "\r\n <%s>\r\n", address);
    } else {
        buf_addf(to, "%s\r\n", address);
    }
    return 0;
}

static int header_to(struct buf *to, const struct eml *m, struct err *err)
{
    if (m->n_to == 0) {
        buf_add(to, "To: undisclosed-recipients:;\r\n");
        return 0;
    }
    for (size_t i = 0; i < m->n_to; i++) {
        struct err why = {0};
        if (mail_address_check(m->to[i], &why) < 0)
            return err_set(err, EINVAL, "recipient %zu %s", i + 1, why.text);
        buf_addf(to, "%s%s", i == 0 ? "To: " : ",\r\n ", m->to[i]);
    }
    buf_add(to, "\r\n");
    return 0;
}

/* A List-Id's inner part is made of letters and digits.  When other characters had to
 * be replaced or cut off, some of the name's digest keeps two audiences apart. */
static void header_list(struct buf *to, const struct eml *m)
{
    enum { LIST_NAME_MAX = 30 };
    size_t i = 0;
    bool same = true;
    buf_add(to, "List-Id: <aftercheck.");
    for (; m->audience[i] != '\0' && i < LIST_NAME_MAX; i++) {
        char c = m->audience[i];
        bool kept = ascii_plain(c) || c == '-';
        buf_add_n(to, kept ? &c : "-", 1);
        same = same && kept;
    }
    if (!same || m->audience[i] != '\0') {
        char hex[SHA256_HEX_MAX];
        buf_addf(to, "-%.8s", sha256_hex(m->audience, strlen(m->audience), hex));
    }
    buf_addf(to, ".%s>\r\n", mail_address_domain(m->from));
}

/* RFC 8058: one POST ends it, without a page; over https only.  The link is our own
 * and is folded nowhere. */
static void header_unsubscribe(struct buf *to, const struct eml *m)
{
    if (m->unsubscribe == NULL)
        return;
    buf_addf(to, "List-Unsubscribe: <%s>\r\n", m->unsubscribe);
    if (strncmp(m->unsubscribe, "https://", 8) == 0)
        buf_add(to, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
}

static int write_headers(const struct eml *m, struct buf *to, struct err *err)
{
    char id[EML_ID_MAX], root[EML_ID_MAX], date[FIGURE_TEXT_MAX];
    eml_message_id(m->from, m->change_id, m->revision, m->audience, id);
    eml_root_id(m->from, m->change_id, m->audience, root);
    buf_addf(to, "Date: %s\r\n", figure_mail_date(m->date, date));
    if (header_address(to, "From", m->from_name, m->from, err) < 0 ||
        (m->reply_to != NULL &&
         header_address(to, "Reply-To", NULL, m->reply_to, err) < 0) ||
        header_to(to, m, err) < 0)
        return -1;
    header(to, "Subject", m->subject);
    buf_addf(to, "Message-ID: %s\r\n", id);
    if (!m->digest)
        buf_addf(to, "In-Reply-To: %s\r\nReferences: %s\r\n", root, root);
    header_list(to, m);
    header_unsubscribe(to, m);
    buf_add(to, "Auto-Submitted: auto-generated\r\n"
                "X-Auto-Response-Suppress: All\r\n");
    if (!m->digest)
        header(to, "X-Aftercheck-Change", m->change_id);
    buf_addf(to, "X-Aftercheck-Grade: %s\r\n", grade_name(m->grade));
    if (!m->digest)
        buf_addf(to, "X-Aftercheck-Revision: %d\r\n", m->revision);
    buf_add(to, "MIME-Version: 1.0\r\n");
    return 0;
}

/* --- bodies --- */

static bool qp_literal(unsigned char c)
{
    return (c >= 0x21 && c <= 0x7e && c != '=') || c == ' ' || c == '\t';
}

/* One line's worth, RFC 2045 6.7.  A dot and "From " at the start of a line are encoded
 * too: some relays change them. */
static void add_qp_line(struct buf *to, const char *line, size_t n)
{
    size_t column = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)line[i];
        bool last = i + 1 == n;
        bool literal = qp_literal(c) && !(last && (c == ' ' || c == '\t')) &&
                       !(column == 0 && (c == '.' || c == 'F'));
        size_t width = literal ? 1 : 3;
        if (column + width > LINE_MAX_BYTES - 1) {
            buf_add(to, "=\r\n");
            column = 0;
            literal = literal && c != '.' && c != 'F';
            width = literal ? 1 : 3;
        }
        if (literal)
            buf_add_ch(to, (char)c);
        else
            buf_addf(to, "=%02X", c);
        column += width;
    }
    buf_add(to, "\r\n");
}

static void add_qp(struct buf *to, const char *text)
{
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        add_qp_line(to, p, n > 0 && p[n] == '\n' && p[n - 1] == '\r' ? n - 1 : n);
        p += n + (p[n] == '\n');
    }
}

static void add_base64_lines(struct buf *to, const unsigned char *bytes, size_t n)
{
    enum { BYTES_A_LINE = 57 };
    for (size_t i = 0; i < n; i += BYTES_A_LINE) {
        size_t part = n - i < BYTES_A_LINE ? n - i : BYTES_A_LINE;
        eml_base64(to, bytes + i, part);
        buf_add(to, "\r\n");
    }
}

static void write_text_part(struct buf *to, const char *type, const char *text)
{
    buf_addf(to,
             "Content-Type: %s; charset=utf-8\r\n"
             "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
             type);
    add_qp(to, text);
}

static void write_image(struct buf *to, const struct eml_image *image)
{
    OWNED_BUF name = {0};
    for (const char *p = image->name; *p != '\0' && name.len < 60; p++) {
        bool kept = ascii_plain(*p) || *p == '_' || (*p == '.' && name.len > 0);
        buf_add_n(&name, kept ? p : "-", 1);
    }
    buf_addf(to,
             "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
             "Content-ID: <%s>\r\n"
             "Content-Disposition: inline;\r\n filename=\"%s\"\r\n\r\n",
             image->cid, buf_text(&name));
    add_base64_lines(to, image->bytes, image->n);
}

/* The HTML and its pictures; the HTML alone needs no wrapping. */
static void write_related(const struct eml *m, const char *boundary, struct buf *to)
{
    if (m->n_images == 0) {
        write_text_part(to, "text/html", m->html);
        return;
    }
    buf_addf(to,
             "Content-Type: multipart/related; type=\"text/html\";\r\n"
             " boundary=\"%s\"\r\n\r\n--%s\r\n",
             boundary, boundary);
    write_text_part(to, "text/html", m->html);
    for (size_t i = 0; i < m->n_images; i++) {
        buf_addf(to, "\r\n--%s\r\n", boundary);
        write_image(to, &m->images[i]);
    }
    buf_addf(to, "\r\n--%s--\r\n", boundary);
}

int eml_write(const struct eml *m, struct buf *to, struct err *err)
{
    char hex[SHA256_HEX_MAX], outer[48], inner[48];
    digest("boundary", m->change_id, m->revision, m->audience, hex);
    /* "=_" cannot occur in quoted-printable or base64, so no body holds a boundary */
    snprintf(outer, sizeof outer, "=_a%.32s", hex);
    snprintf(inner, sizeof inner, "=_r%.32s", hex);
    if (write_headers(m, to, err) < 0)
        return -1;
    buf_addf(to,
             "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n"
             "--%s\r\n",
             outer, outer);
    write_text_part(to, "text/plain", m->text);
    buf_addf(to, "\r\n--%s\r\n", outer);
    write_related(m, inner, to);
    buf_addf(to, "\r\n--%s--\r\n", outer);
    return to->failed ? err_set(err, ENOMEM, "no memory for a mail") : 0;
}
