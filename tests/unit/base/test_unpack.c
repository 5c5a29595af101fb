/* tests of base/unpack; the zstd frame below was made by zstd 1.5.4 of "hello\n" */
#include "base/gz.h"
#include "base/unpack.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char zstd_hello[] = {0x28, (char)0xb5, 0x2f,       (char)0xfd, 0x04,
                                  0x58, 0x31,       0x00,       0x00,       0x68,
                                  0x65, 0x6c,       0x6c,       0x6f,       0x0a,
                                  0x53, (char)0x88, (char)0xbd, (char)0x91};

static const char *file_of(const void *bytes, size_t n)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/file", test_dir());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && close(fd) == 0);
    return path;
}

/* The whole text, read in pieces of `piece` bytes; -1 when reading failed. */
static int read_all(const char *path, size_t piece, struct buf *to, struct err *err)
{
    struct unpack *u = unpack_open(path, err);
    ssize_t n = -1;
    while (u != NULL) {
        char part[8192];
        n = unpack_read(u, part, piece, err);
        if (n <= 0)
            break;
        buf_add_n(to, part, (size_t)n);
    }
    unpack_close(&u);
    return n == 0 ? 0 : -1;
}

TEST(plain_gzip_and_zstd_read_the_same)
{
    OWNED_BUF packed = {0};
    CHECK(gz_deflate("hello\n", 6, &packed, NULL) == 0);
    const struct {
        const void *bytes;
        size_t n;
    } files[] = {
        {"hello\n", 6}, {packed.data, packed.len}, {zstd_hello, sizeof zstd_hello}};
    for (size_t i = 0; i < 3; i++)
        for (size_t piece = 1; piece <= 8; piece += 7) {
            OWNED_BUF text = {0};
            CHECK(read_all(file_of(files[i].bytes, files[i].n), piece, &text, NULL) ==
                  0);
            CHECK_TEXT(buf_text(&text), "hello\n");
        }
}

TEST(files_cut_short_or_damaged_are_refused_by_name)
{
    OWNED_BUF packed = {0}, text = {0};
    struct err err = {0};
    CHECK(gz_deflate("hello\n", 6, &packed, NULL) == 0);
    CHECK(read_all(file_of(packed.data, packed.len - 3), 100, &text, &err) == -1);
    CHECK(strstr(err.text, "cut short") != NULL);
    err = (struct err){0};
    CHECK(read_all(file_of(zstd_hello, sizeof zstd_hello - 3), 100, &text, &err) == -1);
    CHECK(strstr(err.text, "cut short") != NULL);
    packed.data[12] ^= 0x55;
    CHECK(read_all(file_of(packed.data, packed.len), 100, &text, NULL) == -1);
    err = (struct err){0};
    CHECK(read_all("/no/such/file", 100, &text, &err) == -1);
    CHECK(strstr(err.text, "/no/such/file") != NULL);
}

TEST(an_empty_file_is_an_empty_text)
{
    OWNED_BUF text = {0};
    CHECK(read_all(file_of("", 0), 10, &text, NULL) == 0);
    CHECK_INT((long long)text.len, 0);
}

TEST(a_long_file_comes_whole)
{
    OWNED_BUF plain = {0}, packed = {0}, text = {0};
    for (int i = 0; i < 300000; i++)
        buf_addf(&plain, "%d,", i % 1000 * 7919 % 1000);
    CHECK(gz_deflate(plain.data, plain.len, &packed, NULL) == 0);
    CHECK(read_all(file_of(packed.data, packed.len), 8192, &text, NULL) == 0);
    CHECK(text.len == plain.len && memcmp(text.data, plain.data, text.len) == 0);
}
