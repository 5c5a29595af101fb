/* tests of rules/defaults: which shipped rule speaks for what the usual senders send.
 *
 * Names are those of collector/hostinfo; of Telegraf's plugins cpu, mem, swap, system,
 * disk, diskio, net, netstat, processes and kernel; of collectd's types.db as
 * collector/in_collectd writes them; and of node_exporter. */
#include "rules/ruleset.h"
#include "tests/test.h"

static struct ruleset *shipped(void)
{
    static struct ruleset *rs;
    struct complaints c = {0};
    if (rs == NULL)
        rs = ruleset_load(NULL, &c);
    CHECK(rs != NULL);
    CHECK_INT(c.n, 0);
    return rs;
}

static const struct {
    const char *metric, *rule;
    int worse;
    const char *unit;
} levels[] = {
    /* aftercheck-agent */
    {"cpu.busy", "cpu.busy", WORSE_UP, "%"},
    {"cpu.iowait", "cpu.wait", WORSE_UP, "%"},
    {"ctxt.switches", "ctxt.switches", WORSE_UP, "/s"},
    {"procs.running", "procs.busy", WORSE_UP, NULL},
    {"procs.threads", "procs.count", WORSE_UP, NULL},
    {"load.1m", "load", WORSE_UP, NULL},
    {"load.15m", "load", WORSE_UP, NULL},
    {"mem.used_pct", "mem.used", WORSE_UP, "%"},
    {"mem.available", "mem.available", WORSE_DOWN, "bytes"},
    {"mem.cached", "mem.other", WORSE_BOTH, NULL},
    {"mem.major_faults", "mem.trouble", WORSE_UP, "/s"},
    {"mem.oom_kills", "mem.other", WORSE_BOTH, NULL},
    {"swap.used_pct", "mem.swap", WORSE_UP, "%"},
    {"disk.util{device=sda}", "disk.busy", WORSE_UP, "%"},
    {"disk.await{device=sda}", "disk.await", WORSE_UP, "ms"},
    {"disk.read_bytes{device=sda}", "disk.traffic", WORSE_UP, "bytes/s"},
    {"fs.used_pct{mount=/var}", "fs.used", WORSE_UP, "%"},
    {"fs.inodes_pct{mount=/var}", "fs.used", WORSE_UP, "%"},
    {"net.rx_bytes{iface=eth0}", "net.traffic", WORSE_BOTH, NULL},
    {"net.tx_errs{iface=eth0}", "net.trouble", WORSE_UP, "/s"},
    {"net.rx_drop{iface=eth0}", "net.trouble", WORSE_UP, "/s"},
    {"tcp.established", "tcp.connections", WORSE_BOTH, NULL},
    {"tcp.retrans_pct", "tcp.retrans", WORSE_UP, "/s"},
    {"tcp.listen_overflows", "tcp.stuck", WORSE_UP, NULL},
    {"files.open", "files.open", WORSE_UP, NULL},
    {"pressure.io", "pressure", WORSE_UP, "%"},
    /* Telegraf */
    {"cpu.usage_user{cpu=cpu-total}", "cpu.busy", WORSE_UP, "%"},
    {"cpu.usage_idle{cpu=cpu-total}", "cpu.idle", WORSE_DOWN, "%"},
    {"cpu.usage_iowait{cpu=cpu-total}", "cpu.wait", WORSE_UP, "%"},
    {"cpu.usage_user{cpu=cpu3}", "cpu.core", WORSE_BOTH, "%"},
    {"system.load1", "load", WORSE_UP, NULL},
    {"mem.used_percent", "mem.used", WORSE_UP, "%"},
    {"mem.available_percent", "mem.available_share", WORSE_DOWN, "%"},
    {"swap.used_percent", "mem.swap", WORSE_UP, "%"},
    {"disk.used_percent{device=sda1,fstype=ext4,mode=rw,path=/}", "fs.used", WORSE_UP,
     "%"},
    {"netstat.tcp_established", "tcp.connections", WORSE_BOTH, NULL},
    {"netstat.tcp_close_wait", "tcp.stuck", WORSE_UP, NULL},
    {"processes.blocked", "procs.busy", WORSE_UP, NULL},
    {"processes.total_threads", "procs.count", WORSE_UP, NULL},
    {"diskio.read_bytes{name=sda}", "counters.raw", WORSE_BOTH, NULL},
    {"net.bytes_recv{interface=eth0}", "counters.raw", WORSE_BOTH, NULL},
    {"net.err_in{interface=eth0}", "counters.raw", WORSE_BOTH, NULL},
    {"net.drop_out{interface=eth0}", "counters.raw", WORSE_BOTH, NULL},
    {"kernel.context_switches", "counters.raw", WORSE_BOTH, NULL},
    {"system.uptime", "counters.raw", WORSE_BOTH, NULL},
    /* collectd */
    {"cpu.percent{plugin_instance=0,type_instance=user}", "collectd.cpu", WORSE_UP,
     "%"},
    {"cpu.cpu{plugin_instance=0,type_instance=system}", "collectd.cpu", WORSE_UP, "%"},
    {"cpu.percent{type_instance=idle}", "collectd.cpu_idle", WORSE_DOWN, "%"},
    {"cpu.percent{type_instance=wait}", "cpu.wait", WORSE_UP, "%"},
    {"load.load.shortterm", "load", WORSE_UP, NULL},
    {"memory.percent{type_instance=used}", "mem.used", WORSE_UP, "%"},
    {"memory.memory{type_instance=used}", "collectd.memory_bytes", WORSE_UP, "bytes"},
    {"memory.memory{type_instance=cached}", "mem.other", WORSE_BOTH, NULL},
    {"df.percent_bytes{plugin_instance=root,type_instance=used}", "fs.used", WORSE_UP,
     "%"},
    {"disk.disk_octets.read{plugin_instance=sda}", "disk.traffic", WORSE_UP, "bytes/s"},
    {"disk.disk_io_time.io_time{plugin_instance=sda}", "collectd.disk", WORSE_UP, "ms"},
    {"interface.if_octets.rx{plugin_instance=eth0}", "net.traffic", WORSE_BOTH, NULL},
    {"interface.if_errors.tx{plugin_instance=eth0}", "net.trouble", WORSE_UP, "/s"},
    /* node_exporter */
    {"node_cpu_seconds_total{cpu=0,mode=user}", "node.cpu", WORSE_UP, "cores"},
    {"node_cpu_seconds_total{cpu=0,mode=idle}", "node.cpu_idle", WORSE_DOWN, "cores"},
    {"node_cpu_seconds_total{cpu=0,mode=iowait}", "node.cpu_other", WORSE_UP, "cores"},
    {"node_load1", "load", WORSE_UP, NULL},
    {"node_memory_MemAvailable_bytes", "mem.available", WORSE_DOWN, "bytes"},
    {"node_memory_Cached_bytes", "mem.other", WORSE_BOTH, NULL},
    {"node_filesystem_avail_bytes{device=sda1,fstype=ext4,mountpoint=/}", "node.space",
     WORSE_DOWN, "bytes"},
    {"node_disk_io_time_seconds_total{device=sda}", "node.disk", WORSE_UP, "s"},
    {"node_disk_written_bytes_total{device=sda}", "disk.traffic", WORSE_UP, "bytes/s"},
    {"node_network_receive_bytes_total{device=eth0}", "net.traffic", WORSE_BOTH, NULL},
    {"node_network_receive_errs_total{device=eth0}", "net.trouble", WORSE_UP, "/s"},
    {"node_network_transmit_drop_total{device=eth0}", "net.trouble", WORSE_UP, "/s"},
    {"node_netstat_Tcp_CurrEstab", "tcp.connections", WORSE_BOTH, NULL},
    {"node_netstat_Tcp_RetransSegs", "node.raw", WORSE_BOTH, NULL},
    {"node_vmstat_pgmajfault", "node.raw", WORSE_BOTH, NULL},
    {"node_pressure_cpu_waiting_seconds_total", "node.pressure", WORSE_UP, "s"},
    {"node_procs_blocked", "procs.busy", WORSE_UP, NULL},
    /* programs themselves, after a release */
    {"process_resident_memory_bytes", "release.memory", WORSE_UP, "bytes"},
    {"procstat.memory_rss{process_name=pay}", "release.memory", WORSE_UP, "bytes"},
    {"jvm_memory_used_bytes{area=heap}", "release.memory", WORSE_UP, "bytes"},
    {"process_cpu_seconds_total", "release.cpu", WORSE_UP, NULL},
    {"process_open_fds", "release.files", WORSE_UP, NULL},
    {"go_goroutines", "release.threads", WORSE_UP, NULL},
    {"jvm_gc_pause_seconds_sum{cause=Allocation}", "release.collecting", WORSE_UP,
     NULL},
    /* what nobody wrote a rule for, such as a program's own figures */
    {"app_queue_length", "series.moved", WORSE_BOTH, NULL},
    {"orders.accepted", "series.moved", WORSE_BOTH, NULL},
};

