/* The agent's buffer: order, size, losses, and what is left after a death. */
#include "programs/agent/buffer.h"

#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[600];

/* Another one for each buffer of a test. */
static void fresh_folder(void)
{
    static int n;
    snprintf(folder, sizeof folder, "%s/%d", test_dir(), n++);
}

static struct agent_buffer *open_buffer(uint64_t bytes)
{
    struct err err = {0};
    struct agent_buffer *b = agent_buffer_open(folder, bytes, &err);
    CHECK(b != NULL);
    return b;
}

static void put(struct agent_buffer *b, enum agent_body body, int at_s, size_t n)
{
    char *data = malloc(n + 1);
    memset(data, 'x', n);
    snprintf(data, n + 1, "%d", at_s);
    data[strlen(data)] = n > strlen(data) ? ' ' : '\0';
    data[n - 1] = '\n';
    struct agent_batch batch = {body, {at_s * 1000ll}, 2, data, n};
    agent_buffer_put(b, &batch);
    free(data);
}

/* The first number in what comes next, which is then done with; -1: nothing. */
static int take(struct agent_buffer *b, size_t bytes, struct agent_parcel *ret)
{
    OWNED_BUF text = {0};
    if (!agent_buffer_peek(b, bytes, &text, ret))
        return -1;
    int first = atoi(text.data);
    agent_buffer_done(b, ret->number);
    return first;
}

TEST(batches_come_out_in_the_order_they_went_in)
{
    struct agent_parcel p;
    fresh_folder();
    struct agent_buffer *b = open_buffer(1 << 20);
    for (int i = 1; i <= 5; i++)
        put(b, AGENT_BODY_LINES, i, 100);
    CHECK(agent_buffer_stats(b).batches == 5);
    CHECK(agent_buffer_stats(b).samples == 10);
    CHECK(agent_buffer_stats(b).oldest.ms == 1000);
    for (int i = 1; i <= 5; i++)
        CHECK(take(b, 0, &p) == i);
    CHECK(take(b, 0, &p) == -1);
    CHECK(agent_buffer_stats(b).batches == 0);
    agent_buffer_close(&b);
}

TEST(batches_that_join_come_together_up_to_a_size)
{
    struct agent_parcel p;
    fresh_folder();
    struct agent_buffer *b = open_buffer(1 << 20);
    for (int i = 1; i <= 4; i++)
        put(b, AGENT_BODY_LINES, i, 100);
    put(b, AGENT_BODY_REMOTE, 5, 100);
    put(b, AGENT_BODY_REMOTE, 6, 100);
    CHECK(take(b, 300, &p) == 1);
    CHECK(p.batches == 3 && p.samples == 6 && p.body == AGENT_BODY_LINES);
    CHECK(agent_buffer_stats(b).oldest.ms == 4000);
    CHECK(take(b, 1000, &p) == 4);
    CHECK(p.batches == 1);
    CHECK(take(b, 1000, &p) == 5);
    CHECK(p.batches == 1 && p.body == AGENT_BODY_REMOTE);
    CHECK(take(b, 1000, &p) == 6);
    agent_buffer_close(&b);
}

TEST(beyond_its_size_the_oldest_go_and_are_counted)
{
    struct agent_parcel p;
    fresh_folder();
    struct agent_buffer *b = open_buffer(256 << 10);
    int n = 400;
    for (int i = 1; i <= n; i++)
        put(b, AGENT_BODY_LINES, i, 2000);
    struct agent_buffer_stats s = agent_buffer_stats(b);
    CHECK(s.bytes <= 256 << 10);
    CHECK(s.bytes > 128 << 10);
    CHECK(s.lost[AGENT_LOST_FULL] + s.samples == 2u * (unsigned)n);
    int first = take(b, 0, &p);
    CHECK(first == n - (int)s.batches + 1);
    agent_buffer_close(&b);
    b = open_buffer(256 << 10);
    CHECK(agent_buffer_stats(b).lost[AGENT_LOST_FULL] == s.lost[AGENT_LOST_FULL]);
    CHECK(take(b, 0, &p) == first + 1);
    agent_buffer_close(&b);
}

