/* tests/fuzz/fuzz_httpc.c - strangers' bytes into the parser of answers.
 *
 * The first byte says how the rest is cut into pieces and whether the answer is one of
 * a HEAD request.  However it is cut, the outcome must be the same as in one piece. */
#include "base/httpc.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct outcome {
    int rc;
    size_t used;
    struct httpc_answer a;
    struct buf to;
    struct err err;
};

static void parse(struct outcome *o, const uint8_t *bytes, size_t n, size_t piece)
{
    o->a.to = &o->to;
    while (o->rc == 0 && o->used < n && !o->a.whole) {
        size_t used = 0, some = n - o->used < piece ? n - o->used : piece;
        o->rc = httpc_answer_feed(&o->a, bytes + o->used, some, &used, &o->err);
        assert(o->rc < 0 || o->a.whole || used == some);
        o->used += used;
    }
    if (o->rc == 0 && !o->a.whole)
        o->rc = httpc_answer_end(&o->a, &o->err);
    assert((o->rc < 0) == (o->err.code != 0));
    assert(o->rc < 0 || (o->a.status >= 200 && o->a.status <= 999));
    httpc_answer_free(&o->a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    bool bodiless = (bytes[0] & 1) != 0;
    struct outcome whole = {.a.bodiless = bodiless}, cut = {.a.bodiless = bodiless};
    parse(&whole, bytes + 1, n - 1, n);
    parse(&cut, bytes + 1, n - 1, 1 + bytes[0] / 2);
    assert(whole.rc == cut.rc);
    if (whole.rc == 0) {
        assert(whole.used == cut.used && whole.a.status == cut.a.status);
        assert(whole.a.keep == cut.a.keep);
        assert(whole.to.len == cut.to.len);
        assert(whole.to.len == 0 ||
               memcmp(whole.to.data, cut.to.data, whole.to.len) == 0);
    }
    buf_free(&whole.to);
    buf_free(&cut.to);
    return 0;
}
