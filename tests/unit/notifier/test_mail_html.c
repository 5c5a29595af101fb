#include "notifier/mail_html.h"

#include "tests/test.h"

#include <string.h>

TEST(texts_are_escaped_in_every_shape)
{
    OWNED_BUF b = {0};
    mail_html_heading(&b, "<i>1");
    mail_html_paragraph(&b, "<i>2", true);
    mail_html_label(&b, "<i>3");
    mail_html_in_colour(&b, GRADE_MUST_HANDLE, "<i>4");
    mail_html_pair(&b, "<i>5", "<i>6");
    mail_html_link(&b, "<i>7", "https://example.com/?a=1&b=2");
    CHECK(strstr(buf_text(&b), "<i>") == NULL);
    for (char no = '1'; no <= '7'; no++) {
        char want[16] = "&lt;i&gt;";
        want[9] = no;
        CHECK(strstr(buf_text(&b), want) != NULL);
    }
    CHECK(strstr(buf_text(&b), "href=\"https://example.com/?a=1&amp;b=2\"") != NULL);
}

TEST(what_is_no_link_stays_text)
{
    OWNED_BUF b = {0};
    mail_html_link(&b, "docs/runbook.md#calls", "docs/runbook.md#calls");
    mail_html_link(&b, "x", "javascript:alert(1)");
    mail_html_link(&b, "y", NULL);
    CHECK_TEXT(buf_text(&b), "docs/runbook.md#callsxy");
}

TEST(a_grade_has_its_colour_and_a_class_for_dark_mode)
{
    OWNED_BUF b = {0};
    mail_html_in_colour(&b, GRADE_ATTENTION, "!");
    CHECK_TEXT(buf_text(&b), "<b class=\"s-attention\" style=\"color:#a15c07\">!</b>");
    for (int g = 0; g < GRADE_N; g++)
        for (int other = 0; other < g; other++)
            CHECK(strcmp(mail_html_strong((enum grade)g),
                         mail_html_strong((enum grade)other)) != 0);
    CHECK_TEXT(mail_html_strong(GRADE_N), mail_html_strong(GRADE_NOT_JUDGED));
}

TEST(rows_and_tables_are_closed)
{
    OWNED_BUF b = {0};
    mail_html_head(&b, "zh-CN");
    CHECK(strstr(buf_text(&b), "<!DOCTYPE html>\n<html lang=\"zh-CN\"><head>") ==
          buf_text(&b));
    buf_clear(&b);
    mail_html_open_row(&b, "0 1px");
    mail_html_open_table(&b);
    mail_html_close_table(&b);
    mail_html_close_row(&b);
    CHECK(strstr(buf_text(&b), "padding:0 1px") != NULL);
    CHECK(strstr(buf_text(&b), "</table>\n</td></tr>") != NULL);
}
