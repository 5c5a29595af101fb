/* programs/daemon_config.h - aftercheckd's configuration file.
 *
 * YAML, read through base/yaml.h; every field has a default, so an absent file is a
 * configuration too.  The table in daemon_config.c is the one list: `aftercheckd
 * --help-config` prints it. */
#ifndef PROGRAMS_DAEMON_CONFIG_H
#define PROGRAMS_DAEMON_CONFIG_H

#include "base/complain.h"
#include "base/instant.h"
#include "base/yaml.h"
#include "notifier/mail_config.h"
#include "programs/daemon_hooks.h"

#include <stdint.h>
#include <stdio.h>

struct daemon_config {
    const char *listen, *data, *rules, *routing, *log;
    struct {
        span step, keep;
        uint64_t most;
    } samples;
    struct {
        span flush, forget;
    } history;
    struct {
        span coredumps, alarms, tests;
    } evidence; /* how long it is kept */
    struct yaml_texts host_tags, service_tags;
    /* listen NULL: off; the host NULL: this machine's name */
    struct {
        const char *listen;
        struct yaml_texts templates, counters;
    } graphite;
    struct {
        const char *listen, *host;
        struct yaml_texts templates;
        span flush;
    } statsd;
    struct {
        uint64_t names, rate;
    } limits; /* of each sender; 0: none */
    struct hooks hooks;
    struct daemon_hooks *hooks_own; /* what they point to, or NULL */
    struct mail_config mail;
    struct yaml_doc
        *doc; /* the texts above are borrowed from it; NULL without a file */
};

/* Fills *ret_config with the defaults, then with the file's fields when `path` is not
 * NULL.  -1 when the complaints hold an error. */
int daemon_config_load(const char *path, struct daemon_config *ret_config,
                       struct complaints *c);
void daemon_config_free(struct daemon_config *c);

/* The list of fields with their defaults, for people. */
void daemon_config_help(FILE *to);

#endif
