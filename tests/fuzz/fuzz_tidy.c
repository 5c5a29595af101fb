/* tests/fuzz/fuzz_tidy.c - any bytes as a file to tidy: what comes out is tidy, and
 * what is refused is told. */
#include "rules/tidy.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct complaints c = {0};
    OWNED_BUF once = {0}, twice = {0};
    int rc = tidy("file", (const char *)bytes, n, &once, &c);
    assert((rc < 0) == (c.errors > 0));
    assert(rc == 0 || once.len == 0);
    if (rc == 0) {
        assert(tidy("file", buf_text(&once), once.len, &twice, &c) == 0);
        assert(strcmp(buf_text(&once), buf_text(&twice)) == 0);
    }
    complaints_free(&c);
    return 0;
}
