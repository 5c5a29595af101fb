#include "notifier/html.h"

#include "tests/test.h"

static struct buf b;

TEST(markup_in_text_is_escaped)
{
    buf_clear(&b);
    html_text(&b, "<b a=\"x\" b='y'>&</b>");
    CHECK_TEXT(buf_text(&b), "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;&lt;/b&gt;");
}

TEST(broken_bytes_and_controls_do_not_pass)
{
    buf_clear(&b);
    html_text(&b, "a\xff\x01\x1b\xc2\x9b");
    CHECK_TEXT(buf_text(&b), "a\xef\xbf\xbd   ");
    buf_clear(&b);
    html_text(&b, NULL);
    CHECK_TEXT(buf_text(&b), "");
}

TEST(only_web_links_are_links)
{
    CHECK(html_url_ok("https://a.example/b?c=d#e"));
    CHECK(html_url_ok("HTTP://a.example:80"));
    CHECK(html_url_ok("http://[::1]:8190/"));
    const char *const bad[] = {"javascript:alert(1)",
                               "data:text/html,x",
                               "https://",
                               "http:///x",
                               "https://a b",
                               "https://a\"onload=",
                               "//a.example",
                               "/a",
                               "https://a\r\nb",
                               "ftp://a",
                               "https://a<b",
                               "",
                               " https://a",
                               "https://\xe2\x80\xae"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (html_url_ok(bad[i]))
            test_fail(__FILE__, __LINE__, "took '%s'", bad[i]);
    CHECK(!html_url_ok(NULL));
}

TEST(markup_takes_its_arguments_escaped)
{
    buf_clear(&b);
    html_addf(&b, "<p width=\"100%%\" class=\"%s\">%d of %zu: %s</p>", "a\"b", -3,
              (size_t)7, "<i>");
    CHECK_TEXT(buf_text(&b),
               "<p width=\"100%\" class=\"a&quot;b\">-3 of 7: &lt;i&gt;</p>");
}
