/* rules/routing.c - reads the routing file by its table, then what no table can say;
 * and who is told, asked of the result.
 *
 * An audience begins as the language's standards; its own fields go over that.  What
 * must hold: a routing that is given out has nothing left to check, its names and the
 * addresses of each audience are there once.  Reading is one thread's at a time, asking
 * any thread's. */
#include "rules/routing.h"
#include "base/hash.h"
#include "base/http_url.h"
#include "base/names.h"
#include "base/yaml.h"
#include "rules/fields.h"
#include "rules/ruleset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AUDIENCES_MAX = 1000, WEBHOOKS_MAX = 100, ZONE_MOST = 14 * 60 };
#define DIGEST_AT "08:00"

const char *routing_when_name(enum routing_when w)
{
#define X(id, name, help) [ROUTING_##id] = name,
    static const char *const names[] = {ROUTING_WHENS(X)};
#undef X
    return w >= 0 && w < ROUTING_WHEN_N ? names[w] : "?";
}

const char *routing_language_name(enum routing_language l)
{
#define X(id, name) [ROUTING_##id] = name,
    static const char *const names[] = {ROUTING_LANGUAGES(X)};
#undef X
    return l >= 0 && l < ROUTING_LANGUAGE_N ? names[l] : "?";
}

static struct audience the_everyone = {
    .name = "everyone",
    .tell = {ROUTING_FINAL, ROUTING_FINAL, ROUTING_AT_ONCE, ROUTING_FINAL},
};
const struct routing routing_everyone = {
    .file = {.limits = {.each = 20,
                        .all = 1000,
                        .gather = {10000},
                        .calm = {60000},
                        .longest = {300000},
                        .every = {900000},
                        .correction = {3600000}},
             .digest = {.at_minute = 8 * 60}},
    .all = {1, &the_everyone},
};

/* --- reading --- */

struct routing_reader {
    struct fields f;
    struct routing *r;
};

/* "08:30" of at most `most` hours: minutes, or -1. */
static int read_clock(const char *text, int most)
{
    static const char digits[] = "0123456789";
    if (strlen(text) != 5 || text[2] != ':' || strspn(text, digits) != 2 ||
        strspn(text + 3, digits) != 2)
        return -1;
    int hour = (text[0] - '0') * 10 + text[1] - '0';
    int minute = (text[3] - '0') * 10 + text[4] - '0';
    return hour <= most && minute < 60 ? hour * 60 + minute : -1;
}

static void read_digest(struct routing_reader *rd, const struct yaml_node *root)
{
    struct routing_digest *d = &rd->r->file.digest;
    const char *zone = d->zone_text;
    d->at_minute = read_clock(d->at_text, 23);
    if (d->at_minute < 0)
        fields_complain(&rd->f, fields_place(root, "digest.at"), RULES_E_CLOCK,
                        "'at' is '%.60s', expected a time of day such as 09:30",
                        d->at_text);
    if (strcmp(zone, "UTC") == 0)
        return;
    int ahead = *zone == '+' || *zone == '-' ? read_clock(zone + 1, 14) : -1;
    if (ahead < 0 || ahead > ZONE_MOST)
        fields_complain(&rd->f, fields_place(root, "digest.zone"), RULES_E_CLOCK,
                        "'zone' is '%.60s', expected UTC, or how far ahead of it, such "
                        "as +08:00",
                        zone);
    else
        d->zone = *zone == '-' ? -ahead : ahead;
}

/* "payments" for "paymnts": an owner without a service fits nothing. */
static void check_owners(struct routing_reader *rd, const struct yaml_node *map,
                         const struct routing_on *on)
{
    const struct scope_labels *owners = &rd->r->file.owners;
    const char *names[PATTERNS_MAX + 1] = {NULL};
    for (size_t i = 0; i < owners->n && i < PATTERNS_MAX; i++)
        names[i] = owners->at[i].key;
    const struct yaml_node *at = fields_place(map, "on.owner");
    for (size_t k = 0; k < on->owner.n; k++) {
        const struct match *m = &on->owner.at[k];
        bool known = false;
        for (size_t i = 0; i < owners->n; i++)
            known |= match_fit(m, owners->at[i].key) > 0;
        if (known)
            continue;
        const char *near = nearest_name(m->text, names);
        const struct yaml_node *here = at->kind == YAML_LIST ? &at->item[k] : at;
        if (near != NULL)
            fields_complain(&rd->f, here, RULES_E_OWNER,
                            "'owner' is '%.60s', which owns nothing, did you mean "
                            "'%s'?",
                            m->text, near);
        else
            fields_complain(&rd->f, here, RULES_E_OWNER,
                            "'owner' is '%.60s', which owns nothing: expected one of "
                            "those in 'owners' of this file",
                            m->text);
    }
}

