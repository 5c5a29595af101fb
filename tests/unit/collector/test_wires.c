/* tests of collector/wires: real sockets into real windows */
#include "base/hostport.h"
#include "collector/wires.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct windows *windows;
static struct intake *intake;
static struct inputs *inputs;
static struct wires *wires;

static void start(void)
{
    struct err err = {0}, note = {0};
    const struct windows_spec w = {
        .step = span_seconds(1), .rows = 600, .bytes_max = 64 << 20};
    windows = windows_open(&w, &note, &err);
    intake = intake_new();
    inputs = inputs_new();
    const struct wires_spec spec = {
        .graphite = {.listen = "127.0.0.1:0"},
        .statsd = {.listen = "127.0.0.1:0", .host = "me", .flush = {50}},
        .tags = &entity_tags_default,
        .windows = windows,
        .intake = intake,
        .inputs = inputs};
    wires = wires_start(&spec, &err);
    CHECK_TEXT(err.text, "");
}

static void end(void)
{
    wires_stop(&wires);
    struct tally t = intake_read(intake);
    CHECK_INT((long long)t.taken, (long long)(t.kept + tally_lost(&t)));
    inputs_free(&inputs);
    intake_free(&intake);
    windows_close(&windows);
}

static void say(const char *where, int type, const char *text)
{
    struct hostport hp;
    CHECK_INT(hostport_parse(where, strlen(where), &hp, NULL), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(hp.port)};
    inet_pton(AF_INET, hp.host, &to.sin_addr);
    int fd = socket(AF_INET, type, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    CHECK_INT(send(fd, text, strlen(text), 0), (long long)strlen(text));
    close(fd);
}

static void wait_taken(uint64_t n)
{
    for (int i = 0; i < 10000 && intake_read(intake).taken < n; i++)
        poll(NULL, 0, 2); /* between looks at the condition */
    CHECK_INT((long long)intake_read(intake).taken, (long long)n);
}

TEST(both_doors_lead_into_the_windows_and_the_books)
{
    struct entity h1 = {.kind = ENTITY_HOST, .host = "h1"},
                  me = {.kind = ENTITY_HOST, .host = "me"};
    struct inputs_view v;
    start();
    say(wires_graphite(wires), SOCK_STREAM, "h1.cpu.load 2\nnonsense\n");
    say(wires_statsd(wires), SOCK_DGRAM, "hits:5|c\nqueue:7|g");
    wait_taken(4);
    CHECK(windows_find(windows, &h1) != WINDOWS_NONE);
    CHECK(inputs_read(inputs, &v));
    CHECK_INT((long long)v.all[INPUT_GRAPHITE].taken, 2);
    CHECK_INT((long long)v.all[INPUT_GRAPHITE].dropped, 1);
    CHECK(strstr(v.all[INPUT_GRAPHITE].complaint, "nonsense") != NULL);
    CHECK_INT((long long)v.all[INPUT_STATSD].taken, 2);
    inputs_view_free(&v);
    wires_stop(&wires); /* flushes */
    uint32_t no = windows_find(windows, &me);
    CHECK(no != WINDOWS_NONE);
    CHECK(windows_find_metric(windows, "queue") != WINDOWS_NONE);
    CHECK(!instant_is_none(windows_newest(windows, no)));
    end();
}

TEST(what_is_not_configured_is_off)
{
    struct err err = {0};
    intake = intake_new();
    const struct wires_spec spec = {.tags = &entity_tags_default, .intake = intake};
    wires = wires_start(&spec, &err);
    CHECK(wires != NULL && wires_graphite(wires) == NULL &&
          wires_statsd(wires) == NULL);
    OWNED_BUF out = {0};
    wires_write_metrics(wires, &out);
    CHECK(strstr(out.data, "aftercheck_statsd_series 0") != NULL);
    wires_stop(&wires);
    intake_free(&intake);
}

TEST(a_bad_template_keeps_the_wires_from_starting)
{
    static const char *const bad[] = {"x"};
    struct err err = {0};
    const struct wires_spec spec = {.statsd = {.listen = "127.0.0.1:0",
                                               .templates = bad,
                                               .n_templates = 1,
                                               .flush = {1000}},
                                    .tags = &entity_tags_default};
    CHECK(wires_start(&spec, &err) == NULL);
    CHECK(strstr(err.text, "template 'x'") != NULL);
}
