#include "base/mail_address.h"

#include "tests/test.h"

#include <stdio.h>

TEST(usual_addresses_are_taken)
{
    const char *const good[] = {"ops@example.com", "a.b+c_d-e%f@x-y.example",
                                "root@localhost",  "you@localhost.localdomain",
                                "1@2.example",     "o'neil@example.com"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct err err = {0};
        if (mail_address_check(good[i], &err) < 0)
            test_fail(__FILE__, __LINE__, "%s %s", good[i], err.text);
    }
}

TEST(what_could_break_out_of_an_envelope_is_refused)
{
    const char *const bad[] = {"",
                               "ops",
                               "@example.com",
                               "ops@",
                               "a@b@c",
                               "a b@c.de",
                               "a@b.de>\r\nRCPT TO:<x@y.de",
                               "<a@b.de>",
                               "a\n@b.de",
                               "a@b.de\r",
                               "a@b..de",
                               ".a@b.de",
                               "a.@b.de",
                               "a..b@c.de",
                               "a@-b.de",
                               "a@b-.de",
                               "a@[1.2.3.4]",
                               "\"a\"@b.de",
                               "a,b@c.de",
                               "a;b@c.de",
                               "a@b.de,c@d.de",
                               "a@b_c.de",
                               "\xc3\xa4@b.de",
                               "a@b.de.",
                               "a\t@b.de",
                               "(x)a@b.de",
                               "a\\@b.de"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (mail_address_check(bad[i], NULL) == 0)
            test_fail(__FILE__, __LINE__, "took '%s'", bad[i]);
}

TEST(long_parts_are_refused)
{
    char address[400];
    snprintf(address, sizeof address, "%065d@example.com", 1);
    CHECK(mail_address_check(address, NULL) < 0);
    snprintf(address, sizeof address, "a@%064d.example", 1);
    CHECK(mail_address_check(address, NULL) < 0);
    snprintf(address, sizeof address, "a@%060d.%060d.%060d.%060d.%060d", 1, 1, 1, 1, 1);
    CHECK(mail_address_check(address, NULL) < 0);
}

TEST(the_domain_is_behind_the_at)
{
    CHECK_TEXT(mail_address_domain("a@b.de"), "b.de");
}
