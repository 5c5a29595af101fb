/* storage/arena.c - reserving, growing, walking and syncing the mapped file.
 *
 * Layout: one page of head, then chunks and areas in the order they were asked for.  A
 * chunk holds records one behind the other; `used` is moved past a record only when it
 * is whole, `next` is set only when the next chunk is ready, and chunks rise in the
 * file.  What lies behind the last known end is free, whatever is in it: so a kill
 * between reserving an area and publishing its record costs nothing after the next
 * open.  A range of bytes_max is reserved in the address space at once and never moves.
 * The lock is a POSIX one, as it must not be handed on to forked children. */
#include "storage/arena.h"

#include "base/instant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the file's numbers are little-endian");
_Static_assert(sizeof(struct record) == 16, "part of the file format");

enum {
    PAGE = 4096,
    VERSION = 1, /* to be raised with any change of format; older files are set aside */
    START_BYTES = 1 << 20,
    GROW_MIN = 1 << 20,
    GROW_MAX = 1 << 30,
    CHUNK_MIN = 32 << 10,
    CHUNK_MAX = 4 << 20,
    CHUNK_MARK = 0x4b4e4843,
    BOOT_ID_MAX = 40,
};
static const char magic[8] = "acwindow";

struct file_head {
    char magic[8];
    uint32_t version, check; /* check: of magic, version and shape */
    uint64_t shape[2];
    _Atomic uint64_t synced; /* records that were on disk at the last sync */
    uint32_t clean, boot;
    _Atomic uint32_t sync; /* the number of that sync */
    uint32_t spare;
    char boot_id[BOOT_ID_MAX];
};
_Static_assert(sizeof(struct file_head) <= PAGE, "the head is one page");

struct chunk {
    uint32_t mark, bytes;
    _Atomic uint32_t used; /* from the chunk's start */
    uint32_t spare;
    _Atomic uint64_t next; /* offset, 0: the last one */
};
_Static_assert(sizeof(struct chunk) == 24, "part of the file format");

struct arena {
    char *path; /* NULL: memory only */
    int fd;
    char *base;
    uint64_t range; /* bytes reserved in the address space */
    uint64_t bytes_max;
    _Atomic uint64_t size; /* bytes that may be touched */
    uint64_t used;         /* everything from here on is free */
    struct chunk *last;
    _Atomic uint64_t n_records;
    bool lost_power;
    bool peek; /* mapped for this process alone, and never written */
};

static struct file_head *head_of(const struct arena *a)
{
    return (struct file_head *)a->base;
}

static uint64_t size_of(const struct arena *a)
{
    return atomic_load_explicit(&a->size, memory_order_relaxed);
}

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

/* Word by word; `n` is a multiple of 8.  Part of the file format. */
static uint32_t check_of(const void *bytes, size_t n, uint64_t start)
{
    uint64_t h = start ^ 0x9e3779b97f4a7c15;
    for (size_t i = 0; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, (const char *)bytes + i, 8);
        h = (h ^ word) * 0xff51afd7ed558ccd;
        h ^= h >> 32;
    }
    return (uint32_t)(h ^ h >> 29) | 1; /* never 0: an empty place is no record */
}

static uint32_t head_check(const struct file_head *h)
{
    uint64_t words[] = {0, h->version, h->shape[0], h->shape[1]};
    memcpy(words, h->magic, 8);
    return check_of(words, sizeof words, 0);
}

static uint32_t record_check(const struct record *r)
{
    uint64_t words =
        (uint64_t)r->type << 48 | (uint64_t)r->bytes << 32 | (uint64_t)r->sealed << 16;
    return check_of(r + 1, r->sealed, words * 31 + r->number);
}

static void boot_id_read(char out[BOOT_ID_MAX])
{
    memset(out, 0, BOOT_ID_MAX); /* unreadable counts as a loss of power: slow, safe */
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, out, BOOT_ID_MAX - 1);
    if (n < 36)
        memset(out, 0, BOOT_ID_MAX);
    close(fd);
}

/* --- growing --- */

