/* What the agent packs, the service reads. */
#include "collector/hostinfo/remote_pack.h"

#include "base/snap.h"
#include "collector/in_remote_write.h"
#include "tests/unit/collector/text_sink.h"

static const instant now = {1795255200000};

/* Packs and unpacks by the real library; the bytes must be the same. */
static size_t packed_size(const char *bytes, size_t n)
{
    OWNED_BUF packed = {0}, again = {0};
    struct err err = {0};
    remote_pack_snappy(bytes, n, &packed);
    CHECK_INT(buf_done(&packed), 0);
    CHECK_INT(snap_unpack(packed.data, packed.len, n + 1, &again, &err), 0);
    CHECK_INT(again.len, n);
    CHECK(n == 0 || memcmp(again.data, bytes, n) == 0);
    return packed.len;
}

TEST(what_is_packed_is_unpacked_by_snappy_itself)
{
    static char bytes[300000];
    CHECK_INT(packed_size("", 0), 1);
    packed_size("abc", 3);
    packed_size("abcdabcdabcdabcd", 16);
    uint64_t v = 88172645463325252u;
    for (size_t i = 0; i < sizeof bytes; i++) {
        v ^= v << 13, v ^= v >> 7, v ^= v << 17;
        bytes[i] = (char)v;
    }
    CHECK(packed_size(bytes, sizeof bytes) < sizeof bytes + sizeof bytes / 100);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = "node_cpu_seconds"[(bytes[i] & 15) % (1 + i % 16)];
    packed_size(bytes, sizeof bytes);
    for (size_t n = 1; n < 200; n++)
        packed_size(bytes + n, n);
    memset(bytes, 'x', sizeof bytes);
    CHECK(packed_size(bytes, sizeof bytes) < sizeof bytes / 15);
    for (size_t i = 0; i + 40 < sizeof bytes;
         i += 40) /* repeats, farther and farther */
        sprintf(bytes + i, "name=%zu", i % 70001);
    packed_size(bytes, sizeof bytes);
}

static struct text_sink out;

static void read_message(struct in_remote_write *w, const struct buf *message)
{
    struct in_remote_write_ask ask = {now, intake_bounds(now), &entity_tags_default};
    struct in_remote_write_result result = {0};
    struct sink sink = text_sink(&out);
    struct err err = {0};
    buf_clear(&out.out);
    int rc = in_remote_write_read(w, &sink, message->data, message->len, &ask, &result,
                                  &err);
    CHECK_TEXT(err.text, "");
    CHECK_INT(rc, 0);
    CHECK_INT(result.refused, 0);
}

static void add(struct buf *to, const char *name, double v, int64_t ms)
{
    struct remote_label label[] = {
        {"host", "h1"}, {"service", "pay"}, {"__name__", name}, {"device", "sda"}};
    remote_pack_series(to, label, 4, (instant){ms}, v);
}

TEST(series_arrive_as_they_were)
{
    OWNED_BUF message = {0};
    struct in_remote_write *w = in_remote_write_new();
    add(&message, "load", 0.5, now.ms);
    add(&message, "other", -1e300 * 0 + 3, now.ms);
    read_message(w, &message);
    CHECK_TEXT(buf_text(&out.out),
               "host h1 of pay @1795255200000: load{device=sda}=0.5 "
               "other{device=sda}=3\n");
    in_remote_write_free(&w);
    text_sink_free(&out);
}

TEST(kinds_that_differ_from_the_names_are_told)
{
    OWNED_BUF first = {0}, second = {0};
    struct in_remote_write *w = in_remote_write_new();
    remote_pack_metadata(&first, "pg_commits", true);
    remote_pack_metadata(&first, "files_count", false);
    add(&first, "pg_commits", 100, now.ms - 10000);
    add(&first, "files_count", 7, now.ms - 10000);
    add(&first, "reads_total", 50, now.ms - 10000);
    read_message(w, &first);
    add(&second, "pg_commits", 150, now.ms);
    add(&second, "files_count", 9, now.ms);
    add(&second, "reads_total", 70, now.ms);
    read_message(w, &second);
    CHECK(strstr(buf_text(&out.out), "pg_commits{device=sda}=5") != NULL);
    CHECK(strstr(buf_text(&out.out), "files_count{device=sda}=9") != NULL);
    CHECK(strstr(buf_text(&out.out), "reads_total{device=sda}=2") != NULL);
    in_remote_write_free(&w);
    text_sink_free(&out);
}
