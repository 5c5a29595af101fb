/* programs/agent/config.c - reading the agent's file and flags, at start and on SIGHUP.
 *
 * Each kind of source brings the table of its entries' fields; the lists' names come
 * from the table of kinds.  Nothing here knows what a check or a group is. */
#include "programs/agent/config.h"

#include "base/names.h"
#include "base/table_hash.h"
#include "base/yaml.h"
#include "programs/agent/call.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INTERVAL_S_MAX = 600, HOST_BYTES_MAX = 256, KINDS_MAX = 16, AT_ONCE_MAX = 64 };

struct fields {
    const char *server, *service, *host, *buffer, *ca;
    span interval;
    uint64_t buffer_bytes, at_once;
    const struct yaml_node *list[KINDS_MAX];
};

static const struct yaml_field fields[] = {
    {"server", YAML_T_TEXT, offsetof(struct fields, server), false, 0, 0,
     "where samples are sent; http://127.0.0.1:8190"},
    {"service", YAML_T_TEXT, offsetof(struct fields, service), false, 0, 0,
     "the service this host belongs to"},
    {"host", YAML_T_TEXT, offsetof(struct fields, host), false, 0, 0,
     "the name of this host; its hostname"},
    {"interval", YAML_T_SPAN, offsetof(struct fields, interval), false, 1,
     INTERVAL_S_MAX, "how often the host is read; 10s"},
    {"ca", YAML_T_TEXT, offsetof(struct fields, ca), false, 0, 0,
     "authorities to trust with https://, a PEM file; the system's"},
    {"buffer", YAML_T_TEXT, offsetof(struct fields, buffer), false, 0, 0,
     "the directory for what could not be sent yet, or none"},
    {"buffer_size", YAML_T_SIZE, offsetof(struct fields, buffer_bytes), false,
     AGENT_BUFFER_BYTES_MIN, 64.0 * (1 << 30), "how large it may grow; 64MiB"},
    {"at_once", YAML_T_COUNT, offsetof(struct fields, at_once), false, 1, AT_ONCE_MAX,
     "how many commands may run at the same time; 4"},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

/* The fields of the file, the kinds' lists among them. */
static size_t all_fields(struct yaml_field to[N_FIELDS + KINDS_MAX])
{
    size_t n = N_FIELDS;
    memcpy(to, fields, sizeof fields);
    for (size_t i = 0; agent_kinds[i] != NULL; i++) {
        assert(i < KINDS_MAX);
        if (agent_kinds[i]->list != NULL)
            to[n++] = (struct yaml_field){agent_kinds[i]->list,
                                          YAML_T_NODE,
                                          offsetof(struct fields, list) +
                                              i * sizeof(const struct yaml_node *),
                                          false,
                                          0,
                                          0,
                                          "a list of"};
    }
    return n;
}

static void write_field(const struct yaml_field *f, const char *indent, struct buf *to)
{
    buf_addf(to, "%s%-14s %s%s\n", indent, f->name, f->help,
             f->required ? " (required)" : "");
}

void agent_config_write_fields(struct buf *to)
{
    for (size_t i = 0; i < N_FIELDS; i++)
        write_field(&fields[i], "  ", to);
    for (size_t i = 0; agent_kinds[i] != NULL; i++) {
        const struct agent_kind *k = agent_kinds[i];
        if (k->list == NULL)
            continue;
        buf_addf(to, "  %-14s a list, of each:\n", k->list);
        for (size_t f = 0; f < k->n_fields; f++)
            write_field(&k->fields[f], "    ", to);
    }
}

/* --- entries --- */

static uint64_t hash_text(const char *text, uint64_t seed)
{
    return table_hash(text, strlen(text) + 1, seed);
}

/* NOLINTBEGIN(misc-no-recursion): as deep as YAML_DEPTH_MAX */
static uint64_t hash_node(const struct yaml_node *node, uint64_t seed)
{
    uint64_t h = table_hash(&node->kind, sizeof node->kind, seed);
    if (node->kind == YAML_TEXT)
        return hash_text(node->text, h);
    for (size_t i = 0; i < node->n; i++) {
        if (node->kind == YAML_MAP)
            h = hash_text(node->key[i].text, h);
        h = hash_node(&node->item[i], h);
    }
    return h;
}

/* NOLINTEND(misc-no-recursion) */

static bool is_taken(const struct agent_config *c, const struct agent_kind *k,
                     const char *name)
{
    for (size_t i = 0; i < c->items; i++)
        if (c->item[i].kind == k && strcmp(c->item[i].spec->name, name) == 0)
            return true;
    return false;
}

/* What the types do not say. */
static void check_entry(const struct agent_config *c, const struct agent_kind *k,
                        const struct agent_spec *spec, const struct yaml_node *at,
                        struct complaints *to)
{
    struct err err = {0};
    if (name_check(spec->name, strlen(spec->name), &err) < 0)
        yaml_complain(c->doc, yaml_get(at, "name"), to, "bad-name", "the name %s",
                      err.text);
    else if (is_taken(c, k, spec->name))
        yaml_complain(c->doc, yaml_get(at, "name"), to, "duplicate-name",
                      "another of the %s has this name", k->list);
    err = (struct err){0};
    if (spec->service != NULL &&
        name_check(spec->service, strlen(spec->service), &err) < 0)
        yaml_complain(c->doc, yaml_get(at, "service"), to, "bad-name", "the service %s",
                      err.text);
    if (spec->interval.ms % 1000 != 0)
        yaml_complain(c->doc, yaml_get(at, "interval"), to, "out-of-range",
                      "expected whole seconds");
    err = (struct err){0};
    if (k->check != NULL && k->check(spec, &err) < 0)
        yaml_complain(c->doc, at, to, "wrong-value", "%s", err.text);
}

static void add_item(struct agent_config *c, const struct agent_kind *k,
                     struct agent_spec *spec, uint64_t hash)
{
    struct agent_item *more = realloc(c->item, (c->items + 1) * sizeof *more);
    if (more == NULL || spec == NULL)
        abort(); /* a few hundred bytes, at start or on request */
    c->item = more;
    c->item[c->items++] = (struct agent_item){k, spec, hash};
}

static void read_entry(struct agent_config *c, const struct agent_kind *k,
                       const struct yaml_node *at, struct complaints *to)
{
    if (c->items == AGENT_ITEMS_MAX) {
        yaml_complain(c->doc, at, to, "too-many", "at most %d entries in all",
                      AGENT_ITEMS_MAX);
        return;
    }
    if (at->kind != YAML_MAP) {
        yaml_complain(c->doc, at, to, "wrong-type", "expected a map with a name");
        return;
    }
    struct agent_spec *spec = calloc(1, k->spec_bytes);
    if (spec == NULL)
        abort();
    spec->interval = k->interval;
    if (k->defaults != NULL)
        k->defaults(spec);
    if (yaml_read(c->doc, at, k->list, k->fields, k->n_fields, spec, to) == 0) {
        check_entry(c, k, spec, at, to);
        add_item(c, k, spec, hash_node(at, 0));
    } else {
        free(spec);
    }
}

static void read_list(struct agent_config *c, const struct agent_kind *k,
                      const struct yaml_node *list, struct complaints *to)
{
    if (list->kind != YAML_LIST) {
        yaml_complain(c->doc, list, to, "wrong-type", "expected a list");
        return;
    }
    for (size_t i = 0; i < list->n; i++)
        read_entry(c, k, &list->item[i], to);
}

/* Fills *f, whose texts are borrowed from c->doc, and the entries. */
static int read_file(const char *path, struct fields *f, struct agent_config *c,
                     struct buf *why)
{
    struct complaints to = {0};
    struct yaml_field table[N_FIELDS + KINDS_MAX];
    size_t n = all_fields(table);
    c->doc = yaml_load(path, &to);
    if (c->doc != NULL) {
        yaml_read(c->doc, yaml_root(c->doc), "the configuration", table, n, f, &to);
        for (size_t i = 0; agent_kinds[i] != NULL; i++)
            if (f->list[i] != NULL)
                read_list(c, agent_kinds[i], f->list[i], &to);
    }
    complaints_sort(&to);
    complaints_write(&to, why);
    int rc = to.errors > 0 ? -1 : 0;
    complaints_free(&to);
    return rc;
}

/* --- all of it --- */

static int complain_about(struct buf *why, const char *what, const struct err *err)
{
    buf_addf(why, "%s: %s\n", what, err->text);
    return -1;
}

static int check_name_of(struct buf *why, const char *what, const char *name)
{
    struct err err = {0};
    return name_check(name, strlen(name), &err) == 0 ? 0
                                                     : complain_about(why, what, &err);
}

static int check(const struct fields *f, struct buf *why)
{
    int rc = 0;
    struct err err = {0};
    struct loop *loop = loop_new();
    struct agent_call *trial =
        loop != NULL ? agent_call_new(loop, f->server, &err) : NULL;
    if (trial == NULL)
        rc = complain_about(why, "server", &err);
    agent_call_free(&trial);
    loop_free(&loop);
    if (f->ca[0] != '\0' && access(f->ca, R_OK) < 0) {
        buf_addf(why, "ca: %s: %s\n", f->ca, strerror(errno));
        rc = -1;
    }
    if (check_name_of(why, "host", f->host) < 0)
        rc = -1;
    if (f->service[0] != '\0' && check_name_of(why, "service", f->service) < 0)
        rc = -1;
    if (f->interval.ms < 1000 || f->interval.ms > INTERVAL_S_MAX * INT64_C(1000) ||
        f->interval.ms % 1000 != 0) {
        buf_add(why, "interval: expected whole seconds from 1s to 10m\n");
        rc = -1;
    }
    if (f->buffer != NULL && f->buffer[0] != '/' && strcmp(f->buffer, "none") != 0) {
        buf_add(why, "buffer: expected an absolute path, or none\n");
        rc = -1;
    }
    return rc;
}

static int take_flags(const struct agent_flags *flags, struct fields *f,
                      struct buf *why)
{
    struct err err = {0};
    if (flags->server != NULL)
        f->server = flags->server;
    if (flags->service != NULL)
        f->service = flags->service;
    if (flags->host != NULL)
        f->host = flags->host;
    if (flags->buffer != NULL)
        f->buffer = flags->buffer;
    if (flags->interval != NULL && span_parse(flags->interval, &f->interval, &err) < 0)
        return complain_about(why, "--interval", &err);
    return 0;
}

static int copy(const struct fields *f, struct agent_config *c, struct buf *why)
{
    struct err err = {0};
    c->server = strdup(f->server);
    c->service = strdup(f->service);
    c->host = strdup(f->host);
    c->ca = strdup(f->ca);
    c->buffer = f->buffer != NULL ? strdup(f->buffer) : agent_buffer_default_dir(&err);
    c->interval = f->interval;
    c->buffer_bytes = f->buffer_bytes;
    c->at_once = f->at_once;
    if (c->server != NULL && c->service != NULL && c->host != NULL && c->ca != NULL &&
        c->buffer != NULL)
        return 0;
    return complain_about(why, "buffer", &err);
}

/* Entries without a service or an interval of their own have the agent's, and what is
 * said for all is part of what each says. */
static void complete_items(struct agent_config *c)
{
    uint64_t all = hash_text(c->host, hash_text(c->service, 1));
    for (size_t i = 0; agent_kinds[i] != NULL; i++) {
        const struct agent_kind *k = agent_kinds[i];
        if (k->list == NULL) {
            struct agent_spec *spec = calloc(1, k->spec_bytes);
            if (spec == NULL)
                abort();
            spec->name = k->name;
            add_item(c, k, spec, 0);
        }
    }
    for (size_t i = 0; i < c->items; i++) {
        struct agent_spec *spec = c->item[i].spec;
        if (spec->service == NULL)
            spec->service = c->service;
        if (spec->interval.ms == 0)
            spec->interval = c->interval;
        c->item[i].hash = table_hash(&spec->interval.ms, sizeof spec->interval.ms,
                                     c->item[i].hash ^ all);
    }
}

struct agent_config *agent_config_load(const struct agent_flags *flags, struct buf *why)
{
    char host[HOST_BYTES_MAX] = "";
    struct agent_config *c = calloc(1, sizeof *c);
    if (c == NULL) {
        buf_add(why, "out of memory\n");
        return NULL;
    }
    c->users = 1;
    if (gethostname(host, sizeof host - 1) < 0)
        strcpy(host, "localhost");
    struct fields f = {.server = "http://127.0.0.1:8190",
                       .service = "",
                       .host = host,
                       .ca = "",
                       .interval = {10000},
                       .buffer_bytes = 64 << 20,
                       .at_once = 4};
    int rc = flags->config != NULL ? read_file(flags->config, &f, c, why) : 0;
    if (take_flags(flags, &f, why) < 0)
        rc = -1;
    if (rc == 0)
        rc = check(&f, why);
    if (rc == 0)
        rc = copy(&f, c, why);
    if (rc == 0)
        complete_items(c);
    else
        agent_config_free(&c);
    return c;
}

struct agent_config *agent_config_ref(struct agent_config *c)
{
    c->users++;
    return c;
}

void agent_config_free(struct agent_config **c)
{
    struct agent_config *it = *c;
    *c = NULL;
    if (it == NULL || --it->users > 0)
        return;
    for (size_t i = 0; i < it->items; i++)
        free(it->item[i].spec);
    free(it->item);
    free(it->server);
    free(it->service);
    free(it->host);
    free(it->ca);
    free(it->buffer);
    yaml_doc_free(&it->doc);
    free(it);
}
