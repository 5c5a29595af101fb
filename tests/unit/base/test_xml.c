/* tests of base/xml */
#include "base/buf.h"
#include "base/names.h"
#include "base/xml.h"
#include "tests/test.h"

#include <stdlib.h>

/* Writes what it is told: "(a x=1|text)". */
static int write_open(struct xml *x, const char *name, const char *const *attrs,
                      struct err *err)
{
    struct buf *b = xml_arg(x);
    (void)err;
    buf_addf(b, "(%s", name);
    for (; *attrs != NULL; attrs += 2)
        buf_addf(b, " %s=%s", attrs[0], attrs[1]);
    return 0;
}

static int write_close(struct xml *x, const char *name, struct err *err)
{
    (void)name, (void)err;
    buf_add_ch(xml_arg(x), ')');
    return 0;
}

static int write_text(struct xml *x, const char *text, size_t n, struct err *err)
{
    (void)err;
    CHECK(utf8_valid(text, n));
    buf_add_n(xml_arg(x), text, n);
    return 0;
}

/* What a document reads as, or why it does not. */
static const char *told(const char *text, size_t n, struct buf *b)
{
    struct err err = {0};
    struct xml_reader r = {write_open, write_close, write_text, b};
    buf_clear(b);
    if (xml_parse(text, n, &r, &err) == 0)
        return buf_text(b);
    CHECK(err.code != 0);
    buf_clear(b);
    buf_add(b, err.text);
    return buf_text(b);
}

static const char *read_of(const char *text, struct buf *b)
{
    return told(text, strlen(text), b);
}

TEST(elements_attributes_and_text_come_in_their_order)
{
    OWNED_BUF b = {0};
    CHECK_TEXT(read_of("<a x='1' y=\"&lt;2&gt;\">hi <b/>&amp; &#252;</a>", &b),
               "(a x=1 y=<2>hi (b)& \xc3\xbc)");
}

TEST(cdata_is_text_and_comments_are_nothing)
{
    OWNED_BUF b = {0};
    CHECK_TEXT(read_of("<?xml version=\"1.0\"?><a><!-- no --><![CDATA[<x>]]></a>", &b),
               "(a<x>)");
}

TEST(other_encodings_become_utf_8)
{
    OWNED_BUF b = {0};
    CHECK_TEXT(
        read_of("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xfc</a>", &b),
        "(a\xc3\xbc)");
    CHECK(strstr(read_of("<?xml version=\"1.0\" encoding=\"KOI8-R\"?><a/>", &b),
                 "unknown encoding") != NULL);
    CHECK(strstr(read_of("<a>\xff</a>", &b), "line 1, column 4") != NULL);
}

TEST(what_is_not_well_formed_is_refused_with_its_place)
{
    OWNED_BUF b = {0};
    CHECK_TEXT(read_of("<a>\n  <b>\n</a>", &b), "line 3, column 3: mismatched tag");
    CHECK(strstr(read_of("", &b), "no element found") != NULL);
    CHECK(strstr(read_of("<a>", &b), "no element found") != NULL);
    CHECK(strstr(read_of("<a/><b/>", &b), "line 1, column 5") != NULL);
    CHECK(strstr(told("<a>\0</a>", 8, &b), "line 1, column 4") != NULL);
}

TEST(a_doctype_is_refused_before_any_entity_of_it_is_read)
{
    static const char bomb[] = "<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\">"
                               "<!ENTITY y \"&x;&x;&x;&x;\">]><a>&y;</a>";
    OWNED_BUF b = {0};
    CHECK(strstr(read_of(bomb, &b), "a DOCTYPE is not taken here") != NULL);
    CHECK(strstr(read_of("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", &b),
                 "a DOCTYPE is not taken here") != NULL);
    CHECK(strstr(read_of("<a>&x;</a>", &b), "undefined entity") != NULL);
}

TEST(elements_may_be_64_deep_and_no_deeper)
{
    OWNED_BUF b = {0}, doc = {0};
    for (int i = 0; i < XML_DEPTH_MAX; i++)
        buf_add(&doc, "<a>");
    for (int i = 0; i < XML_DEPTH_MAX; i++)
        buf_add(&doc, "</a>");
    CHECK(strncmp(read_of(buf_text(&doc), &b), "(a", 2) == 0);
    buf_clear(&doc);
    for (int i = 0; i < 100000; i++)
        buf_add(&doc, "<a>");
    CHECK(strstr(read_of(buf_text(&doc), &b), "deeper than 64") != NULL);
}

TEST(an_element_may_have_64_attributes_and_no_more)
{
    OWNED_BUF b = {0}, doc = {0};
    buf_add(&doc, "<a");
    for (int i = 0; i < XML_ATTRS_MAX; i++)
        buf_addf(&doc, " x%d='1'", i);
    size_t bare = doc.len;
    buf_add(&doc, "/>");
    CHECK(strncmp(read_of(buf_text(&doc), &b), "(a", 2) == 0);
    doc.len = bare;
    buf_add(&doc, " y='1'/>");
    CHECK(strstr(read_of(buf_text(&doc), &b), "more than 64 attributes") != NULL);
}

static int count_open(struct xml *x, const char *name, const char *const *attrs,
                      struct err *err)
{
    int *n = xml_arg(x);
    (void)attrs;
    CHECK_INT(xml_depth(x), *n + 1);
    return ++*n < 3 ? 0 : xml_complain(x, name, err, "is one too many");
}

static int count_close(struct xml *x, const char *name, struct err *err)
{
    (void)x, (void)name, (void)err;
    test_fail(__FILE__, __LINE__, "called after a failure");
}

TEST(nothing_more_is_read_once_the_reader_has_failed)
{
    int n = 0;
    struct err err = {0};
    struct xml_reader r = {count_open, count_close, NULL, &n};
    CHECK_INT(xml_parse("<a>\n<b><c/><d/></b></a>", 22, &r, &err), -1);
    CHECK_INT(n, 3);
    CHECK_TEXT(err.text, "<c> (line 2, column 4): is one too many");
    n = 0;
    CHECK_INT(xml_parse("<a>\n<b><c/><d/></b></a>", 22, &r, NULL), -1);
}

TEST(an_attribute_is_found_by_its_name)
{
    static const char *const attrs[] = {"name", "x", "time", "0.5", NULL};
    CHECK_TEXT(xml_attr(attrs, "time"), "0.5");
    CHECK(xml_attr(attrs, "x") == NULL);
}
