#include "notifier/language.h"

#include "tests/test.h"

TEST(a_name_is_read_back_and_anything_else_is_no_language)
{
    for (int l = 0; l < LANGUAGE_N; l++)
        CHECK_INT(language_of(language_name((enum language)l)), l);
    CHECK_INT(language_of("zh"), LANGUAGE_ZH);
    CHECK_INT(language_of("ZH"), LANGUAGE_N);
    CHECK_INT(language_of("zh-CN"), LANGUAGE_N);
    CHECK_INT(language_of(""), LANGUAGE_N);
    CHECK_INT(language_of(NULL), LANGUAGE_N);
    CHECK_TEXT(language_tag(LANGUAGE_ZH), "zh-CN");
}
