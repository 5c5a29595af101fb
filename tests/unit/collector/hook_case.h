/* hook_case.h - one message of a deployment system and the change event made of it.
 * The messages are tests/fuzz/corpus/hook: the sender's own field names, as GitHub's
 * ("Webhook events and payloads", octokit/webhooks), GitLab's ("Webhook events"),
 * Jenkins' notification plugin's (model/JobState.java) and our Argo CD template have
 * them, with values of ours. */
#ifndef HOOK_CASE_H
#define HOOK_CASE_H

#include "collector/hook.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

struct hook_case {
    enum hook_said said;
    const char *why;
    struct err err;
    struct change_event *e;
};

static const instant hook_now = {1795257000000}; /* 2026-11-21T10:30:00Z */

static char *hook_file(const char *name, const char *was, const char *becomes)
{
    static char text[1 << 15], changed[1 << 15];
    char path[600];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/hook/%s", AFTERCHECK_SOURCE,
             name);
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    if (was == NULL)
        return text;
    char *at = strstr(text, was);
    CHECK(at != NULL);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, becomes,
             at + strlen(was));
    return changed;
}

/* Reads the file, with one text in it exchanged for another (`was` NULL: as it is). */
static struct hook_case hook_read(const struct hook_source *s, const struct hook *h,
                                  const char *name, const char *was,
                                  const char *becomes)
{
    static char event[64];
    struct hook_case c = {.why = ""};
    OWNED_BUF made = {0};
    char *text = hook_file(name, was, becomes), *body = strchr(text, '\n') + 1;
    snprintf(event, sizeof event, "%.*s", (int)(body - 1 - text), text);
    struct hook_body b = {event, body, strlen(body)};
    c.said = s->read(h, &b, &made, &c.why, &c.err);
    if (c.said == HOOK_CHANGE)
        c.e = in_change_read_made(&made, "", hook_now, &c.err);
    if (c.said == HOOK_IGNORED || c.e != NULL)
        CHECK_TEXT(c.err.text, "");
    return c;
}

#endif
