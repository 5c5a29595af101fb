#include "notifier/eml.h"

#include "tests/unit/notifier/sample.h"

static const char *const recipients[] = {"ops@example.com", "li@example.com"};

static struct eml plain_mail(void)
{
    return (struct eml){.from = "aftercheck@example.com",
                        .from_name = "aftercheck",
                        .to = recipients,
                        .n_to = 2,
                        .subject = "[aftercheck] pay 2.4.1 -> 2.5.0 (8812)",
                        .audience = "payments",
                        .change_id = "8812",
                        .revision = 2,
                        .grade = GRADE_MUST_HANDLE,
                        .date = {1795255450000},
                        .text = "Must handle\n.\n..\nFrom here\n",
                        .html = "<p>Must handle</p>\n"};
}

static char *write(const struct eml *m)
{
    struct buf b = {0};
    struct err err = {0};
    if (eml_write(m, &b, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return buf_give(&b);
}

/* RFC 5322 and what relays need: CR LF at every line's end and nowhere else, lines of
 * at most 78 bytes, no dot at a start, only ASCII. */
static void check_lines(const char *mail)
{
    for (const char *p = mail; *p != '\0';) {
        size_t n = strcspn(p, "\r\n");
        if (p[n] != '\r' || p[n + 1] != '\n')
            test_fail(__FILE__, __LINE__, "a bare line end behind '%.*s'", (int)n, p);
        if (n > 78)
            test_fail(__FILE__, __LINE__, "%zu bytes: '%.*s'", n, (int)n, p);
        CHECK(*p != '.');
        for (size_t i = 0; i < n; i++)
            CHECK((p[i] >= 0x20 && p[i] <= 0x7e) || p[i] == '\t');
        p += n + 2;
    }
}

/* The value of a header, unfolded into `out`; false when it is not there. */
static bool header_of(const char *mail, const char *name, char out[2000])
{
    const char *end = strstr(mail, "\r\n\r\n");
    size_t len = strlen(name), n = 0;
    for (const char *p = mail; p < end;) {
        const char *line_end = strstr(p, "\r\n");
        bool here = strncmp(p, name, len) == 0 && p[len] == ':';
        if (here) {
            p += len + 2;
            for (;;) {
                memcpy(out + n, p, (size_t)(line_end - p));
                n += (size_t)(line_end - p);
                if (line_end[2] != ' ')
                    break;
                p = line_end + 2;
                line_end = strstr(p, "\r\n");
            }
            out[n] = '\0';
            return true;
        }
        p = line_end + 2;
    }
    return false;
}

TEST(a_mail_has_its_headers_and_parts)
{
    struct eml m = plain_mail();
    char *mail = write(&m), value[2000];
    check_lines(mail);
    CHECK(header_of(mail, "Subject", value));
    CHECK_TEXT(value, "[aftercheck] pay 2.4.1 -> 2.5.0 (8812)");
    CHECK(header_of(mail, "Date", value));
    CHECK_TEXT(value, "Sat, 21 Nov 2026 10:04:10 +0000");
    CHECK(header_of(mail, "From", value));
    CHECK_TEXT(value, "aftercheck <aftercheck@example.com>");
    CHECK(header_of(mail, "To", value));
    CHECK_TEXT(value, "ops@example.com, li@example.com");
    CHECK(header_of(mail, "X-Aftercheck-Grade", value));
    CHECK_TEXT(value, "must-handle");
    CHECK(header_of(mail, "X-Aftercheck-Revision", value));
    CHECK_TEXT(value, "2");
    CHECK(header_of(mail, "Auto-Submitted", value));
    CHECK_TEXT(value, "auto-generated");
    CHECK(header_of(mail, "List-Id", value));
    CHECK_TEXT(value, "<aftercheck.payments.example.com>");
    CHECK(strstr(mail, "text/plain") != NULL && strstr(mail, "text/html") != NULL);
    free(mail);
}

TEST(the_same_letter_gives_the_same_bytes)
{
    struct eml m = plain_mail();
    char *a = write(&m), *b = write(&m);
    CHECK_TEXT(a, b);
    free(a);
    free(b);
}

TEST(ids_differ_by_change_revision_and_audience_and_the_root_by_neither_revision)
{
    char a[EML_ID_MAX], b[EML_ID_MAX];
    const char *from = "a@example.com";
    CHECK_TEXT(eml_message_id(from, "1", 1, "x", a),
               eml_message_id(from, "1", 1, "x", b));
    CHECK(strcmp(a, eml_message_id(from, "1", 2, "x", b)) != 0);
    CHECK(strcmp(a, eml_message_id(from, "2", 1, "x", b)) != 0);
    CHECK(strcmp(a, eml_message_id(from, "1", 1, "y", b)) != 0);
    CHECK(strcmp(a, eml_root_id(from, "1", "x", b)) != 0);
    char mail1[2000], mail2[2000];
    struct eml m = plain_mail();
    char *one = write(&m);
    m.revision = 3;
    char *two = write(&m);
    CHECK(header_of(one, "References", mail1) && header_of(two, "References", mail2));
    CHECK_TEXT(mail1, mail2);
    CHECK(header_of(one, "Message-ID", mail1) && header_of(two, "Message-ID", mail2));
    CHECK(strcmp(mail1, mail2) != 0);
    free(one);
    free(two);
}

TEST(no_field_can_add_a_header)
{
    struct eml m = plain_mail();
    char *clean = write(&m);
    m.subject = m.change_id = m.audience = m.from_name = m.text = m.html = HOSTILE;
    struct eml_image image = {.name = HOSTILE, .bytes = "\x89PNG", .n = 4};
    eml_cid(m.from, m.change_id, 1, 1, image.cid);
    m.images = &image;
    m.n_images = 1;
    char *mail = write(&m), value[2000];
    check_lines(mail);
    CHECK(!header_of(mail, "Bcc", value));
    const char *end = strstr(mail, "\r\n\r\n"), *clean_end = strstr(clean, "\r\n\r\n");
    size_t names = 0, clean_names = 0;
    for (const char *p = mail; p != NULL && p < end; p = strstr(p, "\r\n"), p += 2)
        names += *p != ' ';
    for (const char *p = clean; p != NULL && p < clean_end;
         p = strstr(p, "\r\n"), p += 2)
        clean_names += *p != ' ';
    CHECK_INT(names, clean_names);
    free(mail);
    free(clean);
}

TEST(long_and_foreign_subjects_are_encoded_within_their_lines)
{
    struct eml m = plain_mail();
    char subject[10241] = {0};
    memset(subject, 'x', 10240);
    m.subject = subject;
    char *mail = write(&m), value[2000];
    check_lines(mail);
    free(mail);
    m.subject = "\xe6\x94\xaf\xe4\xbb\x98\xe6\x9c\x8d\xe5\x8a\xa1 2.5.0 "
                "\xe6\x94\xaf\xe4\xbb\x98\xe6\x9c\x8d\xe5\x8a\xa1\xe6\x94\xaf\xe4\xbb"
                "\x98\xe6\x9c\x8d\xe5\x8a\xa1";
    mail = write(&m);
    check_lines(mail);
    CHECK(header_of(mail, "Subject", value));
    CHECK(strncmp(value, "=?UTF-8?B?", 10) == 0);
    free(mail);
}

TEST(what_looks_like_an_encoded_word_is_encoded)
{
    struct eml m = plain_mail();
    char value[2000];
    m.subject = "=?UTF-8?B?Zm9v?=";
    char *mail = write(&m);
    CHECK(header_of(mail, "Subject", value));
    CHECK(strstr(value, "Zm9v") == NULL);
    free(mail);
}

TEST(bad_addresses_are_refused)
{
    struct eml m = plain_mail();
    const char *bad[] = {"a@b.de>\r\nBcc: <c@d.de"};
    struct buf b = {0};
    struct err err = {0};
    m.to = bad;
    m.n_to = 1;
    CHECK(eml_write(&m, &b, &err) < 0);
    CHECK(strstr(err.text, "recipient 1") != NULL);
    m = plain_mail();
    m.from = bad[0];
    CHECK(eml_write(&m, &b, NULL) < 0);
    m = plain_mail();
    m.reply_to = bad[0];
    CHECK(eml_write(&m, &b, NULL) < 0);
    buf_free(&b);
}

TEST(a_mail_to_nobody_names_no_recipient)
{
    struct eml m = plain_mail();
    char value[2000];
    m.n_to = 0;
    char *mail = write(&m);
    CHECK(header_of(mail, "To", value));
    CHECK_TEXT(value, "undisclosed-recipients:;");
    free(mail);
}

TEST(base64_follows_the_test_vectors_of_rfc_4648)
{
    static const char *const vectors[][2] = {{"", ""},
                                             {"f", "Zg=="},
                                             {"fo", "Zm8="},
                                             {"foo", "Zm9v"},
                                             {"foob", "Zm9vYg=="},
                                             {"fooba", "Zm9vYmE="},
                                             {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        OWNED_BUF b = {0};
        eml_base64(&b, vectors[i][0], strlen(vectors[i][0]));
        CHECK_TEXT(buf_text(&b), vectors[i][1]);
    }
}
