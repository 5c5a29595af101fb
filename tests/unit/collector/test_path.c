/* tests of collector/path */
#include "collector/path.h"
#include "tests/test.h"

#include <stdio.h>

static const char *const texts[] = {"collectd.* _.host.metric*",
                                    "apps.* _.service.host.metric.metric.zone",
                                    "short.* host"};

/* "host/service metric", or why not. */
static const char *read(const char *path)
{
    static char out[600];
    struct err err = {0};
    struct path_parts parts;
    struct entity who;
    char name[NAME_BYTES_MAX + 1];
    struct paths *p = paths_new(texts, 3, &err);
    CHECK_TEXT(err.text, "");
    enum drop why = paths_read(p, path, strlen(path), &parts, &err);
    if (why == DROP_N)
        why = path_parts_name(&parts, &entity_tags_default, &who, name, &err);
    if (why == DROP_N)
        snprintf(out, sizeof out, "%s/%s %s", who.host, who.service, name);
    else
        snprintf(out, sizeof out, "%s: %s", drop_name(why), err.text);
    paths_free(&p);
    return out;
}

TEST(the_first_template_that_fits_says_what_parts_are)
{
    CHECK_TEXT(read("collectd.h1.load.load"), "h1/ load.load");
    CHECK_TEXT(read("apps.pay.h1.jvm.heap.east"), "h1/pay jvm.heap{zone=east}");
    CHECK_TEXT(read("apps.pay.h1.jvm.heap.east.used"),
               "h1/pay jvm.heap.used{zone=east}");
}

TEST(tags_behind_the_path_count_too)
{
    CHECK_TEXT(read("disk.used;host=h1;device=sda"), "h1/ disk.used{device=sda}");
    CHECK_TEXT(read("disk.used;host"), "syntax: 'host': expected a tag as key=value");
}

TEST(what_names_nobody_or_nothing_is_refused)
{
    CHECK(strncmp(read("disk.used"), "no_entity: ", 11) == 0);
    CHECK_TEXT(read("short."),
               "name: its template leaves nothing for the metric's name");
    CHECK_TEXT(read(""), "name: expected a name of 1 to 1023 bytes");
}

TEST(tags_of_other_names_may_say_the_host)
{
    static const struct entity_tags tags = {{"node"}, {"app"}};
    static const char *const one[] = {"* host.service.metric*"};
    struct path_parts parts;
    struct entity who;
    char name[NAME_BYTES_MAX + 1];
    struct err err = {0};
    struct paths *p = paths_new(one, 1, &err);
    CHECK_INT(paths_read(p, "h1.pay.x", 8, &parts, &err), DROP_N);
    CHECK_INT(path_parts_name(&parts, &tags, &who, name, &err), DROP_N);
    CHECK_TEXT(who.host, "h1");
    CHECK_TEXT(who.service, "pay");
    paths_free(&p);
}

TEST(a_bad_template_is_refused_by_its_text)
{
    static const char *const bad[][2] = {{"host.metric*", "expected FILTER TEMPLATE"},
                                         {"* metric*.host", "must be the last"},
                                         {"* host..metric", "between dots"},
                                         {"* host.m*c", "between dots"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        CHECK(paths_new(&bad[i][0], 1, &err) == NULL);
        CHECK(strstr(err.text, bad[i][1]) != NULL);
        CHECK(strstr(err.text, bad[i][0]) != NULL);
    }
}
