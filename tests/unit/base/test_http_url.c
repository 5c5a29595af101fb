/* tests of base/http_url */
#include "base/http_url.h"

#include "tests/test.h"

TEST(addresses_are_checked)
{
    static const char *const bad[] = {
        "",           "ftp://host/x",        "https://",     "http:///x",
        "http://a b", "https://u:p@host/",   "https://:80/", "http://h/\r\nX: 1",
        "//host/x",   "javascript:alert(1)", "http://h/\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        if (http_url_check(bad[i], &err) == 0)
            test_fail(__FILE__, __LINE__, "'%s' passed", bad[i]);
    }
    CHECK_INT(http_url_check("https://chat.example.com/hook?key=1", NULL), 0);
    CHECK_INT(http_url_check("http://[::1]:8080/x", NULL), 0);
}
