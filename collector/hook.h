/* collector/hook.h - what the doors of deployment systems have in common.
 *
 * GitHub, GitLab, Jenkins and Argo CD each say in a form of their own that something is
 * deployed.  Their sources (in_github, ...) check who sends, turn the form into a
 * `struct hook_event` and leave the rest to this: the settings that map names, the
 * change event's text (storage/change.h), posting and answering as POST /v1/changes
 * does (collector/in_change.h), the books.  What is no start and no end of a deployment
 * is answered 200 {"status": "ignored", "why": "..."}. */
#ifndef COLLECTOR_HOOK_H
#define COLLECTOR_HOOK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/httpd.h"
#include "base/json.h"
#include "base/names.h"
#include "collector/in_change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A glob of names, and what they stand for. */
struct hook_pair {
    const char *glob, *value;
};

/* The settings of one door; all is borrowed. */
struct hook {
    const char *secret;               /* what the sender must know; NULL: none is set */
    const char *signing;              /* GitLab's signing token; NULL: none is set */
    const struct hook_pair *services; /* the sender's name -> service; first match */
    size_t n_services;
    const struct hook_pair *kinds; /* the sender's word -> kind of change */
    size_t n_kinds;
    const char *const *environments; /* globs; 0: all are wanted */
    size_t n_environments;
};

#define HOOKS(X)                                                                       \
    X(GITHUB, "github")                                                                \
    X(GITLAB, "gitlab")                                                                \
    X(JENKINS, "jenkins")                                                              \
    X(ARGOCD, "argocd")
#define X(id, name) HOOK_##id,
enum hook_id { HOOKS(X) HOOK_N };
#undef X
const char *hook_name(enum hook_id id);

struct hooks {
    struct hook of[HOOK_N];
};

/* The value of the first pair whose glob fits, else `otherwise`. */
const char *hook_map(const struct hook_pair *pairs, size_t n, const char *name,
                     const char *otherwise);
/* Whether changes of this environment are told of; NULL, none given, is wanted too. */
bool hook_wants(const struct hook *h, const char *environment);

/* A deployment's start or end; NULL: not known, and left out. */
struct hook_event {
    const char *source, *id, *change_id;
    const char *phase, *kind, *service, *title, *actor, *url, *parent_id;
    const char *from, *to;   /* of the artifact */
    const char *time;        /* RFC 3339 */
    const char *hosts;       /* names with commas, spaces or line ends between */
    const char *outcome;     /* "success", "failure", ...: kept and shown */
    const char *ref;         /* a branch or tag: kept and shown */
    const char *environment; /* becomes a label */
    /* an object in the sender's free part whose members win: change_id, kind, service,
     * title, hosts, batch, parent_id, artifact, urgent, labels */
    const struct json_at *own;
};

/* Adds the change event's text.  -1 only when memory is short. */
int hook_write(const struct hook_event *e, struct buf *to, struct err *err);

/* Writes "NAME.1234", at most NAME_BYTES_MAX bytes: a longer one becomes a hash. */
void hook_id_text(char out[NAME_BYTES_MAX + 1], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* What a source makes of a request. */
enum hook_said {
    HOOK_CHANGE,  /* the change event's text is in `to` */
    HOOK_IGNORED, /* fine, but no start or end of a deployment: *ret_why says why */
    HOOK_BAD,     /* *err says what, and where */
};
struct hook_body {
    const char *event; /* what the headers call it; NULL: nothing */
    const char *text;
    size_t n;
};
struct hook_source {
    enum hook_id id;
    const char *event_header; /* NULL: the body says all */
    /* 0 when the sender is who he should be; else -1 and *err with code EACCES (nothing
     * is set to know him by) or EPERM (he is not). */
    int (*trust)(const struct hook *h, const struct httpd_req *r, instant now,
                 struct err *err);
    enum hook_said (*read)(const struct hook *h, const struct hook_body *body,
                           struct buf *to, const char **ret_why, struct err *err);
};

/* Whether somebody knows the secret; the time it takes tells nothing of it. */
bool hook_knows(const char *secret, const char *given);

/* The trust of sources that sign nothing: 0 when no secret is set, or the request
 * carries it as "Authorization: Bearer ..." or ?token=; `name` is the door's. */
int hook_trust_token(const struct hook *h, const struct httpd_req *r, const char *name,
                     struct err *err);

/* Complains that a text is missing. */
enum hook_said hook_missing(const char *what, struct err *err);

/* The books, and a handler's whole work; `r` is called with it again until it is
 * answered.  Any thread. */
struct hook_books {
    _Atomic uint64_t accepted[HOOK_N], ignored[HOOK_N], refused[HOOK_N], bad[HOOK_N];
};
void hook_serve(struct httpd_req *r, const struct hook_source *source,
                const struct hook *h, const struct in_change_door *door,
                struct hook_books *books);

/* Adds aftercheck_webhooks_total{source=,end=} in Prometheus' text format. */
void hook_write_metrics(const struct hook_books *books, struct buf *to);

#endif
