/* tests of collector/hostinfo with hosts made of folders (tests/hosts) */
#include "collector/hostinfo/hostinfo.h"
#include "collector/in_line.h"
#include "tests/unit/collector/text_sink.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTS AFTERCHECK_SOURCE "/tests/hosts/"

/* ---- a host that changes: a copy whose files are written over ---- */

static size_t from_length;

static int copy_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    char to[1024], bytes[8192];
    (void)st, (void)ftw;
    snprintf(to, sizeof to, "%s/root%s", test_dir(), path + from_length);
    if (flag == FTW_D)
        return mkdir(to, 0700) < 0 && access(to, F_OK) < 0;
    int in = open(path, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t n = read(in, bytes, sizeof bytes);
    bool ok = n >= 0 && n < (ssize_t)sizeof bytes && write(out, bytes, (size_t)n) == n;
    close(in);
    close(out);
    return ok ? 0 : -1;
}

static const char *become(const char *name)
{
    static char root[1024];
    char from[1024];
    from_length = (size_t)snprintf(from, sizeof from, "%s%s", HOSTS, name);
    CHECK(nftw(from, copy_one, 16, FTW_PHYS) == 0);
    snprintf(root, sizeof root, "%s/root", test_dir());
    return root;
}

/* The value behind `field` in the line that begins with `line` ("disk,device=sda,");
 * NaN when there is none. */
static double value_of(const struct buf *b, const char *line, const char *field)
{
    char key[64];
    snprintf(key, sizeof key, "%s=", field);
    for (const char *p = buf_text(b); p != NULL && *p != '\0';) {
        const char *nl = strchr(p, '\n');
        const char *fields = strstr(p, "web,service=pay ");
        CHECK(nl != NULL && fields != NULL && fields < nl);
        if (strncmp(p, line, strlen(line)) == 0) {
            for (fields += strlen("web,service=pay "); fields < nl;) {
                if (strncmp(fields, key, strlen(key)) == 0)
                    return strtod(fields + strlen(key), NULL);
                size_t n = strcspn(fields, ", \n");
                fields += n + (fields[n] == ',');
                if (fields[0] == ' ')
                    break;
            }
        }
        p = nl + 1;
    }
    return NAN;
}

static struct hostinfo *open_host(const char *root)
{
    struct hostinfo_spec spec = {root, "web", "pay"};
    struct err err = {0};
    struct hostinfo *h = hostinfo_new(&spec, &err);
    CHECK_TEXT(err.text, "");
    return h;
}

/* What busy/before and busy/after differ in, as lines. */
static void read_busy(struct buf *first, struct buf *second)
{
    struct hostinfo *h = open_host(become("busy/before"));
    CHECK(hostinfo_read(h, (instant){1795255200000}, 5000, first) > 0);
    become("busy/after");
    CHECK(hostinfo_read(h, (instant){1795255210000}, 15000, second) > 0);
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++)
        if (hostinfo_silent(h, (enum hostinfo_source)i))
            test_fail(__FILE__, __LINE__, "%s is silent",
                      hostinfo_source_name((enum hostinfo_source)i));
    hostinfo_free(&h);
    CHECK(h == NULL);
}

