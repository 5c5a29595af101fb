/* collector/hostinfo/tcp.c - TCP and UDP as a whole: /proc/net/snmp and
 * /proc/net/netstat (a line of names, a line of numbers; RFC 4022 and 4113 explain
 * them), /proc/net/sockstat.  Connections are not listed one by one: on a busy host
 * that would cost more than all the rest. */
#include "collector/hostinfo/reading.h"

#include <math.h>
#include <string.h>

/* The number under `name` in the pair of lines that begin with `group` ("Tcp: "). */
static bool under(const char *text, const char *group, const char *name, uint64_t *ret)
{
    const char *names = scan_behind(text, group), *numbers = names;
    char word[READING_NAME_MAX];
    if (names == NULL || !scan_next_line(&numbers) ||
        strncmp(numbers, group, strlen(group)) != 0)
        return false;
    numbers += strlen(group);
    while (scan_word(&names, word)) {
        char number[READING_NAME_MAX];
        if (!scan_word(&numbers, number))
            return false;
        if (strcmp(word, name) == 0) {
            const char *p = number; /* "-1" for no limit is no number here */
            return scan_number(&p, ret);
        }
    }
    return false;
}

struct counter {
    const char *field, *name;
};

static void rates_under(struct reading *r, const char *group,
                        const struct counter *counters, size_t n)
{
    uint64_t v;
    for (size_t i = 0; i < n; i++)
        if (under(r->text, group, counters[i].name, &v))
            reading_rate(r, counters[i].field, v, 1);
}

bool hostinfo_tcp(struct reading *r)
{
    static const struct counter counters[] = {
        {"opens_active", "ActiveOpens"}, {"opens_passive", "PassiveOpens"},
        {"fails", "AttemptFails"},       {"resets", "EstabResets"},
        {"in_errs", "InErrs"},           {"out_rsts", "OutRsts"},
        {"retrans", "RetransSegs"}};
    static const struct counter udp[] = {{"in_errs", "InErrors"}};
    uint64_t established, sent, again;
    if (!under(r->text, "Tcp: ", "CurrEstab", &established))
        return false;
    reading_line(r, "tcp", NULL, NULL);
    reading_gauge(r, "established", (double)established);
    rates_under(r, "Tcp: ", counters, sizeof counters / sizeof *counters);
    if (under(r->text, "Tcp: ", "OutSegs", &sent) &&
        under(r->text, "Tcp: ", "RetransSegs", &again)) {
        double out = reading_rate_of(r, "_out", sent),
               retrans = reading_rate_of(r, "_retrans", again);
        reading_gauge(r, "retrans_pct",
                      out + retrans > 0 ? 100 * retrans / (out + retrans) : NAN);
    }
    reading_line(r, "udp", NULL, NULL);
    rates_under(r, "Udp: ", udp, sizeof udp / sizeof *udp);
    return true;
}

bool hostinfo_tcp_trouble(struct reading *r)
{
    static const struct counter counters[] = {{"listen_overflows", "ListenOverflows"},
                                              {"listen_drops", "ListenDrops"},
                                              {"timeouts", "TCPTimeouts"}};
    if (scan_behind(r->text, "TcpExt: ") == NULL)
        return false;
    reading_line(r, "tcp", NULL, NULL);
    rates_under(r, "TcpExt: ", counters, sizeof counters / sizeof *counters);
    return true;
}

/* "TCP: inuse 5 orphan 0 tw 12 alloc 7 mem 1" */
bool hostinfo_tcp_sockets(struct reading *r)
{
    static const struct counter fields[] = {
        {"orphans", "orphan"}, {"time_wait", "tw"}, {"sockets", "alloc"}};
    const char *p = scan_behind(r->text, "TCP: ");
    char word[READING_NAME_MAX];
    uint64_t v;
    if (p == NULL)
        return false;
    reading_line(r, "tcp", NULL, NULL);
    while (scan_word(&p, word) && scan_number(&p, &v))
        for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
            if (strcmp(word, fields[i].name) == 0)
                reading_gauge(r, fields[i].field, (double)v);
    return true;
}
