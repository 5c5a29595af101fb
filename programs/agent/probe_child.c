/* programs/agent/probe_child.c - libcurl for one request, then the end.
 *
 * libcurl is loaded, not linked, so that the agent stays small; what is used of it are
 * a few numbers of its stable interface (libcurl-symbols, soname libcurl.so.4), written
 * down here.  The main thread of a child. */
#include "programs/agent/probe_child.h"

#include "base/version.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Texts and pointers from 10000 on, functions from 20000 on, plain numbers below. */
enum {
    OPT_SSL_VERIFYPEER = 64,
    OPT_SSL_VERIFYHOST = 81,
    OPT_NOSIGNAL = 99,
    OPT_CONNECT_ONLY = 141,
    OPT_TIMEOUT_MS = 155,
    OPT_CERTINFO = 172,
    OPT_URL = 10002,
    OPT_ERRORBUFFER = 10010,
    OPT_USERAGENT = 10018,
    OPT_CAINFO = 10065,
    OPT_PROXY = 10004,
    OPT_WRITEFUNCTION = 20011,
    INFO_RESPONSE_CODE = 0x200002,
    INFO_TOTAL_TIME = 0x300003,
    INFO_NAMELOOKUP_TIME = 0x300004,
    INFO_CONNECT_TIME = 0x300005,
    INFO_PRETRANSFER_TIME = 0x300006,
    INFO_STARTTRANSFER_TIME = 0x300011,
    INFO_APPCONNECT_TIME = 0x300021,
    INFO_CERTINFO = 0x400022,
    ERROR_SIZE = 256,
};

struct list {
    char *data;
    struct list *next;
};
struct certinfo {
    int n;
    struct list **cert;
};

struct curl {
    void *(*init)(void);
    int (*set)(void *handle, int option, ...);
    int (*perform)(void *handle);
    int (*info)(void *handle, int info, ...);
    const char *(*error)(int code);
    void (*cleanup)(void *handle);
    void (*global_cleanup)(void);
    void *handle;
};

static int load(struct curl *c)
{
    static const char *const names[] = {"curl_easy_init",     "curl_easy_setopt",
                                        "curl_easy_perform",  "curl_easy_getinfo",
                                        "curl_easy_strerror", "curl_easy_cleanup",
                                        "curl_global_cleanup"};
    void *to[] = {&c->init,  &c->set,     &c->perform,       &c->info,
                  &c->error, &c->cleanup, &c->global_cleanup};
    void *lib = dlopen("libcurl.so.4", RTLD_NOW);
    if (lib == NULL)
        lib = dlopen("libcurl-gnutls.so.4", RTLD_NOW);
    for (size_t i = 0; lib != NULL && i < sizeof names / sizeof *names; i++) {
        void *at = dlsym(lib, names[i]);
        if (at == NULL)
            return -1;
        memcpy(to[i], &at, sizeof at);
    }
    c->handle = lib != NULL ? c->init() : NULL;
    return c->handle != NULL ? 0 : -1;
}

static size_t let_go(char *data, size_t size, size_t n, void *arg)
{
    (void)data, (void)arg;
    return size * n;
}

static double ms_of(struct curl *c, int info)
{
    double seconds = 0;
    c->info(c->handle, info, &seconds);
    return seconds * 1000;
}

/* "Nov 21 10:00:00 2027 GMT", by another TLS library "2027-11-21 10:00:00 GMT". */
static double days_until(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%b %d %H:%M:%S %Y", &tm);
    if (end == NULL)
        end = strptime(text, "%Y-%m-%d %H:%M:%S", &tm);
    return end != NULL ? difftime(timegm(&tm), time(NULL)) / 86400 : -1;
}

/* Of the server's own, which is the first. */
static double cert_days(struct curl *c)
{
    static const char field[] = "Expire date:";
    struct certinfo *all = NULL;
    if (c->info(c->handle, INFO_CERTINFO, &all) != 0 || all == NULL || all->n < 1)
        return -1;
    for (const struct list *l = all->cert[0]; l != NULL; l = l->next)
        if (strncmp(l->data, field, sizeof field - 1) == 0)
            return days_until(l->data + sizeof field - 1);
    return -1;
}

static void tell(struct curl *c)
{
    double dns = ms_of(c, INFO_NAMELOOKUP_TIME), connect = ms_of(c, INFO_CONNECT_TIME),
           tls = ms_of(c, INFO_APPCONNECT_TIME), sent = ms_of(c, INFO_PRETRANSFER_TIME),
           first = ms_of(c, INFO_STARTTRANSFER_TIME);
    long status = 0;
    c->info(c->handle, INFO_RESPONSE_CODE, &status);
    printf("ok %.3f %.3f %.3f %.3f %.3f %ld %.3f\n", dns, connect - dns,
           tls > 0 ? tls - connect : -1, first > 0 ? first - sent : -1,
           ms_of(c, INFO_TOTAL_TIME), status > 0 ? status : -1, cert_days(c));
}

int agent_probe_child(int argc, char **argv)
{
    struct curl c = {0};
    char words[ERROR_SIZE] = "";
    if (argc != AGENT_PROBE_CHILD_ARGS || load(&c) < 0)
        return AGENT_PROBE_CHILD_CANNOT;
    long verify = strcmp(argv[4], "insecure") != 0;
    c.set(c.handle, OPT_URL, argv[0]);
    c.set(c.handle, OPT_CONNECT_ONLY, (long)(strcmp(argv[1], "connect") == 0));
    c.set(c.handle, OPT_TIMEOUT_MS, strtol(argv[2], NULL, 10));
    if (argv[3][0] != '\0')
        c.set(c.handle, OPT_CAINFO, argv[3]);
    c.set(c.handle, OPT_SSL_VERIFYPEER, verify);
    c.set(c.handle, OPT_SSL_VERIFYHOST, verify * 2);
    c.set(c.handle, OPT_NOSIGNAL, 1L);
    c.set(c.handle, OPT_CERTINFO, 1L);
    c.set(c.handle, OPT_PROXY, "");
    c.set(c.handle, OPT_USERAGENT, "aftercheck-agent/" AFTERCHECK_VERSION);
    c.set(c.handle, OPT_ERRORBUFFER, words);
    c.set(c.handle, OPT_WRITEFUNCTION, let_go);
    int code = c.perform(c.handle);
    if (code == 0)
        tell(&c);
    else
        printf("failed %s\n", words[0] != '\0' ? words : c.error(code));
    c.cleanup(c.handle);
    c.global_cleanup();
    return fflush(stdout) == 0 ? 0 : 1;
}
