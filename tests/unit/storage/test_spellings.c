/* tests of storage/spellings */
#include "storage/spellings.h"
#include "tests/test.h"

#include <stdio.h>

static struct windows *filled(void)
{
    struct err err = {0}, note = {0};
    const struct windows_spec spec = {
        .step = span_seconds(60), .rows = 4, .bytes_max = 64 << 20};
    struct windows *w = windows_open(&spec, &note, &err);
    char name[64];
    CHECK_TEXT(err.text, "");
    for (int kind = 0; kind < 20; kind++)
        for (int i = 0; i <= kind; i++) {
            snprintf(name, sizeof name, "m%02d{id=%d}", kind, i);
            CHECK(windows_metric(w, name, strlen(name), MERGE_MEAN) != WINDOWS_NONE);
        }
    CHECK(windows_metric(w, "plain", 5, MERGE_MEAN) != WINDOWS_NONE);
    return w;
}

TEST(metrics_with_the_most_names_come_first)
{
    struct windows *w = filled();
    struct spelling top[SPELLINGS_TOP];
    CHECK_INT((long long)spellings_top(w, top), SPELLINGS_TOP);
    for (int i = 0; i < SPELLINGS_TOP; i++) {
        char want[8], got[8];
        snprintf(want, sizeof want, "m%02d", 19 - i);
        snprintf(got, sizeof got, "%.*s", (int)top[i].n_name, top[i].name);
        CHECK_TEXT(got, want);
        CHECK_INT((long long)top[i].n, 20 - i);
    }
    OWNED_BUF out = {0};
    spellings_write_metrics(w, &out);
    CHECK(strstr(out.data, "aftercheck_top_metric_names{metric=\"m19\"} 20\n") != NULL);
    CHECK(strstr(out.data, "plain") == NULL);
    windows_close(&w);
}

TEST(without_names_there_are_none)
{
    struct err err = {0}, note = {0};
    const struct windows_spec spec = {
        .step = span_seconds(60), .rows = 4, .bytes_max = 64 << 20};
    struct windows *w = windows_open(&spec, &note, &err);
    struct spelling top[SPELLINGS_TOP];
    CHECK_INT((long long)spellings_top(w, top), 0);
    windows_close(&w);
}