TEST(every_source_gives_its_numbers)
{
    static const struct {
        const char *line, *field;
        double value;
    } want[] = {
        {"cpu,", "busy", 45},
        {"cpu,", "user", 27.5},
        {"cpu,", "system", 16.5},
        {"cpu,", "iowait", 5},
        {"cpu,", "steal", 1},
        {"ctxt,", "switches", 5000},
        {"ctxt,", "forks", 3},
        {"ctxt,", "interrupts", 2000},
        {"procs,", "running", 2},
        {"procs,", "blocked", 1},
        {"procs,", "total", 4},
        {"procs,", "threads", 420},
        {"load,", "1m", 2.45},
        {"load,", "5m", 1.8},
        {"load,", "15m", 1.2},
        {"mem,", "used_pct", 62.5},
        {"mem,", "available", 3072000000},
        {"mem,", "cached", 2560000000},
        {"mem,", "dirty", 655360},
        {"mem,", "major_faults", 5},
        {"mem,", "oom_kills", 0.1},
        {"swap,", "used_pct", 25},
        {"disk,device=nvme0n1,", "util", 45},
        {"disk,device=nvme0n1,", "read_bytes", 1024000},
        {"disk,device=nvme0n1,", "write_bytes", 2048000},
        {"disk,device=nvme0n1,", "reads", 30},
        {"disk,device=nvme0n1,", "writes", 70},
        {"disk,device=nvme0n1,", "await", 4},
        {"net,iface=lo,", "rx_bytes", 50},
        {"net,iface=eth0,", "rx_bytes", 100}, /* over a wrap at 32 bits */
        {"net,iface=eth0,", "tx_bytes", 25000},
        {"net,iface=eth0,", "rx_packets", 10},
        {"net,iface=eth0,", "tx_packets", 20},
        {"net,iface=eth0,", "rx_errs", 0.5},
        {"net,iface=eth0,", "rx_drop", 1},
        {"net,iface=eth0,", "tx_errs", 0},
        {"net,iface=eth1,", "rx_bytes", NAN}, /* was reset */
        {"net,iface=eth1,", "tx_bytes", 0},
        {"net,iface=veth12ab,", "rx_bytes", NAN},
        {"net,iface=idle0,", "rx_bytes", NAN},
        {"disk,device=loop0,", "util", NAN},
        {"disk,device=nvme0n1p1,", "util", NAN},
        {"disk,device=sdb,", "util", NAN},
        {"tcp,", "established", 150},
        {"tcp,", "opens_active", 4},
        {"tcp,", "opens_passive", 9},
        {"tcp,", "fails", 1},
        {"tcp,", "resets", 2},
        {"tcp,", "retrans", 5},
        {"tcp,", "retrans_pct", 5},
        {"tcp,", "out_rsts", 1},
        {"tcp,", "in_errs", 0},
        {"tcp,", "time_wait", 100},
        {"tcp,", "orphans", 1},
        {"tcp,", "sockets", 180},
        {"tcp,", "listen_overflows", 1},
        {"tcp,", "listen_drops", 2},
        {"tcp,", "timeouts", 3},
        {"udp,", "in_errs", 1},
        {"files,", "open", 2500},
        {"files,", "used_pct", 2.5},
        {"pressure,", "cpu", 1},
        {"pressure,", "memory", 2},
        {"pressure,", "io", 3},
    };
    struct buf first = {0}, second = {0};
    read_busy(&first, &second);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        double got = value_of(&second, want[i].line, want[i].field);
        if (isnan(want[i].value) ? !isnan(got)
                                 : !(fabs(got - want[i].value) <= 1e-6 * want[i].value))
            test_fail(__FILE__, __LINE__, "%s%s is %.9g, expected %.9g", want[i].line,
                      want[i].field, got, want[i].value);
    }
    double page = (double)sysconf(_SC_PAGESIZE);
    CHECK_NEAR(value_of(&second, "swap,", "in"), 2 * page, 0.1);
    CHECK_NEAR(value_of(&second, "swap,", "out"), 4 * page, 0.1);
    buf_free(&first);
    buf_free(&second);
}

TEST(file_systems_on_devices_are_measured_once_each)
{
    struct buf first = {0}, second = {0};
    read_busy(&first, &second);
    double root = value_of(&second, "fs,mount=/,", "used_pct");
    CHECK(root >= 0 && root <= 100);
    double data = value_of(&second, "fs,mount=/srv/my\\ data,", "used_pct");
    CHECK(data >= 0 && data <= 100);
    CHECK(strstr(second.data, "fs,mount=/srv/bind") == NULL);
    CHECK(strstr(second.data, "fs,mount=/snap") == NULL);
    CHECK(strstr(second.data, "fs,mount=/home") == NULL);
    CHECK(strstr(second.data, "fs,mount=/srv/gone") == NULL);
    buf_free(&first);
    buf_free(&second);
}

TEST(the_first_reading_has_gauges_and_no_rates)
{
    struct buf first = {0}, second = {0};
    read_busy(&first, &second);
    CHECK_NEAR(value_of(&first, "mem,", "used_pct"), 50, 1e-6);
    CHECK_NEAR(value_of(&first, "procs,", "running"), 5, 0);
    CHECK(strstr(first.data, "cpu,") == NULL);
    CHECK(strstr(first.data, "net,") == NULL);
    buf_free(&first);
    buf_free(&second);
}

