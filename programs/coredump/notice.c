/* programs/coredump/notice.c - building a record out of parts that were checked.  One
 * thread. */
#include "programs/coredump/notice.h"

#include "base/json.h"
#include "base/jsonw.h"
#include "base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check(const struct notice *n, struct err *err)
{
    struct err why = {0};
    if (n->exe[0] == '\0' || text_check(n->exe, strlen(n->exe), &why) < 0)
        return err_set(err, EINVAL, "the program's path %s",
                       why.code != 0 ? why.text : "is not known");
    if (n->signal < 1 || n->signal > CORE_SIGNAL_MAX)
        return err_set(err, EINVAL, "signal %d is none", n->signal);
    return 0;
}

int notice_write(const struct notice *n, struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    if (check(n, err) < 0)
        return -1;
    struct core c = {.time = n->time,
                     .host = strdup(n->host),
                     .exe = strdup(n->exe),
                     .service = n->service[0] != '\0' ? strdup(n->service) : NULL,
                     .pid = n->pid,
                     .signal = n->signal};
    if (n->frames != NULL) {
        c.frame = n->frames->frame;
        c.n_frames = n->frames->n_frames;
        c.frames_left_out = n->frames->frames_left_out;
    }
    bool whole =
        c.host != NULL && c.exe != NULL && (c.service != NULL || n->service[0] == '\0');
    if (whole)
        core_write(&c, NULL, &w);
    free(c.host);
    free(c.exe);
    free(c.service);
    return whole && buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

int notice_again(const char *record, const struct loop_last *last, int64_t count,
                 struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    OWNED_JSON *doc = json_parse(record, strlen(record), err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    struct core *c = NULL;
    if (core_read(&root, INSTANT_NONE, &c, err) < 0)
        return -1;
    c->time = last->time;
    c->pid = last->pid;
    c->more = count - 1;
    core_write(c, NULL, &w);
    core_free(&c);
    return buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}