static int reserve_disk(int fd, uint64_t from, uint64_t to)
{
    int rc;
    do {
        rc = posix_fallocate(fd, (off_t)from, (off_t)(to - from));
    } while (rc == EINTR);
    return rc;
}

/* Makes [0, to) touchable. */
static int grow(struct arena *a, uint64_t to)
{
    uint64_t size = size_of(a);
    to = round_up(to, PAGE);
    if (to <= size)
        return 0;
    if (to > a->bytes_max || a->peek)
        return -1;
    if (a->path != NULL) {
        uint64_t more = size / 8 < GROW_MIN ? GROW_MIN : size / 8;
        uint64_t want = size + (more > GROW_MAX ? GROW_MAX : more);
        want = want > a->bytes_max ? a->bytes_max : want;
        if (want > to && reserve_disk(a->fd, size, want) == 0)
            to = want;
        else if (reserve_disk(a->fd, size, to) != 0)
            return -1;
    }
    atomic_store_explicit(&a->size, to, memory_order_relaxed);
    return 0;
}

void *arena_area(struct arena *a, uint64_t bytes)
{
    uint64_t at = round_up(a->used, ARENA_ALIGN);
    if (bytes > a->bytes_max || at > a->bytes_max - bytes || grow(a, at + bytes) < 0)
        return NULL;
    a->used = at + bytes;
    return a->base + at;
}

void *arena_claim(struct arena *a, uint64_t offset, uint64_t bytes)
{
    uint64_t size = size_of(a);
    if (offset < PAGE || offset % ARENA_ALIGN != 0 || offset > size ||
        bytes > size - offset)
        return NULL;
    if (offset + bytes > a->used)
        a->used = offset + bytes;
    return a->base + offset;
}

uint64_t arena_offset(const struct arena *a, const void *p)
{
    return (uint64_t)((const char *)p - a->base);
}

void *arena_at(const struct arena *a, uint64_t offset)
{
    return a->base + offset;
}

void arena_forget(struct arena *a, void *area, uint64_t bytes)
{
    uint64_t from = round_up(arena_offset(a, area), PAGE);
    uint64_t to = (arena_offset(a, area) + bytes) / PAGE * PAGE;
    if (a->path == NULL && to > from)
        madvise(a->base + from, to - from, MADV_DONTNEED);
}

/* --- records --- */

static struct chunk *chunk_new(struct arena *a, uint32_t bytes)
{
    struct chunk *c = arena_area(a, bytes);
    if (c == NULL)
        return NULL;
    *c = (struct chunk){.mark = CHUNK_MARK, .bytes = bytes, .used = sizeof *c};
    return c;
}

struct record *arena_record(struct arena *a, uint16_t type, size_t body, size_t sealed)
{
    size_t bytes = round_up(sizeof(struct record) + body, 8);
    assert(type != 0 && bytes <= ARENA_RECORD_MAX && sealed % 8 == 0 && sealed <= body);
    uint32_t used = atomic_load_explicit(&a->last->used, memory_order_relaxed);
    if (a->last->bytes - used < bytes) {
        uint64_t want = size_of(a) / 64 / CHUNK_MIN * CHUNK_MIN;
        want = want < CHUNK_MIN ? CHUNK_MIN : want > CHUNK_MAX ? CHUNK_MAX : want;
        struct chunk *c = chunk_new(a, (uint32_t)want);
        if (c == NULL)
            return NULL;
        atomic_store_explicit(&a->last->next, arena_offset(a, c), memory_order_release);
        a->last = c;
        used = sizeof *c;
    }
    struct record *r = (struct record *)((char *)a->last + used);
    memset(r, 0, bytes);
    r->type = type;
    r->bytes = (uint16_t)bytes;
    r->sealed = (uint16_t)sealed;
    return r;
}

void arena_publish(struct arena *a, struct record *r)
{
    uint32_t used = atomic_load_explicit(&a->last->used, memory_order_relaxed);
    assert((char *)r == (char *)a->last + used);
    r->check = record_check(r);
    atomic_store_explicit(&a->last->used, used + r->bytes, memory_order_release);
    atomic_fetch_add_explicit(&a->n_records, 1, memory_order_relaxed);
}

