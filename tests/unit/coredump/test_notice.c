/* tests of programs/coredump/notice */
#include "programs/coredump/notice.h"
#include "tests/test.h"

static struct notice crash(void)
{
    return (struct notice){.time = {1795255200000},
                           .host = "h1",
                           .exe = "/srv/pay",
                           .service = "pay",
                           .pid = 7,
                           .signal = 11};
}

TEST(a_record_has_what_is_known)
{
    OWNED_BUF b = {0};
    struct err err = {0};
    struct notice n = crash();
    CHECK_INT(notice_write(&n, &b, &err), 0);
    CHECK_TEXT(buf_text(&b), "{\"time\":\"2026-11-21T10:00:00Z\",\"host\":\"h1\","
                             "\"service\":\"pay\",\"exe\":\"/srv/pay\",\"pid\":7,"
                             "\"signal\":\"SIGSEGV\",\"frames\":[]}");
    buf_clear(&b);
    n.service = "";
    n.pid = 0;
    CHECK_INT(notice_write(&n, &b, &err), 0);
    CHECK_TEXT(buf_text(&b),
               "{\"time\":\"2026-11-21T10:00:00Z\",\"host\":\"h1\","
               "\"exe\":\"/srv/pay\",\"signal\":\"SIGSEGV\",\"frames\":[]}");
}

TEST(a_count_is_the_same_crash_at_the_time_of_the_last)
{
    OWNED_BUF b = {0}, again = {0};
    struct err err = {0};
    struct notice n = crash();
    struct loop_last last = {{1795255260000}, 9};
    CHECK_INT(notice_write(&n, &b, &err), 0);
    CHECK_INT(notice_again(buf_text(&b), &last, 40, &again, &err), 0);
    CHECK_TEXT(buf_text(&again),
               "{\"time\":\"2026-11-21T10:01:00Z\",\"host\":\"h1\",\"service\":\"pay\","
               "\"exe\":\"/srv/pay\",\"pid\":9,\"signal\":\"SIGSEGV\",\"count\":40,"
               "\"frames\":[]}");
    CHECK_INT(notice_again("{", &last, 40, &again, &err), -1);
    CHECK(err.code != 0);
}

TEST(a_crash_of_nobody_or_without_a_signal_is_no_record)
{
    OWNED_BUF b = {0};
    struct err err = {0};
    struct notice n = crash();
    n.exe = "";
    CHECK_INT(notice_write(&n, &b, &err), -1);
    CHECK_TEXT(err.text, "the program's path is not known");
    err = (struct err){0};
    n = crash();
    n.exe = "/srv/\x01";
    CHECK_INT(notice_write(&n, &b, &err), -1);
    err = (struct err){0};
    n = crash();
    n.signal = 0;
    CHECK_INT(notice_write(&n, &b, &err), -1);
    CHECK_TEXT(err.text, "signal 0 is none");
}
