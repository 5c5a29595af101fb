/* storage/core.c - reads and writes the records of coredumps.
 *
 * Always holds: what core_read let through is typed and bounded, so nobody behind it
 * checks again.  No state, any thread. */
#include "storage/core.h"

#include "base/names.h"
#include "storage/record.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FRAMES_LEFT_OUT_MAX = 1 << 30 };

/* --- signals --- */

const char *core_signal_name(int signal, char out[CORE_SIGNAL_TEXT_MAX])
{
    const char *name = sigabbrev_np(signal);
    if (name != NULL)
        snprintf(out, CORE_SIGNAL_TEXT_MAX, "SIG%s", name);
    else
        snprintf(out, CORE_SIGNAL_TEXT_MAX, "signal %d", signal);
    return out;
}

int core_signal_of(const char *name)
{
    const char *bare = strncasecmp(name, "SIG", 3) == 0 ? name + 3 : name;
    char own[CORE_SIGNAL_TEXT_MAX];
    for (int s = 1; s <= CORE_SIGNAL_MAX; s++) {
        const char *known = sigabbrev_np(s);
        if (known != NULL && strcasecmp(known, bare) == 0)
            return s;
        if (known == NULL && strcmp(core_signal_name(s, own), name) == 0)
            return s;
    }
    return 0;
}

/* --- reading --- */

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a coredump");
}

static int check_fn(const char *text, size_t n, struct err *err)
{
    return text_check(text, record_cut(text, n, CORE_FN_MAX), err);
}

#define FIELD(field) offsetof(struct core, field)
static const struct record_text core_fields[] = {
    {"host", name_check, true, 0, FIELD(host)},
    {"exe", text_check, true, 0, FIELD(exe)},
    {"service", name_check, false, 0, FIELD(service)},
    {"signature", name_check, false, 0, FIELD(signature)},
};
#undef FIELD
#define FIELD(field) offsetof(struct core_frame, field)
static const struct record_text frame_fields[] = {
    {"fn", check_fn, false, CORE_FN_MAX, FIELD(fn)},
    {"module", text_check, false, 0, FIELD(module)},
    {"build_id", name_check, false, 0, FIELD(build_id)},
};
#undef FIELD
enum {
    N_CORE_FIELDS = sizeof core_fields / sizeof *core_fields,
    N_FRAME_FIELDS = sizeof frame_fields / sizeof *frame_fields
};

static char **text_at(void *base, size_t offset)
{
    return (char **)(void *)((char *)base + offset);
}

static int read_signal(const struct json_at *v, struct core *c, struct err *err)
{
    static const char expected[] = "a signal's name such as SIGSEGV, or its number";
    struct json_at m;
    const char *text;
    int64_t number;
    if (!json_member(v, "signal", &m))
        return json_complain(&m, err, "is missing, expected %s", expected);
    if (json_kind(&m) == JSON_KIND_NUMBER) {
        if (json_whole(&m, &number, err) < 0)
            return -1;
        if (number < 1 || number > CORE_SIGNAL_MAX)
            return json_complain(&m, err, "is %lld, expected 1 to %d",
                                 (long long)number, CORE_SIGNAL_MAX);
        c->signal = (int)number;
        return 0;
    }
    if (json_text(&m, &text, NULL) < 0)
        return json_complain(&m, err, "expected %s", expected);
    c->signal = core_signal_of(text);
    if (c->signal == 0)
        return json_complain(&m, err, "is '%.40s', expected %s", text, expected);
    return 0;
}

static int read_pid(const struct json_at *v, struct core *c, struct err *err)
{
    struct json_at m;
    if (!json_member(v, "pid", &m))
        return 0;
    if (json_whole(&m, &c->pid, err) < 0)
        return -1;
    return c->pid >= 0 ? 0 : json_complain(&m, err, "is below 0");
}

static int read_count(const struct json_at *v, struct core *c, struct err *err)
{
    struct json_at m;
    int64_t count;
    if (!json_member(v, "count", &m))
        return 0;
    if (json_whole(&m, &count, err) < 0)
        return -1;
    if (count < 1 || count > CORE_COUNT_MAX)
        return json_complain(&m, err, "is %lld, expected 1 to %d", (long long)count,
                             CORE_COUNT_MAX);
    c->more = count - 1;
    return 0;
}

static int read_offset(const struct json_at *v, struct core_frame *f, struct err *err)
{
    struct json_at m;
    const char *text;
    int64_t whole;
    if (!json_member(v, "offset", &m))
        return 0;
    if (json_kind(&m) == JSON_KIND_NUMBER) {
        if (json_whole(&m, &whole, err) < 0)
            return -1;
        if (whole < 0)
            return json_complain(&m, err, "is below 0");
        f->offset = (uint64_t)whole;
    } else {
        if (json_text(&m, &text, err) < 0)
            return -1;
        size_t digits = strncmp(text, "0x", 2) == 0
                            ? strspn(text + 2, "0123456789abcdefABCDEF")
                            : 0;
        if (digits == 0 || digits > 16 || text[2 + digits] != '\0')
            return json_complain(
                &m, err, "is '%.40s', expected a whole number or \"0x1f3a\"", text);
        f->offset = strtoull(text, NULL, 16);
    }
    f->has_offset = true;
    return 0;
}

