/* tests of storage/seen */
#include "base/buf.h"
#include "storage/seen.h"
#include "storage/windows.h"
#include "tests/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void write_index(const char *text)
{
    char path[300];
    snprintf(path, sizeof path, "%s/history", test_dir());
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/history/index", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0);
    fclose(f);
}

TEST(each_name_is_there_once_and_in_order)
{
    struct seen s;
    struct err err = {0};
    write_index(
        A " 2 {\"kind\":\"host\",\"host\":\"h1\",\"sources\":{\"a\":\"mem.used\","
          "\"b\":\"cpu.busy\"}}\n" A
          " 3 {\"kind\":\"host\",\"host\":\"h2\",\"sources\":{\"a\":\"cpu.busy\"}}\n");
    CHECK_INT(seen_read(test_dir(), &s, &err), 0);
    CHECK_INT(s.n, 2);
    CHECK_TEXT(s.name[0], "cpu.busy");
    CHECK_TEXT(s.name[1], "mem.used");
    CHECK_INT(s.damaged, 0);
    seen_free(&s);
    CHECK_INT(s.n, 0);
}

TEST(a_damaged_line_is_counted_and_one_that_is_being_written_is_not)
{
    struct seen s;
    write_index("no line of ours\n" A " 2 {\"sources\":{\"a\":\"x\"}}\n" A
                " 2 {\"sources\":{\"a\":7}}\n" A " 2 {\"sour");
    CHECK_INT(seen_read(test_dir(), &s, NULL), 0);
    CHECK_INT(s.n, 1);
    CHECK_INT(s.damaged, 2);
    seen_free(&s);
}

TEST(what_came_in_since_the_last_flush_is_known_too)
{
    struct seen s;
    struct err err = {0}, note = {0};
    char path[300];
    write_index(A " 2 {\"sources\":{\"a\":\"mem.used\"}}\n");
    snprintf(path, sizeof path, "%s/windows.dat", test_dir());
    struct windows_spec spec = {
        .path = path, .step = {60000}, .rows = 60, .bytes_max = 16 << 20};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL);
    windows_metric(w, "cpu.busy", 8, MERGE_MEAN);
    windows_metric(w, "mem.used", 8, MERGE_MEAN);
    CHECK_INT(seen_read(test_dir(), &s, &err), 0); /* while it is open */
    CHECK_INT(s.n, 2);
    CHECK_TEXT(s.name[0], "cpu.busy");
    CHECK_TEXT(s.name[1], "mem.used");
    seen_free(&s);
    windows_close(&w);
    unlink(path);
}

TEST(a_directory_with_neither_is_an_error)
{
    struct seen s;
    struct err err = {0};
    CHECK_INT(seen_read("/nonexistent", &s, &err), -1);
    CHECK_TEXT(err.text,
               "/nonexistent is no data directory of a service: it has neither "
               "history/index nor windows.dat");
    CHECK_INT(s.n, 0);
    seen_free(&s);
}

TEST(many_names_are_all_there)
{
    OWNED_BUF b = {0};
    for (int i = 0; i < 5000; i++)
        buf_addf(&b, A " 1 {\"sources\":{\"a\":\"m.x%04d\",\"b\":\"m.y%04d\"}}\n",
                 i % 3000, i);
    write_index(buf_text(&b));
    struct seen s;
    CHECK_INT(seen_read(test_dir(), &s, NULL), 0);
    CHECK_INT(s.n, 8000);
    for (size_t i = 1; i < s.n; i++)
        CHECK(strcmp(s.name[i - 1], s.name[i]) < 0);
    seen_free(&s);
}
