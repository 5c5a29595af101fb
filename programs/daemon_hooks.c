/* programs/daemon_hooks.c - reading `webhooks`.  One thread, at start and on SIGHUP.
 *
 * Secrets are copied out of their files and wiped when the settings are freed. */
#include "programs/daemon_hooks.h"

#include "base/secret.h"
#include "storage/change.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 1000 };

struct daemon_hooks {
    struct {
        char secret[SECRET_BYTES_MAX], signing[SECRET_BYTES_MAX];
        struct hook_pair *services, *kinds;
    } of[HOOK_N];
};

/* What a door's map is read into; files are named differently by what they hold. */
struct fields {
    const char *secret_file, *token_file, *signing_token_file;
    const struct yaml_node *services, *kinds;
    struct yaml_texts environments;
};

#define F(name, type, member, help)                                                    \
    {                                                                                  \
        name, type, offsetof(struct fields, member), false, 0, 0, help                 \
    }
#define COMMON                                                                         \
    F("services", YAML_T_NODE, services,                                               \
      "map of name: service; the name may hold * and ?, the first that fits counts"),  \
        F("kinds", YAML_T_NODE, kinds, "map of name: kind of change, likewise"),       \
        F("environments", YAML_T_TEXTS, environments,                                  \
          "only these are changes, * and ? allowed; all of them")
static const struct yaml_field github_fields[] = {
    F("secret_file", YAML_T_TEXT, secret_file,
      "file whose first line is the webhook's secret; without it the door is closed"),
    COMMON};
static const struct yaml_field gitlab_fields[] = {
    F("secret_file", YAML_T_TEXT, secret_file,
      "file with the webhook's secret token; without it or the next the door is "
      "closed"),
    F("signing_token_file", YAML_T_TEXT, signing_token_file,
      "file with the webhook's signing token; then only signatures count"),
    COMMON};
static const struct yaml_field token_fields[] = {
    F("token_file", YAML_T_TEXT, token_file,
      "file with a token that the sender must know; without it the door is open"),
    COMMON};
#undef F

#define TABLE(t) (t), sizeof(t) / sizeof *(t)
static const struct {
    const struct yaml_field *fields;
    size_t n;
} tables[HOOK_N] = {[HOOK_GITHUB] = {TABLE(github_fields)},
                    [HOOK_GITLAB] = {TABLE(gitlab_fields)},
                    [HOOK_JENKINS] = {TABLE(token_fields)},
                    [HOOK_ARGOCD] = {TABLE(token_fields)}};

/* Where a complaint about a field stands: its value, else the map. */
static const struct yaml_node *at(const struct yaml_node *map, const char *field)
{
    const struct yaml_node *v = yaml_get(map, field);
    return v != NULL ? v : map;
}

static const char *read_secret(const struct yaml_doc *doc, const struct yaml_node *map,
                               const char *field, const char *path, char *to,
                               struct complaints *c)
{
    struct err err = {0};
    if (path == NULL)
        return NULL;
    if (secret_load(path, "the secret's", to, &err) == 0)
        return to;
    yaml_complain(doc, at(map, field), c, "secret", "%s", err.text);
    return NULL;
}

/* A map of globs into pairs in the file's order; NULL and *ret_n 0 when there is none.
 */
static struct hook_pair *read_pairs(const struct yaml_doc *doc,
                                    const struct yaml_node *map, bool are_kinds,
                                    size_t *ret_n, struct complaints *c)
{
    *ret_n = 0;
    if (map == NULL)
        return NULL;
    if (map->kind != YAML_MAP || map->n > PAIRS_MAX) {
        yaml_complain(doc, map, c, "wrong-type", "expected a map of at most %d names",
                      PAIRS_MAX);
        return NULL;
    }
    struct hook_pair *pairs = calloc(map->n + 1, sizeof *pairs);
    if (pairs == NULL) {
        yaml_complain(doc, map, c, "memory", "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_node *v = &map->item[i];
        if (v->kind != YAML_TEXT)
            yaml_complain(doc, v, c, "wrong-type", "expected a text");
        else if (are_kinds && change_kind_of(v->text) == CHANGE_KIND_N)
            yaml_complain(doc, v, c, "wrong-type", "expected one of %s, got '%.40s'",
                          change_kind_list(), v->text);
        else
            pairs[(*ret_n)++] = (struct hook_pair){map->key[i].text, v->text};
    }
    return pairs;
}

static void read_door(const struct yaml_doc *doc, const struct yaml_node *map,
                      enum hook_id id, struct hook *h, struct daemon_hooks *own,
                      struct complaints *c)
{
    struct fields f = {0};
    if (yaml_read(doc, map, hook_name(id), tables[id].fields, tables[id].n, &f, c) < 0)
        return;
    const char *field = f.token_file != NULL ? "token_file" : "secret_file";
    const char *path = f.token_file != NULL ? f.token_file : f.secret_file;
    h->secret = read_secret(doc, map, field, path, own->of[id].secret, c);
    h->signing = read_secret(doc, map, "signing_token_file", f.signing_token_file,
                             own->of[id].signing, c);
    h->services = own->of[id].services =
        read_pairs(doc, f.services, false, &h->n_services, c);
    h->kinds = own->of[id].kinds = read_pairs(doc, f.kinds, true, &h->n_kinds, c);
    h->environments = f.environments.at;
    h->n_environments = f.environments.n;
}

void daemon_hooks_read(const struct yaml_doc *doc, const struct yaml_node *map,
                       struct hooks *ret_hooks, struct daemon_hooks **ret_own,
                       struct complaints *c)
{
    const struct yaml_node *door[HOOK_N] = {NULL};
    struct yaml_field fields[HOOK_N];
    *ret_own = calloc(1, sizeof **ret_own);
    if (*ret_own == NULL) {
        yaml_complain(doc, map, c, "memory", "out of memory");
        return;
    }
    for (int i = 0; i < HOOK_N; i++)
        fields[i] = (struct yaml_field){.name = hook_name((enum hook_id)i),
                                        .type = YAML_T_NODE,
                                        .offset = (size_t)i * sizeof *door};
    yaml_read(doc, map, "webhooks", fields, HOOK_N, door, c);
    for (int i = 0; i < HOOK_N; i++)
        if (door[i] != NULL)
            read_door(doc, door[i], (enum hook_id)i, &ret_hooks->of[i], *ret_own, c);
}

void daemon_hooks_free(struct daemon_hooks **own)
{
    for (int i = 0; *own != NULL && i < HOOK_N; i++) {
        explicit_bzero((*own)->of[i].secret, SECRET_BYTES_MAX);
        explicit_bzero((*own)->of[i].signing, SECRET_BYTES_MAX);
        free((*own)->of[i].services);
        free((*own)->of[i].kinds);
    }
    free(*own);
    *own = NULL;
}

void daemon_hooks_help(FILE *to)
{
    for (int i = 0; i < HOOK_N; i++) {
        fprintf(to, "  %s:\n", hook_name((enum hook_id)i));
        for (size_t k = 0; k < tables[i].n; k++)
            fprintf(to, "    %-18s  %s\n", tables[i].fields[k].name,
                    tables[i].fields[k].help);
    }
}
