/* programs/coredump/journal.c - reading the journal forward.  One thread. */
#include "programs/coredump/journal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-journal.h>
#include <time.h>

struct journal {
    sd_journal *j;
    char *cursor;
    uint64_t strange;
};

static const char *const names[] = {
#define X(id, name) name,
    JOURNAL_FIELDS(X)
#undef X
};

static int seek(struct journal *j, const char *cursor, bool all)
{
    if (cursor[0] == '\0')
        return all ? sd_journal_seek_head(j->j) : sd_journal_seek_tail(j->j);
    int rc = sd_journal_seek_cursor(j->j, cursor);
    /* the entry itself, if it is still there, was read the last time */
    if (rc >= 0 && sd_journal_next(j->j) > 0 &&
        sd_journal_test_cursor(j->j, cursor) <= 0)
        rc = sd_journal_previous(j->j);
    return rc;
}

/* The tail is behind the last entry only once one has stepped onto that; where there is
 * none, all that will come is new. */
static int step_onto_tail(struct journal *j)
{
    int rc = sd_journal_previous(j->j);
    return rc == 0 ? sd_journal_seek_head(j->j) : rc;
}

struct journal *journal_open(const char *dir, const char *cursor, bool all,
                             struct err *err)
{
    struct journal *j = calloc(1, sizeof *j);
    if (j == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    int rc = dir != NULL ? sd_journal_open_directory(&j->j, dir, 0)
                         : sd_journal_open(&j->j, SD_JOURNAL_LOCAL_ONLY);
    if (rc >= 0)
        rc = sd_journal_set_data_threshold(j->j, JOURNAL_FIELD_MAX);
    if (rc >= 0)
        rc = sd_journal_add_match(j->j, "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1",
                                  0);
    if (rc >= 0)
        rc = seek(j, cursor, all);
    if (rc >= 0 && cursor[0] == '\0' && !all)
        rc = step_onto_tail(j);
    if (rc < 0) {
        err_sys(err, -rc, "the journal%s%s cannot be read", dir != NULL ? " in " : "",
                dir != NULL ? dir : "");
        journal_close(&j);
    }
    return j;
}

void journal_close(struct journal **j)
{
    if (*j == NULL)
        return;
    sd_journal_close((*j)->j);
    free((*j)->cursor);
    free(*j);
    *j = NULL;
}

void journal_entry_free(struct journal_entry *e)
{
    for (int i = 0; i < JOURNAL_FIELD_N; i++)
        buf_free(&e->field[i]);
}

static int read_field(struct journal *j, const char *name, struct buf *to)
{
    const void *data;
    size_t n, skip = strlen(name) + 1;
    int rc = sd_journal_get_data(j->j, name, &data, &n);
    buf_clear(to);
    if (rc == -ENOENT)
        return 0;
    if (rc >= 0 && n >= skip && n < JOURNAL_FIELD_MAX)
        buf_add_n(to, (const char *)data + skip, n - skip);
    return rc;
}

/* journald writes _SYSTEMD_UNIT itself; nobody can send it. */
static bool is_vouched_for(struct journal *j)
{
    static const char name[] = "_SYSTEMD_UNIT", unit[] = "systemd-coredump@";
    OWNED_BUF text = {0};
    return read_field(j, name, &text) >= 0 &&
           strncmp(buf_text(&text), unit, sizeof unit - 1) == 0;
}

static int read_entry(struct journal *j, struct journal_entry *e)
{
    uint64_t us = 0;
    int rc = sd_journal_get_realtime_usec(j->j, &us);
    for (int i = 0; rc >= 0 && i < JOURNAL_FIELD_N; i++) {
        rc = read_field(j, names[i], &e->field[i]);
        if (buf_done(&e->field[i]) < 0)
            rc = -ENOMEM;
    }
    e->time = (instant){(int64_t)(us / 1000)};
    return rc;
}

int journal_next(struct journal *j, struct journal_entry *ret, struct err *err)
{
    for (;;) {
        int rc = sd_journal_next(j->j);
        if (rc == 0)
            return 0;
        if (rc > 0 && !is_vouched_for(j)) {
            j->strange++;
            continue;
        }
        if (rc > 0)
            rc = read_entry(j, ret);
        if (rc == -EBADMSG) /* this one is damaged */
            continue;
        return rc >= 0 ? 1 : err_sys(err, -rc, "the journal cannot be read");
    }
}

const char *journal_cursor(struct journal *j)
{
    char *cursor;
    if (sd_journal_get_cursor(j->j, &cursor) >= 0) {
        free(j->cursor);
        j->cursor = cursor;
    }
    return j->cursor != NULL ? j->cursor : "";
}

uint64_t journal_strange(const struct journal *j)
{
    return j->strange;
}

/* Not sd_journal_wait, which waits on when a signal comes. */
int journal_wait(struct journal *j, int ms, struct err *err)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
    struct pollfd p = {.fd = sd_journal_get_fd(j->j)};
    sigset_t none;
    sigemptyset(&none);
    int events = p.fd >= 0 ? sd_journal_get_events(j->j) : p.fd;
    p.events = (short)events;
    if (events >= 0 && ppoll(&p, 1, &time, &none) < 0 && errno != EINTR)
        events = -errno;
    int rc = events >= 0 ? sd_journal_process(j->j) : events;
    return rc >= 0 ? 0 : err_sys(err, -rc, "the journal cannot be watched");
}
