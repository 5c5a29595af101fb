/* collector/hostinfo/hostinfo.h - a host's metrics, read from /proc and /sys, as line
 * protocol.
 *
 * One list of sources, one file each; a source whose file is missing is left out.
 * Counters become rates a second here, once: a counter that was reset gives nothing for
 * one reading, one that wrapped at 32 bits goes on.  So the first reading has gauges
 * only.  Files stay open between readings.  One thread at a time. */
#ifndef COLLECTOR_HOSTINFO_HOSTINFO_H
#define COLLECTOR_HOSTINFO_HOSTINFO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* function, name, file under the root, what it gives.  Sources of the same file stand
 * together: it is read once for them. */
#define HOSTINFO_SOURCES(X)                                                            \
    X(cpu, "cpu", "proc/stat",                                                         \
      "cpu: busy user system iowait steal, percent of all processors")                 \
    X(ctxt, "ctxt", "proc/stat", "ctxt: switches forks interrupts, a second")          \
    X(proc, "procs", "proc/stat", "procs: running blocked total")                      \
    X(load, "load", "proc/loadavg", "load: 1m 5m 15m; procs: threads")                 \
    X(memory, "memory", "proc/meminfo",                                                \
      "mem: used_pct available cached dirty; swap: used_pct; bytes and percent")       \
    X(paging, "paging", "proc/vmstat",                                                 \
      "mem: major_faults oom_kills; swap: in out, a second")                           \
    X(disk, "disk", "proc/diskstats",                                                  \
      "disk{device=}: util (percent) read_bytes write_bytes reads writes, a second; "  \
      "await, milliseconds a request")                                                 \
    X(fs, "fs", "proc/mounts", "fs{mount=}: used_pct inodes_pct")                      \
    X(net, "net", "proc/net/dev",                                                      \
      "net{iface=}: rx_bytes tx_bytes rx_packets tx_packets rx_errs tx_errs rx_drop "  \
      "tx_drop, a second")                                                             \
    X(tcp, "tcp", "proc/net/snmp",                                                     \
      "tcp: established; opens_active opens_passive fails resets retrans in_errs "     \
      "out_rsts, a second; retrans_pct of segments; udp: in_errs, a second")           \
    X(tcp_sockets, "tcp_sockets", "proc/net/sockstat",                                 \
      "tcp: time_wait orphans sockets")                                                \
    X(tcp_trouble, "tcp_trouble", "proc/net/netstat",                                  \
      "tcp: listen_overflows listen_drops timeouts, a second")                         \
    X(files, "files", "proc/sys/fs/file-nr", "files: open used_pct")                   \
    X(pressure_cpu, "pressure_cpu", "proc/pressure/cpu",                               \
      "pressure: cpu, percent of time that some task waited")                          \
    X(pressure_memory, "pressure_memory", "proc/pressure/memory", "pressure: memory")  \
    X(pressure_io, "pressure_io", "proc/pressure/io", "pressure: io")
#define X(fn, name, path, gives) HOSTINFO_##fn,
enum hostinfo_source { HOSTINFO_SOURCES(X) HOSTINFO_SOURCE_N };
#undef X

struct hostinfo_spec {
    const char *root;    /* "/", or a folder that looks like it; copied */
    const char *host;    /* tags of each line */
    const char *service; /* "" or NULL: none */
};

struct hostinfo;
struct hostinfo *hostinfo_new(const struct hostinfo_spec *spec, struct err *err);
void hostinfo_free(struct hostinfo **h);

/* Adds the lines of one reading, of time `at` in whole seconds.  `monotonic` says how
 * long the last reading was ago.  Gives the number of samples in them. */
size_t hostinfo_read(struct hostinfo *h, instant at, int64_t monotonic, struct buf *to);

/* Adds a line with one sample of the agent's own. */
void hostinfo_add(const struct hostinfo *h, instant at, const char *measurement,
                  const char *field, double v, struct buf *to);

/* Whether the last reading had nothing from this source (no file, not its format). */
bool hostinfo_silent(const struct hostinfo *h, enum hostinfo_source source);
const char *hostinfo_source_name(enum hostinfo_source source);
/* What it gives, for a manual. */
const char *hostinfo_source_gives(enum hostinfo_source source);

#endif
