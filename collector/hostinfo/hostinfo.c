/* collector/hostinfo/hostinfo.c - goes through the sources, one reading after another.
 *
 * Each source's file is opened at first need and read again from its start with pread,
 * which makes the kernel write its text anew.  A file that fails is closed and opened
 * again at the next reading, so a source that comes later (a module is loaded) is
 * noticed.  One thread. */
#include "collector/hostinfo/hostinfo.h"

#include "base/names.h"
#include "collector/hostinfo/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define X(fn, name, path, gives) [HOSTINFO_##fn] = {hostinfo_##fn, name, path, gives},
static const struct {
    bool (*read)(struct reading *r);
    const char *name, *path, *gives;
} sources[HOSTINFO_SOURCE_N] = {HOSTINFO_SOURCES(X)};
#undef X

struct hostinfo {
    char *root_path;
    char *tags;
    int root;
    int fd[HOSTINFO_SOURCE_N]; /* -1: not open */
    bool silent[HOSTINFO_SOURCE_N];
    struct rates *rates;
    struct buf file;
    int64_t last_ms;
    bool begun;
};

/* ",host=h1,service=pay" */
static char *tags_of(const struct hostinfo_spec *spec)
{
    const char *const pair[][2] = {{",host=", spec->host},
                                   {",service=", spec->service}};
    struct buf b = {0};
    for (size_t i = 0; i < 2; i++) {
        if (pair[i][1] == NULL || pair[i][1][0] == '\0')
            continue;
        buf_add(&b, pair[i][0]);
        for (const char *p = pair[i][1]; *p != '\0'; p++) {
            if (*p == ',' || *p == '=' || *p == ' ')
                buf_add_ch(&b, '\\');
            buf_add_ch(&b, *p);
        }
    }
    return buf_give(&b);
}

static int check_spec(const struct hostinfo_spec *spec, struct err *err)
{
    struct err why = {0};
    if (name_check(spec->host, strlen(spec->host), &why) < 0)
        return err_set(err, EINVAL, "host: %s", why.text);
    if (spec->service != NULL && spec->service[0] != '\0' &&
        name_check(spec->service, strlen(spec->service), &why) < 0)
        return err_set(err, EINVAL, "service: %s", why.text);
    return 0;
}

struct hostinfo *hostinfo_new(const struct hostinfo_spec *spec, struct err *err)
{
    if (check_spec(spec, err) < 0)
        return NULL;
    struct hostinfo *h = calloc(1, sizeof *h);
    if (h == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++)
        h->fd[i] = -1;
    h->root = open(spec->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (h->root < 0)
        err_sys(err, errno, "%s", spec->root);
    h->rates = rates_new();
    h->tags = tags_of(spec);
    h->root_path = strdup(strcmp(spec->root, "/") == 0 ? "" : spec->root);
    if (h->root < 0 || h->rates == NULL || h->tags == NULL || h->root_path == NULL) {
        err_set(err, ENOMEM, "out of memory"); /* unless the first cause was another */
        hostinfo_free(&h);
    }
    return h;
}

void hostinfo_free(struct hostinfo **h)
{
    if (*h == NULL)
        return;
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++)
        if ((*h)->fd[i] >= 0)
            close((*h)->fd[i]);
    if ((*h)->root >= 0)
        close((*h)->root);
    rates_free(&(*h)->rates);
    buf_free(&(*h)->file);
    free((*h)->root_path);
    free((*h)->tags);
    free(*h);
    *h = NULL;
}

/* Reads the source's file into h->file. */
static bool fetch(struct hostinfo *h, enum hostinfo_source i)
{
    if (h->fd[i] < 0)
        h->fd[i] = openat(h->root, sources[i].path, O_RDONLY | O_CLOEXEC);
    if (h->fd[i] < 0)
        return false;
    if (reading_file(h->fd[i], &h->file))
        return true;
    close(h->fd[i]);
    h->fd[i] = -1;
    return false;
}

size_t hostinfo_read(struct hostinfo *h, instant at, int64_t monotonic, struct buf *to)
{
    struct reading r = {.root_path = h->root_path,
                        .root = h->root,
                        .rates = h->rates,
                        .to = to,
                        .tags = h->tags,
                        .at_s = at.ms / 1000};
    if (h->begun)
        r.seconds = (double)(monotonic - h->last_ms) / 1000;
    h->begun = true;
    h->last_ms = monotonic;
    rates_begin(h->rates, r.seconds);
    bool there = false;
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++) {
        if (i == 0 || strcmp(sources[i].path, sources[i - 1].path) != 0)
            there = fetch(h, (enum hostinfo_source)i);
        r.text = buf_text(&h->file);
        h->silent[i] = !there || !sources[i].read(&r);
        reading_end(&r);
    }
    return r.samples;
}

void hostinfo_add(const struct hostinfo *h, instant at, const char *measurement,
                  const char *field, double v, struct buf *to)
{
    struct reading r = {.to = to, .tags = h->tags, .at_s = at.ms / 1000};
    reading_line(&r, measurement, NULL, NULL);
    reading_gauge(&r, field, v);
    reading_end(&r);
}

bool hostinfo_silent(const struct hostinfo *h, enum hostinfo_source source)
{
    return h->silent[source];
}

const char *hostinfo_source_name(enum hostinfo_source source)
{
    return sources[source].name;
}

const char *hostinfo_source_gives(enum hostinfo_source source)
{
    return sources[source].gives;
}
