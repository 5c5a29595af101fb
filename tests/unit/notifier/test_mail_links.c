#include "notifier/mail_links.h"

#include "tests/test.h"

static const unsigned char key[MAIL_LINKS_KEY_BYTES] = {1, 2, 3};
static const unsigned char other[MAIL_LINKS_KEY_BYTES] = {1, 2, 4};

TEST(a_token_is_good_for_what_it_was_made_for_and_nothing_else)
{
    char token[MAIL_LINKS_TOKEN_MAX];
    mail_link_token(MAIL_LINK_UNSUBSCRIBE, key, "a@x.de", "ops", token);
    CHECK(mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "a@x.de", "ops", token));
    CHECK(!mail_link_good(MAIL_LINK_FEEDBACK, key, "a@x.de", "ops", token));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, other, "a@x.de", "ops", token));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "b@x.de", "ops", token));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "a@x.de", "dev", token));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "a@x.deo", "ps", token));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, NULL, "ops", token));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "a@x.de", "ops", NULL));
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "a@x.de", "ops", ""));
    token[3] = token[3] == 'a' ? 'b' : 'a';
    CHECK(!mail_link_good(MAIL_LINK_UNSUBSCRIBE, key, "a@x.de", "ops", token));
}

TEST(a_link_is_quoted_whatever_the_names_are)
{
    OWNED_BUF b = {0};
    mail_link_add(&b, MAIL_LINK_FEEDBACK, "https://x.de/ac/", key, "a+b@x.de",
                  "c 1&who=evil\r\n", "&useful=1");
    const char *text = buf_text(&b);
    CHECK(strncmp(text, "https://x.de/ac/mail/feedback?who=a%2Bb%40x.de&about=", 53) ==
          0);
    CHECK(strpbrk(text, " \r\n<>\"") == NULL);
    CHECK(strstr(text, "&who=evil") == NULL);
    CHECK(strcmp(text + b.len - 9, "&useful=1") == 0);
}