/* The chunk at an offset, or NULL when there cannot be one. */
static struct chunk *chunk_at(struct arena *a, uint64_t offset)
{
    struct chunk *c = arena_claim(a, offset, sizeof *c);
    if (c == NULL || c->mark != CHUNK_MARK || c->bytes > CHUNK_MAX ||
        c->bytes < CHUNK_MIN || arena_claim(a, offset, c->bytes) == NULL)
        return NULL;
    uint32_t used = atomic_load_explicit(&c->used, memory_order_acquire);
    return used >= sizeof *c && used <= c->bytes && used % 8 == 0 ? c : NULL;
}

static bool record_good(const struct record *r, uint32_t room)
{
    return room >= sizeof *r && r->bytes >= sizeof *r && r->bytes <= room &&
           r->bytes <= ARENA_RECORD_MAX && r->bytes % 8 == 0 && r->type != 0 &&
           r->sealed % 8 == 0 && r->sealed + sizeof *r <= r->bytes &&
           r->check == record_check(r);
}

/* The place of the first broken record in a chunk; `used` when all are good. */
static uint32_t chunk_walk(struct arena *a, struct chunk *c,
                           int (*each)(struct record *r, void *arg, struct err *err),
                           void *arg, struct err *err)
{
    uint32_t used = atomic_load_explicit(&c->used, memory_order_relaxed);
    uint32_t at = sizeof *c;
    while (at < used) {
        struct record *r = (struct record *)((char *)c + at);
        if (!record_good(r, used - at) || each(r, arg, err) < 0)
            break;
        at += r->bytes;
        atomic_fetch_add_explicit(&a->n_records, 1, memory_order_relaxed);
    }
    return at;
}

/* The chain is broken here.  Cuts it off when nothing behind was ever promised. */
static int cut_off(struct arena *a, uint32_t used, const struct err *why,
                   struct err *err)
{
    uint64_t synced = atomic_load_explicit(&head_of(a)->synced, memory_order_relaxed);
    bool lost = a->lost_power && atomic_load(&a->n_records) >= synced;
    if (why->code != 0 && why->code != EBADMSG) /* not the file's fault */
        return err_set(err, why->code, "%s: %s", a->path, why->text);
    if (!lost)
        return err_set(err, EBADMSG, "record %llu %s",
                       (unsigned long long)atomic_load(&a->n_records),
                       why->code != 0 ? why->text : "is damaged");
    atomic_store_explicit(&a->last->used, used, memory_order_release);
    atomic_store_explicit(&a->last->next, 0, memory_order_release);
    return 0;
}

int arena_walk(struct arena *a,
               int (*each)(struct record *r, void *arg, struct err *err), void *arg,
               struct err *err)
{
    uint64_t at = PAGE;
    struct err why = {0};
    for (;;) {
        struct chunk *c = chunk_at(a, at);
        if (c == NULL && at == PAGE)
            return err_set(err, EBADMSG, "the first chunk is damaged");
        if (c == NULL)
            return cut_off(a, atomic_load(&a->last->used), &why, err);
        a->last = c;
        if (a->path != NULL)
            madvise((char *)c - at % PAGE, c->bytes, MADV_WILLNEED);
        uint32_t end = chunk_walk(a, c, each, arg, &why);
        if (end < atomic_load_explicit(&c->used, memory_order_relaxed))
            return cut_off(a, end, &why, err);
        uint64_t next = atomic_load_explicit(&c->next, memory_order_acquire);
        if (next == 0)
            return 0;
        if (next < at + c->bytes) /* a chain that turns back would never end */
            return cut_off(a, end, &why, err);
        at = next;
    }
}

/* --- opening --- */

/* PATH.damaged-TIME or the like; a number behind it when that is taken. */
static int rename_aside(const char *path, const char *word, const char *why,
                        struct err *ret_note, struct err *err)
{
    char to[PATH_MAX], when[INSTANT_TEXT_MAX];
    instant_text(instant_now(), when);
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(to, sizeof to, i > 0 ? "%s.%s-%s-%d" : "%s.%s-%s", path, word,
                         when, i);
        if (n < 0 || (size_t)n >= sizeof to)
            return err_set(err, ENAMETOOLONG, "%s: the name is too long", path);
        if (access(to, F_OK) == 0)
            continue;
        if (rename(path, to) < 0)
            break;
        err_set(ret_note, EBADMSG, "%s: %s; it is kept as %s and a new one is begun",
                path, why, to);
        return 0;
    }
    return err_sys(err, errno, "%s: %s, and it cannot be renamed to %s", path, why, to);
}

