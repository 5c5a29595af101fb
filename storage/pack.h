/* storage/pack.h - a version of the rules as readers see it.
 *
 * The stage that judges writes it into the ledger when rules come into force, the one
 * that shows it to people reads it there: neither needs to know the other, nor the
 * files.  It is one JSON object:
 *
 *     {"name": "defaults", "hash": "7e70...",
 *      "windows": [{"kind": "release", "values": [["looks", "10m, 15m", "a.yml:3"]]}],
 *      "rules": [{"id": "cpu.busy", "title": "...", "about": "series", "rev": 1,
 *                 "mode": "enforce", "file": "20-hosts.yml", "line": 12,
 *                 "why": "...", "advice": "...", "runbook": "https://...",
 *                 "owner": "...",
 *                 "values": [["must-handle.effect", "0.5", "20-hosts.yml:14"]],
 *                 "overrides": [{"what": "service: pay, set: {...}", "by": "li",
 *                                "until": "...", "reason": "...",
 *                                "file": "90-pay.yml", "line": 4}]}]}
 *
 * A value is its path in the rule, the value as written, and where it stands.  Texts
 * that are not given are left out. */
#ifndef STORAGE_PACK_H
#define STORAGE_PACK_H

#include "base/err.h"
#include "base/instant.h"

#include <stddef.h>

enum { PACK_BYTES_MAX = 64 << 20 };

struct pack_value {
    const char *path, *value, *whence;
};

/* Other values for some services, that end. */
struct pack_override {
    const char *what, *by, *reason, *file;
    instant until;
    int64_t line;
};

struct pack_rule {
    const char *id, *title, *about, *mode, *file;
    const char *why, *advice, *runbook, *owner; /* NULL: not given */
    int64_t rev, line;
    size_t n_values;
    struct pack_value *value;
    size_t n_overrides;
    struct pack_override *override;
};

struct pack_windows {
    const char *kind;
    size_t n_values;
    struct pack_value *value;
};

struct pack {
    const char *name, *hash;
    instant since; /* in force from then on; the ledger's */
    size_t n_windows;
    struct pack_windows *windows; /* by kind of change */
    size_t n_rules;
    struct pack_rule *rule;    /* in the files' order */
    struct json_doc *document; /* what all texts point into */
};

/* -1 with the place when it is not of this form.  NULL texts never stand where the form
 * asks for one. */
int pack_read(const char *json, size_t n, struct pack **ret_pack, struct err *err);
void pack_free(struct pack **p);
#define OWNED_PACK __attribute__((cleanup(pack_free))) struct pack

#endif
