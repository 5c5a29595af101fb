/* tests/fuzz/fuzz_exposition.c - strangers' bytes into the reader of exporters, and
 * what it gives through the packer and back through Snappy itself. */
#include "base/names.h"
#include "base/snap.h"
#include "collector/hostinfo/exposition.h"
#include "collector/hostinfo/remote_pack.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void pack(const struct exposition_sample *s, struct buf *to)
{
    struct remote_label label[REMOTE_PACK_LABELS_MAX];
    assert(s->name[0] != '\0' && s->n <= EXPOSITION_LABELS_MAX);
    for (size_t i = 0; i < s->n; i++) {
        assert(utf8_valid(s->label[i].value, strlen(s->label[i].value)));
        label[i] = (struct remote_label){s->label[i].name, s->label[i].value};
    }
    label[s->n] = (struct remote_label){"__name__", s->name};
    remote_pack_series(to, label, s->n + 1, s->at, s->value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char *text = malloc(n > 0 ? n : 1); /* so that its end is watched */
    memcpy(text, bytes, n);
    struct exposition e = {.p = text, .end = text + n};
    struct exposition_sample s;
    struct buf message = {0}, packed = {0}, again = {0};
    while (exposition_next(&e, &s))
        pack(&s, &message);
    assert(e.bad <= e.lines && (e.p == e.end || e.ended));
    remote_pack_snappy(message.data, message.len, &packed);
    int rc = snap_unpack(packed.data, packed.len, message.len + 1, &again, NULL);
    assert(rc == 0 && again.len == message.len);
    assert(message.len == 0 || memcmp(again.data, message.data, message.len) == 0);
    exposition_free(&e);
    buf_free(&message);
    buf_free(&packed);
    buf_free(&again);
    free(text);
    return 0;
}