static int map(struct arena *a, struct err *err)
{
    int flags = a->path == NULL ? MAP_PRIVATE | MAP_ANONYMOUS
                : a->peek       ? MAP_PRIVATE
                                : MAP_SHARED;
    void *base =
        mmap(NULL, a->range, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, a->fd, 0);
    if (base == MAP_FAILED)
        return err_sys(err, errno, "%s: %llu bytes cannot be mapped",
                       a->path != NULL ? a->path : "memory",
                       (unsigned long long)a->range);
    a->base = base;
    madvise(base, a->range, MADV_DONTFORK); /* no child has business here */
    if (a->path == NULL)
        /* a huge page for one row would undo that untouched rows cost nothing */
        madvise(base, a->range, MADV_NOHUGEPAGE);
    return 0;
}

static void arena_free(struct arena **a)
{
    if (*a == NULL)
        return;
    if ((*a)->base != NULL)
        munmap((*a)->base, (*a)->range);
    if ((*a)->fd >= 0)
        close((*a)->fd);
    free((*a)->path);
    free(*a);
    *a = NULL;
}

static struct arena *arena_new(const struct arena_spec *spec, struct err *err)
{
    struct arena *a = calloc(1, sizeof *a);
    if (a == NULL || (spec->path != NULL && (a->path = strdup(spec->path)) == NULL)) {
        free(a);
        err_set(err, ENOMEM, "no memory for the windows");
        return NULL;
    }
    a->fd = -1;
    a->bytes_max = spec->bytes_max / PAGE * PAGE;
    a->range = a->bytes_max;
    a->used = PAGE;
    return a;
}

/* A head and the first chunk in a mapping that is still empty. */
static int begin(struct arena *a, const struct arena_spec *spec, struct err *err)
{
    uint64_t start = a->bytes_max < START_BYTES ? a->bytes_max : START_BYTES;
    int rc = a->path != NULL ? reserve_disk(a->fd, 0, start) : 0;
    if (rc != 0)
        return err_sys(err, rc, "%s: no room for %llu bytes", a->path,
                       (unsigned long long)start);
    atomic_store(&a->size, start);
    struct file_head *h = head_of(a);
    *h = (struct file_head){
        .version = VERSION, .shape = {spec->shape[0], spec->shape[1]}, .boot = 1};
    memcpy(h->magic, magic, sizeof magic);
    h->check = head_check(h);
    boot_id_read(h->boot_id);
    a->last = chunk_new(a, CHUNK_MIN);
    assert(a->last != NULL && arena_offset(a, a->last) == PAGE);
    return 0;
}

static int lock(struct arena *a, struct err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(a->fd, F_SETLK, &whole) == 0)
        return 0;
    if (errno == EACCES || errno == EAGAIN)
        return err_set(err, EBUSY, "%s is in use by another process", a->path);
    return err_sys(err, errno, "%s cannot be locked", a->path);
}

/* Written aside and renamed: there is a whole file under the name, or none. */
static int make_file(struct arena *a, const struct arena_spec *spec, struct err *err)
{
    char fresh[PATH_MAX];
    int n = snprintf(fresh, sizeof fresh, "%s.new", a->path);
    if (n < 0 || (size_t)n >= sizeof fresh)
        return err_set(err, ENAMETOOLONG, "%s: the name is too long", a->path);
    unlink(fresh); /* of a start that was killed */
    a->fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (a->fd < 0)
        return err_sys(err, errno, "%s cannot be made", fresh);
    if (lock(a, err) == 0 && map(a, err) == 0 && begin(a, spec, err) == 0) {
        if (fsync(a->fd) == 0 && rename(fresh, a->path) == 0)
            return 0;
        err_sys(err, errno, "%s cannot be made", a->path);
    }
    unlink(fresh);
    return -1;
}

