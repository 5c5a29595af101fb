/* fuzz_hook.c - whatever a deployment system sends, what comes out of it is JSON, and a
 * change event or refused.  The first line stands for the header that names the event.
 */
#include "base/json.h"
#include "collector/hook.h"
#include "collector/in_argocd.h"
#include "collector/in_github.h"
#include "collector/in_gitlab.h"
#include "collector/in_jenkins.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void one(const struct hook_source *s, const struct hook_body *body)
{
    static const struct hook_pair services[] = {{"shop/*", "pay"}};
    static const struct hook h = {.services = services, .n_services = 1};
    instant now = {1795255200000};
    const char *why = NULL;
    struct err err = {0};
    OWNED_BUF made = {0};
    enum hook_said said = s->read(&h, body, &made, &why, &err);
    assert((said == HOOK_BAD) == (err.code != 0));
    assert(said != HOOK_IGNORED || why != NULL);
    if (said != HOOK_CHANGE)
        return;
    OWNED_JSON *doc = json_parse(made.data, made.len, &err);
    assert(doc != NULL);
    struct err bad = {0};
    OWNED_EVENT *e = in_change_read_made(&made, "", now, &bad);
    assert((e == NULL) == (bad.code != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct hook_source *const sources[] = {&in_github, &in_gitlab,
                                                        &in_jenkins, &in_argocd};
    const char *text = (const char *)bytes;
    const char *line = n > 0 ? memchr(text, '\n', n) : NULL;
    if (line == NULL)
        return 0;
    char *event = strndup(text, (size_t)(line - text));
    assert(event != NULL);
    struct hook_body body = {event, line + 1, n - (size_t)(line + 1 - text)};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        one(sources[i], &body);
    struct in_gitlab_signature s = {event, "1795255200", event};
    struct err err = {0};
    (void)in_gitlab_signed("whsec_AAAA", &s, body.text, body.n,
                           (instant){1795255200000}, &err);
    (void)in_github_signed("s", event, body.text, body.n);
    free(event);
    return 0;
}
