/* programs/coredump/config.c - reading aftercheck-coredump's file and flags.  It runs
 * once, at the start, on one thread. */
#include "programs/coredump/config.h"

#include "base/httpc.h"
#include "base/names.h"
#include "base/yaml.h"
#include "programs/coredump/dead.h"
#include "storage/core.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char config_default_path[] = "/etc/aftercheck/coredump.yml";

enum { HOST_BYTES_MAX = 256 };

struct fields {
    const char *server, *host, *service, *state;
    span hold, stack;
    uint64_t frames, first;
    span within, every;
    const struct yaml_node *services;
};

#define AT(field) offsetof(struct fields, field)
static const struct yaml_field fields[] = {
    {"server", YAML_T_TEXT, AT(server), false, 0, 0, "where records are sent"},
    {"host", YAML_T_TEXT, AT(host), false, 0, 0, "the name of this host"},
    {"service", YAML_T_TEXT, AT(service), false, 0, 0,
     "the service of programs that nothing else names"},
    {"services", YAML_T_NODE, AT(services), false, 0, 0, "programs and their services"},
    {"state", YAML_T_TEXT, AT(state), false, 0, 0,
     "directory of what waits and what is counted"},
    {"hold", YAML_T_SPAN, AT(hold), false, 0.1, 30,
     "the longest that a dying process is held; 2s"},
    {"stack", YAML_T_SPAN, AT(stack), false, 0.1, 60,
     "the longest that taking a stack may take; 5s"},
    {"frames", YAML_T_COUNT, AT(frames), false, 1, CORE_FRAMES_MAX,
     "frames that are taken of a stack; 64"},
    {"first", YAML_T_COUNT, AT(first), false, 1, 1000,
     "crashes of one program and signal told with their stacks; 3"},
    {"within", YAML_T_SPAN, AT(within), false, 1, 86400, "in so long; 10m"},
    {"every", YAML_T_SPAN, AT(every), false, 1, 3600,
     "how often the rest are told, as a count; 1m"},
};
#undef AT

struct entry {
    const char *exe, *unit, *service;
};
#define AT(field) offsetof(struct entry, field)
static const struct yaml_field entry_fields[] = {
    {"exe", YAML_T_TEXT, AT(exe), false, 0, 0, "glob of the program's path"},
    {"unit", YAML_T_TEXT, AT(unit), false, 0, 0, "glob of the systemd unit"},
    {"service", YAML_T_TEXT, AT(service), true, 0, 0, "the service's name"},
};
#undef AT

/* --- the table --- */

static char *copy_or_null(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void read_entry(const struct yaml_doc *doc, const struct yaml_node *at,
                       struct config *c, struct complaints *to)
{
    struct entry e = {0};
    struct err err = {0};
    if (yaml_read(doc, at, "an entry of services", entry_fields,
                  sizeof entry_fields / sizeof *entry_fields, &e, to) < 0)
        return;
    if (e.exe == NULL && e.unit == NULL) {
        yaml_complain(doc, at, to, "missing-field", "needs exe or unit, or both");
        return;
    }
    if (name_check(e.service, strlen(e.service), &err) < 0) {
        yaml_complain(doc, at, to, "bad-name", "service: %s", err.text);
        return;
    }
    struct config_service *s = &c->services[c->n_services++];
    *s = (struct config_service){copy_or_null(e.exe), copy_or_null(e.unit),
                                 strdup(e.service)};
    if (s->service == NULL || (e.exe != NULL && s->exe == NULL) ||
        (e.unit != NULL && s->unit == NULL))
        yaml_complain(doc, at, to, "memory", "out of memory");
}

static void read_services(const struct yaml_doc *doc, const struct yaml_node *list,
                          struct config *c, struct complaints *to)
{
    if (list == NULL)
        return;
    if (list->kind != YAML_LIST || list->n > CONFIG_SERVICES_MAX) {
        yaml_complain(doc, list, to, "wrong-type",
                      "services: expected a list of at most %d maps such as "
                      "{exe: /srv/pay/*, service: pay}",
                      CONFIG_SERVICES_MAX);
        return;
    }
    c->services = calloc(list->n + 1, sizeof *c->services);
    if (c->services == NULL) {
        yaml_complain(doc, list, to, "memory", "out of memory");
        return;
    }
    for (size_t i = 0; i < list->n; i++)
        read_entry(doc, &list->item[i], c, to);
}

const char *config_service_of(const struct config *c, const char *exe, const char *unit,
                              char out[NAME_BYTES_MAX + 1])
{
    for (size_t i = 0; i < c->n_services; i++) {
        const struct config_service *s = &c->services[i];
        if ((s->exe == NULL || glob_match(s->exe, exe)) &&
            (s->unit == NULL || glob_match(s->unit, unit)))
            return s->service;
    }
    return dead_service(unit, out)[0] != '\0' ? out : c->service;
}

/* --- file and flags --- */

/* Fills *f, whose texts are borrowed from *ret_doc. */
static int read_file(const char *path, struct fields *f, struct config *to,
                     struct yaml_doc **ret_doc, struct buf *why)
{
    struct complaints c = {0};
    *ret_doc = yaml_load(path, &c);
    if (*ret_doc != NULL) {
        yaml_read(*ret_doc, yaml_root(*ret_doc), "the configuration", fields,
                  sizeof fields / sizeof *fields, f, &c);
        read_services(*ret_doc, f->services, to, &c);
    }
    complaints_sort(&c);
    complaints_write(&c, why);
    int rc = c.errors > 0 ? -1 : 0;
    complaints_free(&c);
    return rc;
}

static int check_name_of(struct buf *why, const char *what, const char *name)
{
    struct err err = {0};
    if (name_check(name, strlen(name), &err) == 0)
        return 0;
    buf_addf(why, "%s: %s\n", what, err.text);
    return -1;
}

static int check(const struct fields *f, struct buf *why)
{
    int rc = 0;
    struct err err = {0};
    struct httpc *trial = httpc_new(f->server, &err);
    if (trial == NULL) {
        buf_addf(why, "server: %s\n", err.text);
        rc = -1;
    }
    httpc_free(&trial);
    if (check_name_of(why, "host", f->host) < 0)
        rc = -1;
    if (f->service[0] != '\0' && check_name_of(why, "service", f->service) < 0)
        rc = -1;
    if (f->state[0] != '/') {
        buf_addf(why, "state: '%.200s' is no absolute path of a directory\n", f->state);
        rc = -1;
    }
    if (f->hold.ms > f->stack.ms) {
        buf_add(why, "hold: is longer than stack, which ends both\n");
        rc = -1;
    }
    return rc;
}

static void take_flags(const struct config_flags *flags, struct fields *f)
{
    const struct {
        const char *flag, **field;
    } given[] = {{flags->server, &f->server},
                 {flags->service, &f->service},
                 {flags->host, &f->host},
                 {flags->state, &f->state}};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].flag != NULL)
            *given[i].field = given[i].flag;
}