/* What is wrong with the head of a file; NULL: nothing. */
static const char *head_wrong(const struct file_head *h, const struct arena_spec *spec,
                              char out[120], const char **ret_word)
{
    *ret_word = "damaged";
    if (memcmp(h->magic, magic, sizeof magic) != 0)
        return "it does not begin as a file of samples does";
    if (h->check != head_check(h))
        return "its head is damaged";
    *ret_word = "other";
    if (h->version != VERSION)
        snprintf(out, 120, "its format has version %u, not %d", (unsigned)h->version,
                 VERSION);
    else if (memcmp(h->shape, spec->shape, sizeof h->shape) != 0)
        snprintf(out, 120, "it was made with another %s", spec->shape_is);
    else
        return NULL;
    return out;
}

/* 1: opened, 0: set aside, -1: neither. */
static int open_file(struct arena *a, const struct arena_spec *spec,
                     struct err *ret_note, struct err *err)
{
    struct stat st;
    struct file_head h;
    char text[120];
    const char *word = "damaged", *wrong = "it is cut short";
    if (lock(a, err) < 0)
        return -1;
    if (fstat(a->fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a plain file", a->path);
    ssize_t n = pread(a->fd, &h, sizeof h, 0);
    if (n < 0)
        return err_sys(err, errno, "%s cannot be read", a->path);
    if (n == sizeof h && st.st_size >= PAGE + CHUNK_MIN)
        wrong = head_wrong(&h, spec, text, &word);
    if (wrong != NULL)
        return rename_aside(a->path, word, wrong, ret_note, err) < 0 ? -1 : 0;
    uint64_t size = (uint64_t)st.st_size / PAGE * PAGE;
    int rc = reserve_disk(a->fd, 0, size); /* holes would be a SIGBUS one day */
    if (rc != 0)
        return err_sys(err, rc, "%s: its %llu bytes cannot be reserved on disk",
                       a->path, (unsigned long long)size);
    a->range = size > a->range ? size : a->range;
    atomic_store(&a->size, size);
    return map(a, err) < 0 ? -1 : 1;
}

static int sync_range(struct arena *a, uint64_t bytes, struct err *err)
{
    if (msync(a->base, bytes, MS_SYNC) < 0)
        return err_sys(err, errno, "%s cannot be written to disk", a->path);
    return 0;
}

/* From here on the file counts as open, on disk too, before anything else changes. */
static int enter(struct arena *a, struct err *err)
{
    struct file_head *h = head_of(a);
    char boot_id[BOOT_ID_MAX];
    boot_id_read(boot_id);
    bool same_boot =
        boot_id[0] != '\0' && memcmp(boot_id, h->boot_id, BOOT_ID_MAX) == 0;
    a->lost_power = !h->clean && !same_boot;
    h->boot += a->lost_power;
    h->clean = 0;
    memcpy(h->boot_id, boot_id, BOOT_ID_MAX);
    return sync_range(a, PAGE, err);
}

static struct arena *open_made(const struct arena_spec *spec, struct err *ret_note,
                               bool *ret_missing, struct err *err)
{
    struct arena *a = arena_new(spec, err);
    if (a == NULL)
        return NULL;
    *ret_missing = false;
    a->fd = open(spec->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (a->fd < 0 && errno == ENOENT)
        *ret_missing = true;
    else if (a->fd < 0)
        err_sys(err, errno, "%s cannot be opened", spec->path);
    else {
        int rc = open_file(a, spec, ret_note, err);
        if (rc == 1 && enter(a, err) == 0)
            return a;
        *ret_missing = rc == 0;
    }
    arena_free(&a);
    return NULL;
}

struct arena *arena_open(const struct arena_spec *spec, struct err *ret_note,
                         struct err *err)
{
    if (spec->bytes_max < ARENA_BYTES_MIN || spec->bytes_max > INT64_MAX / 2) {
        err_set(err, EINVAL, "room for the windows must be at least %d bytes, not %llu",
                ARENA_BYTES_MIN, (unsigned long long)spec->bytes_max);
        return NULL;
    }
    bool missing = true;
    struct arena *a = NULL;
    if (spec->path != NULL)
        a = open_made(spec, ret_note, &missing, err);
    if (a != NULL || !missing)
        return a;
    a = arena_new(spec, err);
    if (a == NULL)
        return NULL;
    bool made = spec->path != NULL ? make_file(a, spec, err) == 0
                                   : map(a, err) == 0 && begin(a, spec, err) == 0;
    if (!made)
        arena_free(&a);
    return a;
}

/* --- looking on --- */

/* A page of a file that was cut short in the meantime would be a SIGBUS: files of
 * samples only ever grow. */
static int peek_file(struct arena *a, uint64_t ret_shape[2], struct err *err)
{
    struct stat st;
    struct file_head h;
    char text[120];
    const char *word, *wrong = "it is cut short";
    a->fd = open(a->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (a->fd < 0)
        return err_sys(err, errno, "%s cannot be opened", a->path);
    if (fstat(a->fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, EINVAL, "%s is not a plain file", a->path);
    ssize_t n = pread(a->fd, &h, sizeof h, 0);
    const struct arena_spec same = {.shape = {h.shape[0], h.shape[1]}};
    if (n == sizeof h && st.st_size >= PAGE + CHUNK_MIN)
        wrong = head_wrong(&h, &same, text, &word);
    if (wrong != NULL)
        return err_set(err, EBADMSG, "%s: %s", a->path, wrong);
    a->range = a->bytes_max = (uint64_t)st.st_size / PAGE * PAGE;
    atomic_store(&a->size, a->range);
    memcpy(ret_shape, h.shape, sizeof h.shape);
    if (map(a, err) < 0)
        return -1;
    head_of(a)->boot++; /* in this process's copy of the page: trust nothing */
    a->lost_power = true;
    return 0;
}

struct arena *arena_peek(const char *path, uint64_t ret_shape[2], struct err *err)
{
    const struct arena_spec spec = {.path = path};
    struct arena *a = arena_new(&spec, err);
    if (a == NULL)
        return NULL;
    a->peek = true;
    if (peek_file(a, ret_shape, err) < 0)
        arena_free(&a);
    return a;
}

bool arena_is_peek(const struct arena *a)
{
    return a->peek;
}

int arena_reread(const struct arena *a, uint64_t offset, void *to, size_t n)
{
    return pread(a->fd, to, n, (off_t)offset) == (ssize_t)n ? 0 : -1;
}

void arena_close(struct arena **a, uint32_t number)
{
    if (*a == NULL)
        return;
    if ((*a)->path != NULL && !(*a)->peek && arena_sync(*a, number, NULL) == 0) {
        head_of(*a)->clean = 1;
        sync_range(*a, PAGE, NULL);
    }
    arena_free(a);
}

int arena_set_aside(struct arena **a, const char *why, struct err *ret_note,
                    struct err *err)
{
    assert((*a)->path != NULL);
    int rc = rename_aside((*a)->path, "damaged", why, ret_note, err);
    arena_free(a);
    return rc;
}

bool arena_in_memory(const struct arena *a)
{
    return a->path == NULL;
}

bool arena_lost_power(const struct arena *a)
{
    return a->lost_power;
}

uint32_t arena_boot(const struct arena *a)
{
    return head_of(a)->boot;
}

uint64_t arena_bytes(const struct arena *a)
{
    return size_of(a);
}

uint32_t arena_synced(const struct arena *a)
{
    return atomic_load_explicit(&head_of(a)->sync, memory_order_relaxed);
}

int arena_sync(struct arena *a, uint32_t number, struct err *err)
{
    if (a->path == NULL || a->peek)
        return 0;
    /* Taken first: records that come in meanwhile are not promised. */
    uint64_t n = atomic_load_explicit(&a->n_records, memory_order_acquire);
    if (sync_range(a, size_of(a), err) < 0)
        return -1;
    atomic_store_explicit(&head_of(a)->synced, n, memory_order_relaxed);
    atomic_store_explicit(&head_of(a)->sync, number, memory_order_relaxed);
    return sync_range(a, PAGE, err);
}
