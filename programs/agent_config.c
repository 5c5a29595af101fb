/* programs/agent_config.c - reading the agent's file and flags, at start and on SIGHUP.
 */
#include "programs/agent_config.h"

#include "base/httpc.h"
#include "base/names.h"
#include "base/yaml.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INTERVAL_S_MAX = 600, HOST_BYTES_MAX = 256 };

struct fields {
    const char *server, *service, *host;
    span interval;
};

static const struct yaml_field fields[] = {
    {"server", YAML_T_TEXT, offsetof(struct fields, server), false, 0, 0,
     "where samples are sent"},
    {"service", YAML_T_TEXT, offsetof(struct fields, service), false, 0, 0,
     "the service this host belongs to"},
    {"host", YAML_T_TEXT, offsetof(struct fields, host), false, 0, 0,
     "the name of this host"},
    {"interval", YAML_T_SPAN, offsetof(struct fields, interval), false, 1,
     INTERVAL_S_MAX, "how often samples are taken"},
};

/* Fills *f, whose texts are borrowed from *ret_doc. */
static int read_file(const char *path, struct fields *f, struct yaml_doc **ret_doc,
                     struct buf *why)
{
    struct complaints c = {0};
    *ret_doc = yaml_load(path, &c);
    if (*ret_doc != NULL)
        yaml_read(*ret_doc, yaml_root(*ret_doc), "the configuration", fields,
                  sizeof fields / sizeof *fields, f, &c);
    complaints_sort(&c);
    complaints_write(&c, why);
    int rc = c.errors > 0 ? -1 : 0;
    complaints_free(&c);
    return rc;
}

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
    struct httpc *trial = httpc_new(f->server, &err);
    if (trial == NULL)
        rc = complain_about(why, "server", &err);
    httpc_free(&trial);
    if (check_name_of(why, "host", f->host) < 0)
        rc = -1;
    if (f->service[0] != '\0' && check_name_of(why, "service", f->service) < 0)
        rc = -1;
    if (f->interval.ms < 1000 || f->interval.ms > INTERVAL_S_MAX * INT64_C(1000) ||
        f->interval.ms % 1000 != 0) {
        buf_add(why, "interval: expected whole seconds from 1s to 10m\n");
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
    if (flags->interval != NULL && span_parse(flags->interval, &f->interval, &err) < 0)
        return complain_about(why, "--interval", &err);
    return 0;
}

static int copy(const struct fields *f, struct agent_config *c, struct buf *why)
{
    *c = (struct agent_config){strdup(f->server), strdup(f->service), strdup(f->host),
                               f->interval};
    if (c->server != NULL && c->service != NULL && c->host != NULL)
        return 0;
    agent_config_free(c);
    buf_add(why, "out of memory\n");
    return -1;
}

int agent_config_load(const struct agent_flags *flags, struct agent_config *ret_config,
                      struct buf *why)
{
    char host[HOST_BYTES_MAX] = "";
    if (gethostname(host, sizeof host - 1) < 0)
        strcpy(host, "localhost");
    struct fields f = {"http://127.0.0.1:8190", "", host, {10000}};
    struct yaml_doc *doc = NULL;
    int rc = flags->config != NULL ? read_file(flags->config, &f, &doc, why) : 0;
    if (take_flags(flags, &f, why) < 0)
        rc = -1;
    if (rc == 0)
        rc = check(&f, why);
    if (rc == 0)
        rc = copy(&f, ret_config, why);
    yaml_doc_free(&doc);
    return rc;
}

void agent_config_free(struct agent_config *c)
{
    free(c->server);
    free(c->service);
    free(c->host);
    *c = (struct agent_config){0};
}