static void check_addresses(struct routing_reader *rd, const struct yaml_node *map,
                            const char *field)
{
    const struct yaml_node *at = fields_place(map, field);
    for (size_t i = 0; at->kind == YAML_LIST && i < at->n; i++)
        for (size_t k = 0; k < i; k++)
            if (at->item[i].kind == YAML_TEXT && at->item[k].kind == YAML_TEXT &&
                strcmp(at->item[i].text, at->item[k].text) == 0) {
                fields_complain(&rd->f, &at->item[i], RULES_E_AGAIN,
                                "'%s' holds '%.100s' twice", field, at->item[i].text);
                break;
            }
}

static void check_told(struct routing_reader *rd, const struct yaml_node *map,
                       const struct audience *a)
{
    for (int g = 0; g < GRADE_N; g++)
        if (audience_when(a, (enum grade)g) != ROUTING_NEVER)
            return;
    fields_complain(&rd->f, fields_place(map, "tell"), RULES_E_NOBODY,
                    "'%.100s' is told nothing: expected at least one grade that is "
                    "not never",
                    a->name);
}

static void check_name(struct routing_reader *rd, const struct yaml_node *map,
                       const char *field, const struct audience *a)
{
    const struct audience *first = routing_audience(rd->r, a->name);
    if (first != NULL)
        fields_complain(&rd->f, fields_place(map, field), RULES_E_TWICE,
                        "'%.100s' is taken already in line %u", a->name, first->line);
}

/* An audience, or a subscription, whose name is its address. */
static void read_one(struct routing_reader *rd, const struct yaml_node *map,
                     bool subscription)
{
    struct audiences *all = &rd->r->all;
    struct audience *a = &all->at[all->n];
    *a = (struct audience){.at = map, .line = map->line};
    fields_standard(&schema_routing_tell, &a->tell);
    size_t errors = rd->f.c->errors;
    fields_read(&rd->f, map,
                subscription ? &schema_routing_subscription : &schema_routing_audience,
                a);
    const char *names = subscription ? "who" : "name";
    if (subscription && a->to.n > 1)
        fields_complain(&rd->f, fields_place(map, names), RULES_E_MANY,
                        "a subscription is one person's, expected one address");
    if (subscription && a->to.n > 0)
        a->name = a->to.at[0];
    check_addresses(rd, map, subscription ? "who" : "to");
    check_owners(rd, map, &a->on);
    if (a->name == NULL)
        return;
    if (rd->f.c->errors == errors)
        check_told(rd, map, a);
    /* two subscriptions of one person are two wishes, not two persons */
    if (!subscription)
        check_name(rd, map, names, a);
    all->n++;
}

static void read_list(struct routing_reader *rd, const struct yaml_node *list,
                      bool subscription)
{
    const char *name = subscription ? "subscriptions" : "audiences";
    if (list == NULL)
        return;
    if (list->kind != YAML_LIST) {
        fields_complain(&rd->f, list, RULES_E_SHAPE,
                        "'%s' must be a list, each begun with '-'", name);
        return;
    }
    if (list->n > AUDIENCES_MAX) {
        fields_complain(&rd->f, list, RULES_E_MANY, "'%s' has %zu entries, at most %d",
                        name, list->n, AUDIENCES_MAX);
        return;
    }
    for (size_t i = 0; i < list->n; i++)
        read_one(rd, &list->item[i], subscription);
}

/* One address, here or in a file; a secret where one is signed with. */
static void check_webhook(struct routing_reader *rd, const struct yaml_node *map,
                          const struct webhook *w)
{
    struct err why = {0};
    if ((w->url == NULL) == (w->url_file == NULL))
        fields_complain(&rd->f, map, RULES_E_WEBHOOK_URL,
                        "'%.100s' has %s: expected either url or url_file", w->name,
                        w->url == NULL ? "no address" : "two addresses");
    else if (w->url != NULL && http_url_check(w->url, &why) < 0)
        fields_complain(&rd->f, fields_place(map, "url"), RULES_E_WEBHOOK_URL,
                        "'url' %s", why.text);
    if ((w->sign != WEBHOOK_UNSIGNED) != (w->secret_file != NULL))
        fields_complain(
            &rd->f, fields_place(map, w->secret_file != NULL ? "secret_file" : "sign"),
            RULES_E_WEBHOOK_SECRET,
            w->secret_file != NULL ? "'secret_file' is of no use without sign"
                                   : "'sign' needs a secret_file to sign with");
}