TEST(each_senders_figures_have_their_rule_with_its_polarity_and_unit)
{
    struct change c = {.kind = CHANGE_RELEASE};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const struct rule *r =
            ruleset_for_series(shipped(), &c, levels[i].metric, "h1");
        if (r == NULL || strcmp(r->id, levels[i].rule) != 0)
            test_fail(__FILE__, __LINE__, "%s is judged by %s, expected %s",
                      levels[i].metric, r != NULL ? r->id : "nobody", levels[i].rule);
        if (r->worse != levels[i].worse ||
            (r->unit == NULL) != (levels[i].unit == NULL))
            test_fail(__FILE__, __LINE__, "%s: polarity or unit", levels[i].metric);
        if (r->unit != NULL)
            CHECK_TEXT(r->unit, levels[i].unit);
    }
}

TEST(hard_limits_hold_for_each_senders_share_of_what_is_used)
{
    static const struct {
        const char *metric, *rule;
    } limits[] = {
        {"cpu.busy", "cpu.full"},
        {"cpu.usage_active{cpu=cpu-total}", "cpu.full"},
        {"mem.used_pct", "mem.full"},
        {"mem.used_percent", "mem.full"},
        {"memory.percent{type_instance=used}", "mem.full"},
        {"fs.used_pct{mount=/}", "fs.full"},
        {"disk.used_percent{path=/}", "fs.full"},
        {"df.percent_bytes{plugin_instance=root,type_instance=used}", "fs.full"},
        {"disk.util{device=sda}", "disk.saturated"},
    };
    struct change c = {.kind = CHANGE_RELEASE};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct rule *r = ruleset_for_limit(shipped(), &c, limits[i].metric, "h1");
        if (r == NULL || strcmp(r->id, limits[i].rule) != 0)
            test_fail(__FILE__, __LINE__, "%s: %s", limits[i].metric,
                      r != NULL ? r->id : "no limit");
    }
    CHECK(ruleset_for_limit(shipped(), &c, "cpu.usage_active{cpu=cpu3}", "h1") == NULL);
}

