/* collector/hostinfo/net.c - network interfaces, from /proc/net/dev.  Those that come
 * and go with containers are left out: their bytes show on the host's own. */
#include "collector/hostinfo/reading.h"

#include <string.h>

/* Columns behind "eth0:". */
enum {
    RX_BYTES,
    RX_PACKETS,
    RX_ERRS,
    RX_DROP,
    TX_BYTES = 8,
    TX_PACKETS,
    TX_ERRS,
    TX_DROP,
    COLUMNS
};

static const struct {
    const char *name;
    int column;
} fields[] = {{"rx_bytes", RX_BYTES},     {"tx_bytes", TX_BYTES},
              {"rx_packets", RX_PACKETS}, {"tx_packets", TX_PACKETS},
              {"rx_errs", RX_ERRS},       {"tx_errs", TX_ERRS},
              {"rx_drop", RX_DROP},       {"tx_drop", TX_DROP}};

static bool is_passing(const char *name)
{
    static const char *const starts[] = {"veth", "cali",  "lxc",   "tap", "docker",
                                         "br-",  "virbr", "dummy", "ifb"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void net_line(struct reading *r, const char *name, const char *p)
{
    uint64_t v[COLUMNS];
    for (int i = 0; i < COLUMNS; i++)
        if (!scan_number(&p, &v[i]))
            return;
    if (v[RX_PACKETS] + v[TX_PACKETS] == 0)
        return; /* never used */
    reading_line(r, "net", "iface", name);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        reading_rate(r, fields[i].name, v[fields[i].column], 1);
}

bool hostinfo_net(struct reading *r)
{
    const char *p = r->text;
    size_t shown = 0;
    if (strncmp(p, "Inter-|", 7) != 0)
        return false;
    while (scan_next_line(&p)) {
        char name[READING_NAME_MAX];
        while (*p == ' ')
            p++;
        size_t n = strcspn(p, ": \n");
        if (p[n] != ':' || n == 0 || n >= sizeof name)
            continue;
        memcpy(name, p, n);
        name[n] = '\0';
        if (!is_passing(name) && shown++ < READING_THINGS_MAX)
            net_line(r, name, p + n + 1);
    }
    return true;
}
