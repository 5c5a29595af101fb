/* tests of collector/listener, over real sockets */
#include "base/buf.h"
#include "base/hostport.h"
#include "collector/listener.h"
#include "tests/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct buf heard;
static int ticks;
static struct listener *listener;

static void on_text(const char *peer, const char *text, size_t n, void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    CHECK_TEXT(peer, "127.0.0.1");
    buf_add_n(&heard, text, n);
    pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&lock);
}

static void on_tick(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&lock);
    ticks++;
    pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&lock);
}

static void start(bool udp, int64_t tick_ms)
{
    const struct listener_spec spec = {.listen = "127.0.0.1:0",
                                       .udp = udp,
                                       .on_text = on_text,
                                       .on_tick = on_tick,
                                       .tick = {tick_ms}};
    struct err err = {0};
    ticks = 0;
    listener = listener_start(&spec, &err);
    CHECK_TEXT(err.text, "");
}

static void end(void)
{
    listener_stop(&listener);
    buf_free(&heard);
}

static int connected(bool udp)
{
    struct hostport hp;
    const char *at = listener_address(listener);
    CHECK_INT(hostport_parse(at, strlen(at), &hp, NULL), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(hp.port)};
    inet_pton(AF_INET, hp.host, &to.sin_addr);
    int fd = socket(AF_INET, udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
    return fd;
}

static void say(int fd, const char *text, size_t n)
{
    CHECK_INT(send(fd, text, n, 0), (long long)n);
}

/* Waits until so many bytes were handed out. */
static void wait_bytes(size_t n)
{
    pthread_mutex_lock(&lock);
    while (heard.len < n)
        pthread_cond_wait(&more, &lock);
    pthread_mutex_unlock(&lock);
}

TEST(whole_lines_are_handed_out_however_they_come)
{
    start(false, 0);
    int fd = connected(false);
    say(fd, "one\ntw", 6);
    wait_bytes(4);
    say(fd, "o\n", 2);
    wait_bytes(8);
    CHECK_TEXT(buf_text(&heard), "one\ntwo\n");
    close(fd);
    end();
}

TEST(a_line_without_an_end_is_counted_and_not_handed_out)
{
    start(false, 0);
    int fd = connected(false);
    say(fd, "one\ntwo", 7);
    wait_bytes(4);
    close(fd);
    while (listener_stats(listener).cut_lines == 0)
        poll(NULL, 0, 5); /* between looks at the condition */
    CHECK_TEXT(buf_text(&heard), "one\n");
    CHECK_INT((long long)listener_stats(listener).connections, 1);
    end();
}

TEST(a_line_that_is_too_long_is_lost_alone)
{
    static char text[3 * LISTENER_LINE_BYTES_MAX];
    start(false, 0);
    int fd = connected(false);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    say(fd, text, sizeof text);
    say(fd, "good\n", 5);
    wait_bytes(5);
    CHECK_TEXT(buf_text(&heard), "good\n");
    CHECK_INT((long long)listener_stats(listener).long_lines, 1);
    close(fd);
    end();
}

TEST(datagrams_are_handed_out_whole)
{
    start(true, 0);
    int fd = connected(true);
    say(fd, "a:1|c", 5);
    wait_bytes(5);
    say(fd, "b:1|c", 5);
    wait_bytes(10);
    CHECK_TEXT(buf_text(&heard), "a:1|cb:1|c");
    close(fd);
    end();
}

TEST(ticks_come_by_time_and_once_at_the_end)
{
    start(true, 20);
    pthread_mutex_lock(&lock);
    while (ticks < 2)
        pthread_cond_wait(&more, &lock);
    pthread_mutex_unlock(&lock);
    listener_stop(&listener);
    CHECK(ticks >= 3);
    end();
}

TEST(an_address_that_cannot_be_had_is_told)
{
    const struct listener_spec name = {.listen = "somewhere:2003", .on_text = on_text};
    const struct listener_spec none = {.listen = "nothing", .on_text = on_text};
    struct err err = {0}, bad = {0}, taken = {0};
    CHECK(listener_start(&name, &err) == NULL);
    CHECK(strstr(err.text, "expected an IP address") != NULL);
    CHECK(listener_start(&none, &bad) == NULL);
    start(false, 0);
    const struct listener_spec same = {.listen = listener_address(listener),
                                       .on_text = on_text};
    CHECK(listener_start(&same, &taken) == NULL);
    CHECK(strstr(taken.text, "cannot listen on") != NULL);
    end();
}
