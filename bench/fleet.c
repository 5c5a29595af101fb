/* bench/fleet.c - the made fleet's figures: a level of its own for each series, a day's
 * swing that all hosts share, noise.  Pure, any thread. */
#include "bench/fleet.h"

#include <math.h>
#include <stdio.h>

enum { DAY_MIN = 1440 };
#define SWING      0.25 /* of the level, over a day */
#define NOISE      0.06 /* of the level, from minute to minute */
#define NOISE_FIVE 0.03 /* what of it is left in means over five minutes */
#define WORSE_BY   0.3
#define TWO_PI     6.283185307179586

void fleet_host(unsigned host, char name[FLEET_NAME])
{
    snprintf(name, FLEET_NAME, "pay-%05u.example", host);
}

/* Some that the shipped rules name, the rest as a program of one's own sends them. */
const char *fleet_metric(unsigned metric)
{
    static const char *const usual[] = {"cpu.busy",     "cpu.iowait",  "load.load1",
                                        "mem.used_pct", "cpu.user",    "cpu.system",
                                        "net.rx_per_s", "net.tx_per_s"};
    static char own[FLEET_METRICS][24];
    if (metric < sizeof usual / sizeof *usual)
        return usual[metric];
    if (own[metric][0] == '\0')
        snprintf(own[metric], sizeof own[metric], "app.figure_%02u", metric);
    return own[metric];
}

bool fleet_changed(unsigned host)
{
    return host % 2 == 0;
}

/* Three numbers to one that looks like chance (splitmix64's finish). */
static uint64_t mix(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x =
        a * 0x9e3779b97f4a7c15u ^ b * 0xbf58476d1ce4e5b9u ^ c * 0x94d049bb133111ebu;
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Close to normal, spread 1: four even numbers of 16 bits. */
static double noise(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = mix(a, b, c);
    double sum = (double)(x & 0xffff) + (double)(x >> 16 & 0xffff) +
                 (double)(x >> 32 & 0xffff) + (double)(x >> 48);
    return (sum / 65536 - 2) * 1.7320508;
}

static double level(unsigned host, unsigned metric, int64_t minute)
{
    double phase = (double)(minute % DAY_MIN) / DAY_MIN + metric / 50.0;
    double own = 1 + 0.2 * noise(host, metric, 1);
    return (5 + 3.0 * (metric % 12)) * own * (1 + SWING * sin(TWO_PI * phase));
}

float fleet_minute(unsigned host, unsigned metric, int64_t minute, int64_t pivot_min)
{
    double v = level(host, metric, minute) *
               (1 + NOISE * noise(host, metric + 100, (uint64_t)minute));
    if (minute >= pivot_min && metric < FLEET_WORSE && fleet_changed(host))
        v *= 1 + WORSE_BY;
    return (float)v;
}

float fleet_five_minutes(unsigned host, unsigned metric, int64_t minute)
{
    return (float)(level(host, metric, minute) *
                   (1 + NOISE_FIVE * noise(host, metric + 200, (uint64_t)minute)));
}