static void read_webhook(struct routing_reader *rd, const struct yaml_node *map)
{
    struct webhooks *all = &rd->r->webhooks;
    struct webhook *w = &all->at[all->n];
    *w = (struct webhook){.line = map->line};
    size_t errors = rd->f.c->errors;
    fields_read(&rd->f, map, &schema_routing_webhook, w);
    check_owners(rd, map, &w->on);
    if (w->name == NULL)
        return;
    const struct webhook *first = routing_webhook(rd->r, w->name);
    if (first != NULL)
        fields_complain(&rd->f, fields_place(map, "name"), RULES_E_TWICE,
                        "'%.100s' is taken already in line %u", w->name, first->line);
    if (rd->f.c->errors == errors)
        check_webhook(rd, map, w);
    all->n++;
}

static void read_webhooks(struct routing_reader *rd, const struct yaml_node *list)
{
    if (list == NULL)
        return;
    if (list->kind != YAML_LIST) {
        fields_complain(&rd->f, list, RULES_E_SHAPE,
                        "'webhooks' must be a list, each begun with '-'");
        return;
    }
    if (list->n > WEBHOOKS_MAX) {
        fields_complain(&rd->f, list, RULES_E_MANY,
                        "'webhooks' has %zu entries, at most %d", list->n,
                        WEBHOOKS_MAX);
        return;
    }
    rd->r->webhooks.at =
        keep_alloc(&rd->r->keep, (list->n + 1) * sizeof *rd->r->webhooks.at);
    for (size_t i = 0; rd->r->webhooks.at != NULL && i < list->n; i++)
        read_webhook(rd, &list->item[i]);
}

static void read_root(struct routing_reader *rd)
{
    struct routing_file *file = &rd->r->file;
    const struct yaml_node *root = yaml_root(rd->r->doc);
    size_t errors = rd->f.c->errors;
    fields_standard(&schema_routing_limits, &file->limits);
    file->digest = (struct routing_digest){.at_text = DIGEST_AT, .zone_text = "UTC"};
    fields_read(&rd->f, root, &schema_routing, file);
    if (file->format > 1) {
        fields_complain(&rd->f, fields_place(root, "routing"), RULES_E_FORMAT,
                        "routing is %d, this program reads version 1", file->format);
        return; /* all else may mean something else */
    }
    read_digest(rd, root);
    rd->r->all.at = keep_alloc(&rd->r->keep,
                               ((size_t)AUDIENCES_MAX * 2 + 1) * sizeof *rd->r->all.at);
    if (rd->r->all.at == NULL)
        return;
    read_list(rd, file->audiences, false);
    read_list(rd, file->subscriptions, true);
    read_webhooks(rd, file->webhooks);
    if (rd->r->all.n == 0 && rd->r->webhooks.n == 0 && rd->f.c->errors == errors)
        fields_complain(&rd->f, root, RULES_E_NOBODY,
                        "nobody would be told of anything: expected an audience");
}

static struct routing *fail(struct routing **r, const char *file, const char *text,
                            struct complaints *c)
{
    if (text != NULL)
        complain(c, file, 1, 1, rules_code(RULES_E_MEMORY), "%s", text);
    routing_free(r);
    return NULL;
}

struct routing *routing_parse(const char *file, const char *text, size_t n,
                              struct complaints *c)
{
    struct routing *r = calloc(1, sizeof *r);
    size_t told = c->n, errors = c->errors;
    char hex[SHA256_HEX_MAX];
    if (r == NULL)
        return fail(&r, file, "out of memory", c);
    r->doc = yaml_parse(file, text, n, c);
    rules_code_all(c, told);
    if (r->doc == NULL)
        return fail(&r, file, NULL, c);
    struct routing_reader rd = {.f = {.doc = r->doc, .c = c, .keep = &r->keep}, .r = r};
    read_root(&rd);
    sha256_hex(text, n, hex);
    memcpy(r->hash, hex, sizeof r->hash - 1);
    complaints_sort(c);
    if (r->keep.failed)
        return fail(&r, file, "out of memory", c);
    return c->errors > errors ? fail(&r, file, NULL, c) : r;
}