TEST(what_is_written_is_read_by_the_service_without_complaint)
{
    struct buf first = {0}, second = {0};
    read_busy(&first, &second);
    struct text_sink s = {0};
    struct sink sink = text_sink(&s);
    struct in_line *l = in_line_new(&sink, &entity_tags_default);
    instant now = {1795255215000};
    struct in_line_ask ask = {
        .precision = LINE_S, .now = now, .bounds = intake_bounds(now)};
    struct in_line_result result = {0};
    in_line_read(l, second.data, second.len, &ask, &result);
    CHECK_TEXT(result.first, "");
    CHECK(result.tally.kept > 60 && result.tally.kept == result.tally.taken);
    CHECK_INT(s.n_entities, 1);
    CHECK_TEXT(s.entity[0], "host web of pay");
    CHECK(strstr(s.out.data, "@1795255210000: cpu.busy=45 ") != NULL);
    CHECK(strstr(s.out.data, " disk.util{device=nvme0n1}=45") != NULL);
    CHECK(strstr(s.out.data, " load.1m=2.45") != NULL);
    in_line_free(&l);
    text_sink_free(&s);
    buf_free(&first);
    buf_free(&second);
}

TEST(a_host_that_has_little_gives_what_it_has)
{
    struct hostinfo *h = open_host(HOSTS "bare");
    struct buf b = {0};
    hostinfo_read(h, (instant){1795255200000}, 0, &b);
    buf_clear(&b);
    CHECK_INT(hostinfo_read(h, (instant){1795255201000}, 1000, &b), 4);
    CHECK_TEXT(buf_text(&b),
               "load,host=web,service=pay 1m=0,5m=0.01,15m=0.05 1795255201\n"
               "procs,host=web,service=pay threads=80 1795255201\n");
    CHECK(!hostinfo_silent(h, HOSTINFO_cpu));
    CHECK(!hostinfo_silent(h, HOSTINFO_load));
    CHECK(hostinfo_silent(h, HOSTINFO_memory));
    CHECK(hostinfo_silent(h, HOSTINFO_net));
    CHECK(hostinfo_silent(h, HOSTINFO_disk));
    hostinfo_free(&h);
    buf_free(&b);
}

TEST(names_are_escaped_in_lines)
{
    struct hostinfo_spec spec = {HOSTS "bare", "my host", "a,b=c"};
    struct hostinfo *h = hostinfo_new(&spec, NULL);
    struct buf b = {0};
    hostinfo_read(h, (instant){0}, 0, &b);
    CHECK(strstr(b.data, "load,host=my\\ host,service=a\\,b\\=c 1m=0") != NULL);
    hostinfo_free(&h);
    buf_free(&b);
}

TEST(names_that_are_none_and_roots_that_are_not_there_are_refused)
{
    struct err err = {0};
    struct hostinfo_spec bad_host = {"/", "", NULL};
    CHECK(hostinfo_new(&bad_host, &err) == NULL);
    CHECK_TEXT(err.text, "host: is empty");
    err = (struct err){0};
    struct hostinfo_spec bad_service = {"/", "h", "a\nb"};
    CHECK(hostinfo_new(&bad_service, &err) == NULL);
    CHECK_TEXT(err.text, "service: has a control character at byte 2");
    err = (struct err){0};
    struct hostinfo_spec bad_root = {HOSTS "nobody", "h", NULL};
    CHECK(hostinfo_new(&bad_root, &err) == NULL);
    CHECK(strstr(err.text, "No such file or directory") != NULL);
}

TEST(this_very_machine_can_be_read)
{
    struct hostinfo *h = open_host("/");
    struct buf b = {0};
    hostinfo_read(h, (instant){1795255200000}, 0, &b);
    double used = value_of(&b, "mem,", "used_pct");
    CHECK(used > 0 && used < 100);
    CHECK(value_of(&b, "procs,", "total") >= 1);
    CHECK(value_of(&b, "procs,", "threads") >= 1);
    hostinfo_free(&h);
    buf_free(&b);
}