TEST(what_was_put_outlives_a_process_that_is_killed_at_any_moment)
{
    struct agent_parcel p;
    fresh_folder();
    for (int round = 0; round < 20; round++) {
        int ends[2];
        CHECK(pipe(ends) == 0);
        pid_t child = fork();
        if (child == 0) {
            struct agent_buffer *b = agent_buffer_open(folder, 16 << 20, NULL);
            for (int i = 1; b != NULL; i++) {
                put(b, AGENT_BODY_LINES, round * 100000 + i,
                    500 + 7 * (size_t)(i % 50));
                if (write(ends[1], &i, sizeof i) != sizeof i)
                    break;
            }
            _exit(1);
        }
        close(ends[1]);
        int last = 0;
        while (last < 20 + round && read(ends[0], &last, sizeof last) == sizeof last)
            ;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(ends[0], &last, sizeof last) == sizeof last)
            ;
        close(ends[0]);
        struct agent_buffer *b = open_buffer(16 << 20);
        int next = round * 100000 + 1, got;
        while ((got = take(b, 0, &p)) != -1)
            CHECK(got == next++);
        CHECK(next > round * 100000 + last);
        agent_buffer_close(&b);
    }
}

TEST(what_was_sent_is_not_sent_again_by_the_next_process)
{
    struct agent_parcel p;
    fresh_folder();
    struct agent_buffer *b = open_buffer(256 << 10);
    for (int i = 1; i <= 60; i++)
        put(b, AGENT_BODY_LINES, i, 2000);
    for (int i = 1; i <= 40; i++)
        CHECK(take(b, 0, &p) == i);
    agent_buffer_close(&b);
    b = open_buffer(256 << 10);
    CHECK(agent_buffer_stats(b).batches == 20);
    for (int i = 41; i <= 60; i++)
        CHECK(take(b, 0, &p) == i);
    put(b, AGENT_BODY_LINES, 61, 10);
    agent_buffer_close(&b);
    b = open_buffer(256 << 10);
    CHECK(take(b, 0, &p) == 61);
    agent_buffer_close(&b);
}

/* The only file of batches. */
static void path_of_file(char path[700])
{
    char command[700];
    snprintf(command, sizeof command, "ls %s/*.batches", folder);
    FILE *f = popen(command, "r");
    CHECK(f != NULL && fgets(path, 700, f) != NULL);
    path[strcspn(path, "\n")] = '\0';
    pclose(f);
}

TEST(a_file_torn_at_any_byte_keeps_the_batches_before)
{
    struct agent_parcel p;
    char path[700];
    for (off_t cut = 1; cut < 300; cut += 13) {
        fresh_folder();
        struct agent_buffer *b = open_buffer(1 << 20);
        for (int i = 1; i <= 4; i++)
            put(b, AGENT_BODY_LINES, i, 100);
        agent_buffer_close(&b);
        path_of_file(path);
        struct stat st;
        CHECK(stat(path, &st) == 0 && truncate(path, st.st_size - cut) == 0);
        b = open_buffer(1 << 20);
        struct agent_buffer_stats s = agent_buffer_stats(b);
        CHECK(s.batches == 4 - (size_t)(cut + 139) / 140);
        CHECK(s.lost[AGENT_LOST_DAMAGED] == (cut % 140 != 0));
        for (int i = 1; i <= (int)s.batches; i++)
            CHECK(take(b, 0, &p) == i);
        put(b, AGENT_BODY_LINES, 9, 100);
        CHECK(take(b, 0, &p) == 9);
        agent_buffer_close(&b);
    }
}