static int copy(const struct fields *f, struct config *c, struct buf *why)
{
    c->server = strdup(f->server);
    c->service = strdup(f->service);
    c->host = strdup(f->host);
    c->state = strdup(f->state);
    c->hold = f->hold;
    c->stack = f->stack;
    c->frames = (size_t)f->frames;
    c->loop = (struct loop_rule){(int64_t)f->first, f->within, f->every};
    if (c->server != NULL && c->service != NULL && c->host != NULL && c->state != NULL)
        return 0;
    buf_add(why, "out of memory\n");
    return -1;
}

/* Of root a place of its own; of anybody else one in the home directory. */
static void default_state(char *to, size_t room)
{
    const char *home = getenv("HOME"), *state = getenv("XDG_STATE_HOME");
    if (geteuid() == 0)
        snprintf(to, room, "/var/lib/aftercheck-coredump");
    else if (state != NULL && state[0] == '/')
        snprintf(to, room, "%s/aftercheck-coredump", state);
    else
        snprintf(to, room, "%s/.local/state/aftercheck-coredump",
                 home != NULL ? home : "");
}

int config_load(const struct config_flags *flags, struct config *ret_config,
                struct buf *why)
{
    char host[HOST_BYTES_MAX] = "", state[1024];
    if (gethostname(host, sizeof host - 1) < 0)
        strcpy(host, "localhost");
    default_state(state, sizeof state);
    struct fields f = {.server = "http://127.0.0.1:8190",
                       .host = host,
                       .service = "",
                       .state = state,
                       .hold = {2000},
                       .stack = {5000},
                       .frames = CORE_FRAMES_MAX,
                       .first = 3,
                       .within = {600000},
                       .every = {60000}};
    struct yaml_doc *doc = NULL;
    struct config c = {0};
    const char *path = flags->config;
    if (path == NULL && access(config_default_path, F_OK) == 0)
        path = config_default_path;
    int rc = path != NULL ? read_file(path, &f, &c, &doc, why) : 0;
    take_flags(flags, &f);
    if (rc == 0)
        rc = check(&f, why);
    if (rc == 0)
        rc = copy(&f, &c, why);
    yaml_doc_free(&doc);
    if (rc == 0)
        *ret_config = c;
    else
        config_free(&c);
    return rc;
}

void config_free(struct config *c)
{
    free(c->server);
    free(c->service);
    free(c->host);
    free(c->state);
    for (size_t i = 0; i < c->n_services; i++) {
        free(c->services[i].exe);
        free(c->services[i].unit);
        free(c->services[i].service);
    }
    free(c->services);
    *c = (struct config){0};
}
