/* tests of storage/arena */
#include "storage/arena.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *path(void)
{
    static char text[200];
    snprintf(text, sizeof text, "%s/arena", test_dir());
    return text;
}

static struct arena *open_arena(const char *at, uint64_t bytes_max, struct err *note)
{
    struct arena_spec spec = {
        .path = at, .bytes_max = bytes_max, .shape = {7, 8}, .shape_is = "shape"};
    struct err err = {0};
    struct arena *a = arena_open(&spec, note, &err);
    if (a == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return a;
}

struct seen {
    uint32_t n;
    struct arena *a;
};

/* Records here hold their number twice, and the offset of an area full of it. */
struct body {
    struct record r;
    uint64_t twice, area;
};

static int check_record(struct record *r, void *arg, struct err *err)
{
    struct seen *seen = arg;
    struct body *b = (struct body *)r;
    if (r->number != seen->n++ || b->twice != 2 * r->number)
        return err_set(err, EBADMSG, "is out of order");
    uint32_t *area = arena_claim(seen->a, b->area, 1000);
    return area != NULL && area[249] == r->number ? 0 : err_set(err, EBADMSG, "is bad");
}

static uint32_t walk(struct arena *a)
{
    struct seen seen = {.a = a};
    struct err err = {0};
    if (arena_walk(a, check_record, &seen, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return seen.n;
}

static bool add(struct arena *a, uint32_t number)
{
    struct body *b = (struct body *)arena_record(a, 1, sizeof *b - sizeof b->r, 16);
    uint32_t *area = b != NULL ? arena_area(a, 1000) : NULL;
    if (area == NULL)
        return false;
    CHECK((uintptr_t)area % ARENA_ALIGN == 0 &&
          arena_at(a, arena_offset(a, area)) == area);
    for (int i = 0; i < 250; i++)
        area[i] = number;
    b->r.number = number;
    b->twice = 2 * number;
    b->area = arena_offset(a, area);
    arena_publish(a, &b->r);
    return true;
}

TEST(records_come_back_in_order_over_many_chunks_and_openings)
{
    uint32_t n = 0;
    for (int opening = 0; opening < 3; opening++) {
        struct err note = {0};
        struct arena *a = open_arena(path(), 64 << 20, &note);
        CHECK(note.code == 0 && !arena_lost_power(a));
        CHECK_INT(walk(a), n);
        for (int i = 0; i < 5000; i++)
            CHECK(add(a, n++));
        CHECK(arena_synced(a) == (opening == 0 ? 0 : 6));
        CHECK(arena_sync(a, 5, NULL) == 0 && arena_synced(a) == 5);
        arena_close(&a, 6);
        CHECK(a == NULL);
    }
}

TEST(what_was_not_published_is_not_there)
{
    struct arena *a = open_arena(path(), 1 << 20, NULL);
    CHECK(walk(a) == 0 && add(a, 0));
    struct record *r = arena_record(a, 1, 16, 16);
    CHECK(r != NULL && arena_record(a, 1, 16, 16) == r);
    uint64_t lost = arena_offset(a, arena_area(a, 1000));
    arena_close(&a, 1);
    a = open_arena(path(), 1 << 20, NULL);
    CHECK_INT(walk(a), 1);
    CHECK(arena_offset(a, arena_area(a, 1000)) == lost); /* and its space is free */
    arena_close(&a, 1);
}

TEST(the_bound_is_kept_in_a_file_and_in_memory)
{
    for (int turn = 0; turn < 2; turn++) {
        struct arena *a = open_arena(turn == 0 ? path() : NULL, 512 << 10, NULL);
        uint32_t n = 0;
        CHECK(walk(a) == 0);
        while (add(a, n))
            n++;
        CHECK(n > 300 && n < 512 && arena_bytes(a) <= 512 << 10);
        CHECK(arena_area(a, 1 << 20) == NULL && arena_area(a, UINT64_MAX - 10) == NULL);
        CHECK(arena_in_memory(a) == (turn == 1));
        arena_close(&a, 1);
    }
    struct stat st;
    CHECK(stat(path(), &st) == 0 && st.st_size <= 512 << 10);
}

TEST(areas_in_memory_are_zero_and_can_be_forgotten)
{
    struct arena *a = open_arena(NULL, 1 << 30, NULL);
    char *area = arena_area(a, 1 << 20);
    CHECK(area != NULL && area[0] == 0 && area[(1 << 20) - 1] == 0);
    memset(area, 1, 1 << 20);
    arena_forget(a, area, 1 << 20);
    CHECK(area[1 << 19] == 0);
    CHECK(arena_sync(a, 5, NULL) == 0);
    arena_close(&a, 1);
}

static int refuse(struct record *r, void *arg, struct err *err)
{
    (void)arg;
    return r->number == 2 ? err_set(err, EBADMSG, "is not liked") : 0;
}

TEST(a_record_that_the_owner_refuses_is_named_and_the_file_can_be_set_aside)
{
    struct arena *a = open_arena(path(), 1 << 20, NULL);
    CHECK(walk(a) == 0 && add(a, 0) && add(a, 1) && add(a, 2));
    arena_close(&a, 1);
    a = open_arena(path(), 1 << 20, NULL);
    struct err why = {0}, note = {0}, err = {0};
    CHECK(arena_walk(a, refuse, NULL, &why) < 0);
    CHECK_TEXT(why.text, "record 2 is not liked");
    CHECK(arena_set_aside(&a, why.text, &note, &err) == 0 && a == NULL);
    CHECK(strstr(note.text, "record 2 is not liked") != NULL);
    CHECK(access(path(), F_OK) < 0);
    a = open_arena(path(), 1 << 20, NULL);
    CHECK_INT(walk(a), 0);
    arena_close(&a, 1);
}

static void other_page(const char *what, size_t n, const char *with)
{
    char page[4096];
    FILE *f = fopen(path(), "r+e");
    CHECK(f != NULL && fread(page, 1, sizeof page, f) == sizeof page);
    char *at = memmem(page, sizeof page, what, n);
    CHECK(at != NULL);
    CHECK(fseek(f, at - page, SEEK_SET) == 0 && fwrite(with, 1, n, f) == n);
    fclose(f);
}

TEST(a_file_that_is_something_else_is_kept_under_another_name)
{
    struct arena *a = open_arena(path(), 1 << 20, NULL);
    arena_close(&a, 1);
    other_page("acwindow", 8, "nonsense");
    struct err note = {0};
    a = open_arena(path(), 1 << 20, &note);
    CHECK(strstr(note.text, ".damaged-") != NULL);
    CHECK_INT(walk(a), 0);
    arena_close(&a, 1);
}

TEST(a_link_is_not_followed)
{
    char target[220];
    snprintf(target, sizeof target, "%s.target", path());
    FILE *f = fopen(target, "we");
    CHECK(f != NULL && fclose(f) == 0 && symlink(target, path()) == 0);
    struct arena_spec spec = {
        .path = path(), .bytes_max = 1 << 20, .shape_is = "shape"};
    struct err note = {0}, err = {0};
    CHECK(arena_open(&spec, &note, &err) == NULL);
    CHECK(err.code == ELOOP);
}