TEST(sums_since_the_start_of_a_host_never_count)
{
    struct change c = {.kind = CHANGE_BATCH_RESTART};
    const struct rule *r =
        ruleset_for_series(shipped(), &c, "net.bytes_sent{interface=eth0}", "h1");
    CHECK(r != NULL && r->shadow);
    r = ruleset_for_series(shipped(), &c, "node_boot_time_seconds", "h1");
    CHECK(r != NULL && r->shadow);
}

TEST(every_shipped_rule_has_its_reason_advice_and_runbook)
{
    const struct ruleset *rs = shipped();
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->why == NULL || r->advice == NULL || r->runbook == NULL ||
            r->owner == NULL)
            test_fail(__FILE__, __LINE__, "%s lacks one", r->id);
    }
}

TEST(each_kind_of_change_has_rules_of_its_own_that_stand_before_the_others)
{
    static const struct {
        enum change_kind kind;
        const char *cores, *silence, *traffic, *cached;
    } kinds[] = {
        {CHANGE_RELEASE, "crashes", "host.silent", "calls.gone", "mem.other"},
        {CHANGE_CONFIG, "config.crashes", "config.silent", "config.traffic",
         "mem.other"},
        {CHANGE_SCALE_OUT, "scale.crashes", "scale.silent", "calls.gone", "mem.other"},
        {CHANGE_BATCH_RESTART, "restart.crashes", "restart.not-back", "calls.gone",
         "restart.caches"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct change c = {.kind = kinds[i].kind};
        bool excepted;
        const struct ruleset *rs = shipped();
        CHECK_TEXT(ruleset_for_cores(rs, &c)->id, kinds[i].cores);
        CHECK_TEXT(ruleset_for_silence(rs, &c, "h1", &excepted)->id, kinds[i].silence);
        CHECK(!excepted);
        CHECK_TEXT(ruleset_for_calls(rs, &c, MEASURE_TRAFFIC, "web->pay:/x")->id,
                   kinds[i].traffic);
        CHECK_TEXT(ruleset_for_series(rs, &c, "mem.cached", "h1")->id, kinds[i].cached);
    }
}
