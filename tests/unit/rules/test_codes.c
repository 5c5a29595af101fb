/* tests of rules/codes */
#include "rules/codes.h"
#include "tests/test.h"

TEST(codes_are_a_letter_and_three_digits_and_no_two_are_the_same)
{
    for (int i = 0; i < RULES_CODE_N; i++) {
        const char *code = rules_code((enum rules_code)i);
        CHECK_INT(strlen(code), 4);
        CHECK(code[0] == 'E' || code[0] == 'W');
        CHECK_INT(strspn(code + 1, "0123456789"), 3);
        CHECK(rules_code_help((enum rules_code)i)[0] != '\0');
        for (int k = 0; k < i; k++)
            CHECK(strcmp(code, rules_code((enum rules_code)k)) != 0);
    }
}

TEST(the_words_of_the_yaml_reader_become_codes)
{
    struct complaints c = {0};
    complain(&c, "f", 1, 1, "yaml-tab", "before");
    complain(&c, "f", 1, 1, "yaml-tab", "a");
    complain(&c, "f", 1, 1, "E104", "b");
    complain(&c, "f", 1, 1, "no-memory", "c");
    rules_code_all(&c, 1);
    CHECK_TEXT(c.at[0].code, "yaml-tab");
    CHECK_TEXT(c.at[1].code, "E005");
    CHECK_TEXT(c.at[2].code, "E104");
    CHECK_TEXT(c.at[3].code, "E015");
    complaints_free(&c);
}