TEST(a_batch_that_was_damaged_on_disk_costs_its_file_and_is_counted)
{
    struct agent_parcel p;
    char path[700];
    fresh_folder();
    struct agent_buffer *b = open_buffer(1 << 20);
    for (int i = 1; i <= 4; i++)
        put(b, AGENT_BODY_LINES, i, 100);
    path_of_file(path);
    int fd = open(path, O_WRONLY);
    CHECK(pwrite(fd, "?", 1, 140 + 60) == 1);
    close(fd);
    CHECK(take(b, 0, &p) == 1);
    put(b, AGENT_BODY_LINES, 5, 100);
    CHECK(take(b, 0, &p) == -1);
    CHECK(agent_buffer_stats(b).lost[AGENT_LOST_DAMAGED] == 8);
    put(b, AGENT_BODY_LINES, 6, 100);
    CHECK(take(b, 0, &p) == 6);
    agent_buffer_close(&b);
}

TEST(without_a_disk_a_little_is_kept_in_memory)
{
    struct agent_parcel p;
    struct agent_buffer *b = agent_buffer_open(NULL, 1 << 20, NULL);
    int n = 600;
    for (int i = 1; i <= n; i++)
        put(b, AGENT_BODY_LINES, i, 2000);
    struct agent_buffer_stats s = agent_buffer_stats(b);
    CHECK(s.bytes <= AGENT_MEMORY_BYTES_MAX);
    CHECK(s.lost[AGENT_LOST_MEMORY] + s.samples == 2u * (unsigned)n);
    for (int i = n - (int)s.batches + 1; i <= n; i++)
        CHECK(take(b, 0, &p) == i);
    CHECK(take(b, 0, &p) == -1);
    agent_buffer_close(&b);
}

/* What a full disk does, without one: files may not grow beyond a size. */
static void limit_files(rlim_t bytes)
{
    struct rlimit l;
    CHECK(getrlimit(RLIMIT_FSIZE, &l) == 0);
    l.rlim_cur = bytes;
    CHECK(setrlimit(RLIMIT_FSIZE, &l) == 0);
}

TEST(what_a_full_disk_does_not_take_waits_in_memory_and_goes_there_later)
{
    struct agent_parcel p;
    fresh_folder();
    signal(SIGXFSZ, SIG_IGN);
    struct agent_buffer *b = open_buffer(1 << 20);
    put(b, AGENT_BODY_LINES, 1, 1000);
    limit_files(1500);
    for (int i = 2; i <= 5; i++)
        put(b, AGENT_BODY_LINES, i, 1000);
    struct agent_buffer_stats s = agent_buffer_stats(b);
    CHECK(s.disk_errno == EFBIG || s.disk_errno == ENOSPC);
    CHECK(s.batches == 5 && s.lost[AGENT_LOST_MEMORY] == 0);
    CHECK(take(b, 0, &p) == 1 && take(b, 0, &p) == 2);
    limit_files(RLIM_INFINITY);
    put(b, AGENT_BODY_LINES, 6, 1000);
    CHECK(agent_buffer_stats(b).disk_errno == 0);
    agent_buffer_close(&b);
    b = open_buffer(1 << 20);
    for (int i = 3; i <= 6; i++)
        CHECK(take(b, 0, &p) == i);
    CHECK(take(b, 0, &p) == -1);
    agent_buffer_close(&b);
}

TEST(while_nothing_else_waits_the_file_is_empty)
{
    struct agent_parcel p;
    char path[700];
    struct stat st;
    fresh_folder();
    struct agent_buffer *b = open_buffer(1 << 20);
    for (int i = 1; i <= 50; i++) {
        put(b, AGENT_BODY_LINES, i, 1000);
        CHECK(take(b, 0, &p) == i);
    }
    path_of_file(path);
    CHECK(stat(path, &st) == 0 && st.st_size == 0);
    agent_buffer_close(&b);
}

TEST(a_directory_has_one_user_and_must_be_a_path)
{
    struct err err = {0};
    fresh_folder();
    struct agent_buffer *b = open_buffer(1 << 20);
    CHECK(agent_buffer_open(folder, 1 << 20, &err) == NULL);
    CHECK(strstr(err.text, "is used by another agent") != NULL);
    agent_buffer_close(&b);
    err = (struct err){0};
    CHECK(agent_buffer_open("/proc/nothing/here", 1 << 20, &err) == NULL);
    CHECK(strstr(err.text, "cannot be made") != NULL);
}
