/* programs/agent/group.c - one pass over all processes, shared by all groups.
 *
 * The pass belongs to whoever is due first at a time; groups that are due at the same
 * time take their figures from it.  So all groups have the agent's interval.  It lives
 * as long as there are groups.  In the loop. */
#include "programs/agent/group.h"

#include "collector/hostinfo/groups.h"
#include "programs/agent/config.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

struct spec {
    struct agent_spec all;
    const char *unit, *command, *program, *user;
};

static const struct yaml_field fields[] = {
    {"name", YAML_T_TEXT, offsetof(struct spec, all.name), true, 0, 0,
     "what it is called in its series and in the log"},
    {"service", YAML_T_TEXT, offsetof(struct spec, all.service), false, 0, 0,
     "the service its series belong to; the host's own"},
    {"unit", YAML_T_TEXT, offsetof(struct spec, unit), false, 0, 0,
     "glob on the systemd unit: pay-*.service"},
    {"program", YAML_T_TEXT, offsetof(struct spec, program), false, 0, 0,
     "glob on the program's name: nginx"},
    {"command", YAML_T_TEXT, offsetof(struct spec, command), false, 0, 0,
     "glob on the whole command line: \"*java*pay.jar*\""},
    {"user", YAML_T_TEXT, offsetof(struct spec, user), false, 0, 0,
     "the user it runs as"},
};

struct group {
    struct agent_source source;
    int number;
};

static struct {
    struct groups *groups;
    instant at; /* of the last pass */
    int64_t ms; /* monotonic; 0: none yet */
    bool failed;
    struct err err;
} pass;

static struct group *group_of(struct agent_source *s)
{
    assert(s->kind == &agent_group);
    return (struct group *)s;
}

static int user_of(const char *name, int64_t *ret, struct err *err)
{
    char *end;
    long n = strtol(name, &end, 10);
    *ret = -1;
    if (*name != '\0' && *end == '\0' && n >= 0) {
        *ret = n;
        return 0;
    }
    const struct passwd *is = getpwnam(name);
    if (is == NULL)
        return err_set(err, ENOENT, "there is no user '%.100s'", name);
    *ret = is->pw_uid;
    return 0;
}

static int group_check(const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    int64_t uid;
    if (spec->unit == NULL && spec->command == NULL && spec->program == NULL &&
        spec->user == NULL)
        return err_set(err, EINVAL,
                       "a group needs a unit, a program, a command or a user");
    return spec->user != NULL ? user_of(spec->user, &uid, err) : 0;
}

static void group_close(struct agent_source *s)
{
    struct group *g = group_of(s);
    if (g->number >= 0)
        groups_remove(pass.groups, g->number);
    if (pass.groups != NULL && groups_count(pass.groups) == 0) {
        groups_free(&pass.groups);
        pass.ms = 0;
    }
    agent_source_done(s);
    free(g);
}

static struct agent_source *group_open(const struct agent_env *env,
                                       const struct agent_config *config,
                                       const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    struct group_spec is = {spec->unit, spec->command, spec->program, -1};
    struct group *g = calloc(1, sizeof *g);
    if (g == NULL ||
        agent_source_init(&g->source, &agent_group, env, config, all) < 0) {
        free(g);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    g->number = -1;
    if (pass.groups == NULL)
        pass.groups = groups_new(env->root, err);
    if (pass.groups != NULL &&
        (spec->user == NULL || user_of(spec->user, &is.uid, err) == 0))
        g->number = groups_add(pass.groups, &is, err);
    if (g->number < 0) {
        group_close(&g->source);
        return NULL;
    }
    return &g->source;
}

/* Makes the pass of this time, unless another group has. */
static void make_pass(instant at)
{
    int64_t now = monotonic_ms();
    if (pass.ms != 0 && pass.at.ms == at.ms)
        return;
    pass.err = (struct err){0};
    double seconds = pass.ms != 0 ? (double)(now - pass.ms) / 1000 : 0;
    pass.failed = groups_read(pass.groups, seconds, &pass.err) < 0;
    pass.at = at;
    pass.ms = now;
}

static void group_gather(struct agent_source *s, instant at)
{
    struct group *g = group_of(s);
    OWNED_BUF line = {0};
    make_pass(at);
    if (pass.failed) {
        agent_source_failed(s, "%s", pass.err.text);
        return;
    }
    struct group_figures f = groups_figures(pass.groups, g->number);
    buf_add(&line, "group,group=");
    agent_add_escaped(&line, s->name);
    buf_add(&line, s->tags);
    int n = groups_write(&f, &line);
    buf_addf(&line, " %lld\n", (long long)(at.ms / 1000));
    if (buf_done(&line) < 0)
        agent_source_failed(s, "out of memory");
    else
        agent_source_gave(s, AGENT_BODY_LINES, line.data, line.len, (size_t)n);
}

const struct agent_kind agent_group = {.name = "group",
                                       .list = "groups",
                                       .fields = fields,
                                       .n_fields = sizeof fields / sizeof *fields,
                                       .spec_bytes = sizeof(struct spec),
                                       .aligned = true,
                                       .check = group_check,
                                       .open = group_open,
                                       .gather = group_gather,
                                       .close = group_close};