static int read_frame(const struct json_at *v, struct core_frame *f, struct err *err)
{
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object such as {\"fn\": \"main\"}");
    for (size_t i = 0; i < N_FRAME_FIELDS; i++)
        if (record_text(v, &frame_fields[i], f, err) < 0)
            return -1;
    if (f->fn != NULL && strcmp(f->fn, "??") == 0) { /* as gdb says unknown */
        free(f->fn);
        f->fn = NULL;
    }
    return read_offset(v, f, err);
}

static int read_frames(const struct json_at *v, struct core *c, struct err *err)
{
    struct json_at m;
    if (!json_member(v, "frames", &m))
        return 0;
    if (json_kind(&m) != JSON_KIND_LIST)
        return json_complain(&m, err, "expected a list of frames");
    size_t n = json_count(&m), kept = n < CORE_FRAMES_MAX ? n : CORE_FRAMES_MAX;
    c->frame = calloc(kept + 1, sizeof *c->frame);
    if (c->frame == NULL)
        return no_memory(err);
    c->frames_left_out = n - kept;
    for (; c->n_frames < kept; c->n_frames++) {
        struct json_at item = json_item(&m, c->n_frames);
        struct core_frame *f = &c->frame[c->n_frames];
        if (read_frame(&item, f, err) < 0) {
            c->n_frames++; /* what it holds is freed with the rest */
            return -1;
        }
    }
    return 0;
}

/* Frames that an earlier reader left out. */
static int read_left_out(const struct json_at *v, struct core *c, struct err *err)
{
    struct json_at m;
    int64_t whole;
    if (!json_member(v, "frames_left_out", &m))
        return 0;
    if (json_whole(&m, &whole, err) < 0)
        return -1;
    if (whole < 0 || whole > FRAMES_LEFT_OUT_MAX)
        return json_complain(&m, err, "is %lld, expected 0 to %d", (long long)whole,
                             FRAMES_LEFT_OUT_MAX);
    c->frames_left_out += (size_t)whole;
    return 0;
}

static int read_all(const struct json_at *v, instant now, struct core *c,
                    struct err *err)
{
    for (size_t i = 0; i < N_CORE_FIELDS; i++)
        if (record_text(v, &core_fields[i], c, err) < 0)
            return -1;
    if (record_own_time(v, "a recorded coredump", now, &c->time, err) < 0 ||
        read_signal(v, c, err) < 0 || read_pid(v, c, err) < 0 ||
        read_count(v, c, err) < 0 || read_frames(v, c, err) < 0)
        return -1;
    return read_left_out(v, c, err);
}

int core_read(const struct json_at *v, instant now, struct core **ret_core,
              struct err *err)
{
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object, a coredump");
    struct core *c = calloc(1, sizeof *c);
    if (c == NULL)
        return no_memory(err);
    if (read_all(v, now, c, err) < 0) {
        core_free(&c);
        return -1;
    }
    *ret_core = c;
    return 0;
}

void core_free(struct core **c)
{
    if (*c == NULL)
        return;
    for (size_t i = 0; i < (*c)->n_frames; i++)
        for (size_t k = 0; k < N_FRAME_FIELDS; k++)
            free(*text_at(&(*c)->frame[i], frame_fields[k].offset));
    for (size_t i = 0; i < N_CORE_FIELDS; i++)
        free(*text_at(*c, core_fields[i].offset));
    free((*c)->frame);
    free(*c);
    *c = NULL;
}

/* --- writing --- */

static void write_text(struct jsonw *w, const char *key, const char *text)
{
    if (text != NULL)
        jsonw_text(w, key, text);
}

static void write_frame(struct jsonw *w, const struct core_frame *f)
{
    char offset[24];
    jsonw_open(w, NULL);
    write_text(w, "fn", f->fn);
    write_text(w, "module", f->module);
    write_text(w, "build_id", f->build_id);
    if (f->has_offset) {
        /* as text: a number would be exact up to 2^53 only */
        snprintf(offset, sizeof offset, "0x%llx", (unsigned long long)f->offset);
        jsonw_text(w, "offset", offset);
    }
    jsonw_close(w);
}

void core_write(const struct core *c, const char *key, struct jsonw *w)
{
    char signal[CORE_SIGNAL_TEXT_MAX];
    jsonw_open(w, key);
    jsonw_instant(w, "time", c->time);
    write_text(w, "host", c->host);
    write_text(w, "service", c->service);
    write_text(w, "exe", c->exe);
    if (c->pid > 0)
        jsonw_int(w, "pid", c->pid);
    jsonw_text(w, "signal", core_signal_name(c->signal, signal));
    if (c->more > 0)
        jsonw_int(w, "count", c->more + 1);
    write_text(w, "signature", c->signature);
    jsonw_list(w, "frames");
    for (size_t i = 0; i < c->n_frames; i++)
        write_frame(w, &c->frame[i]);
    jsonw_end(w);
    if (c->frames_left_out > 0)
        jsonw_int(w, "frames_left_out", (int64_t)c->frames_left_out);
    jsonw_close(w);
}