struct routing *routing_load(const char *path, struct complaints *c)
{
    FILE *f = fopen(path, "re");
    char *text = f != NULL ? malloc(YAML_BYTES_MAX + 1) : NULL;
    struct routing *r = NULL;
    size_t n = text != NULL ? fread(text, 1, YAML_BYTES_MAX + 1, f) : 0;
    if (text == NULL || ferror(f)) {
        char words[128];
        complain(c, path, 1, 1, rules_code(RULES_E_FILE), "cannot be read: %s",
                 strerror_r(errno, words, sizeof words));
    } else {
        r = routing_parse(path, text, n, c); /* says it when the file is too long */
    }
    free(text);
    if (f != NULL)
        fclose(f);
    return r;
}

void routing_free(struct routing **r)
{
    if (*r == NULL)
        return;
    yaml_doc_free(&(*r)->doc);
    keep_free(&(*r)->keep);
    free(*r);
    *r = NULL;
}

bool routing_is(const struct yaml_doc *doc)
{
    const struct yaml_node *root = yaml_root(doc);
    return root->kind == YAML_MAP && root->n > 0 &&
           (strcmp(root->key[0].text, "routing") == 0 ||
            (yaml_get(root, "routing") != NULL && yaml_get(root, "format") == NULL));
}

/* --- asking --- */

const char *routing_owner(const struct routing *r, const char *service)
{
    const struct scope_labels *owners = &r->file.owners;
    const char *best = NULL;
    int most = 0;
    for (size_t i = 0; service != NULL && i < owners->n; i++) {
        int fit = matches_fit(&owners->at[i].value, service);
        if (fit > most) {
            most = fit;
            best = owners->at[i].key;
        }
    }
    return best;
}

static bool is_on(const struct routing *r, const struct routing_on *on,
                  const struct change *c)
{
    return scope_applies(&on->scope, c) &&
           (on->owner.n == 0 ||
            matches_allow(&on->owner, routing_owner(r, c->service)));
}

bool routing_allows(const struct routing *r, const struct audience *a,
                    const struct change *c)
{
    return is_on(r, &a->on, c);
}

bool routing_calls(const struct routing *r, const struct webhook *w,
                   const struct change *c, enum grade g, bool final)
{
    return (w->grades == 0 || (w->grades >> g & 1) != 0) && (final || !w->only_final) &&
           is_on(r, &w->on, c);
}

const struct webhook *routing_webhook(const struct routing *r, const char *name)
{
    for (size_t i = 0; i < r->webhooks.n; i++)
        if (strcmp(r->webhooks.at[i].name, name) == 0)
            return &r->webhooks.at[i];
    return NULL;
}

enum routing_when audience_when(const struct audience *a, enum grade g)
{
    const int when[GRADE_N] = {[GRADE_OK] = a->tell.ok,
                               [GRADE_ATTENTION] = a->tell.attention,
                               [GRADE_MUST_HANDLE] = a->tell.must_handle,
                               [GRADE_NOT_JUDGED] = a->tell.not_judged};
    return g >= 0 && g < GRADE_N ? (enum routing_when)when[g] : ROUTING_NEVER;
}

const struct audience *routing_audience(const struct routing *r, const char *name)
{
    for (size_t i = 0; i < r->all.n; i++)
        if (strcmp(r->all.at[i].name, name) == 0)
            return &r->all.at[i];
    return NULL;
}

bool audience_has(const struct audience *a, const char *address)
{
    for (size_t i = 0; i < a->to.n; i++)
        if (strcmp(a->to.at[i], address) == 0)
            return true;
    return false;
}

instant routing_next_digest(const struct routing *r, instant now)
{
    const int64_t day = INT64_C(86400000);
    int64_t ahead = INT64_C(60000) * r->file.digest.zone;
    int64_t at = INT64_C(60000) * r->file.digest.at_minute;
    int64_t local = now.ms + ahead;
    int64_t midnight = local - ((local % day) + day) % day;
    int64_t next = midnight + at;
    return (instant){(next > local ? next : next + day) - ahead};
}
