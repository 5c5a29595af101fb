/* tests of programs/coredump/config */
#include "programs/coredump/config.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const char *file_of(const char *text)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/coredump.yml", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0);
    fclose(f);
    return path;
}

static struct config loaded(const char *text)
{
    OWNED_BUF why = {0};
    struct config c;
    struct config_flags flags = {.config = file_of(text), .state = "/tmp/x"};
    if (config_load(&flags, &c, &why) < 0)
        test_fail(__FILE__, __LINE__, "%s", buf_text(&why));
    return c;
}

TEST(what_a_file_does_not_say_has_its_default)
{
    struct config c = loaded("host: h1\nevery: 30s\n");
    CHECK_TEXT(c.host, "h1");
    CHECK_TEXT(c.server, "http://127.0.0.1:8190");
    CHECK_TEXT(c.state, "/tmp/x");
    CHECK_INT(c.hold.ms, 2000);
    CHECK_INT(c.stack.ms, 5000);
    CHECK_INT(c.frames, 64);
    CHECK_INT(c.loop.first, 3);
    CHECK_INT(c.loop.within.ms, 600000);
    CHECK_INT(c.loop.every.ms, 30000);
    config_free(&c);
}

TEST(a_service_is_named_by_the_table_then_the_unit_then_the_default)
{
    char room[NAME_BYTES_MAX + 1];
    struct config c = loaded("service: rest\n"
                             "services:\n"
                             "- {exe: \"/srv/pay/*\", unit: \"pay-*\", service: pay}\n"
                             "- {unit: nginx.service, service: web}\n"
                             "- {exe: \"*/python3*\", service: scripts}\n");
    CHECK_TEXT(config_service_of(&c, "/srv/pay/api", "pay-api.service", room), "pay");
    CHECK_TEXT(config_service_of(&c, "/srv/pay/api", "x@2.service", room), "x");
    CHECK_TEXT(config_service_of(&c, "/usr/sbin/nginx", "nginx.service", room), "web");
    CHECK_TEXT(config_service_of(&c, "/usr/bin/python3.11", "", room), "scripts");
    CHECK_TEXT(config_service_of(&c, "/usr/bin/vi", "session-1.scope", room), "rest");
    config_free(&c);
}

static void is_wrong(const char *text, const char *want)
{
    OWNED_BUF why = {0};
    struct config c;
    struct config_flags flags = {.config = file_of(text)};
    CHECK_INT(config_load(&flags, &c, &why), -1);
    if (strstr(buf_text(&why), want) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' is not in '%s'", want, buf_text(&why));
}

TEST(mistakes_are_told_with_their_places)
{
    is_wrong("frames: 65\n", ":1:9: error[out-of-range]: ");
    is_wrong("services: {a: b}\n",
             ":1:11: error[wrong-type]: services: expected a list");
    is_wrong("services:\n- {service: a}\n",
             ":2:3: error[missing-field]: needs exe or unit");
    is_wrong("services:\n- {exe: a}\n", "error[missing-field]: ");
    is_wrong("services:\n- {exe: a, service: \"\"}\n", "error[bad-name]: service: ");
    is_wrong("hold: 9s\n", "hold: is longer than stack");
    is_wrong("server: ftp://x\n", "server: ");
    is_wrong("state: here\n", "state: 'here' is no absolute path");
}
