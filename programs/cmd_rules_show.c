/* programs/cmd_rules_show.c - `aftercheck rules show`: the rules in force for a change
 * of a service now, and where each of their values comes from.  One thread. */
#include "base/opt.h"
#include "base/yaml.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "rules/routing.h"
#include "rules/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct show_options {
    const char *rules, *service, *kind, *host, *rule, *routing;
};

static bool is_asked_for(const struct show_options *o, const struct rule *r)
{
    if (o->rule != NULL && strcmp(o->rule, r->id) != 0)
        return false;
    return o->host == NULL || matches_allow(&r->on.host, o->host);
}

static void print_rules(const struct ruleset *rs, const struct ruleset *in,
                        const struct show_options *o, enum change_kind kind)
{
    OWNED_BUF text = {0};
    size_t n = 0;
    if (o->rule == NULL)
        show_windows(rs, kind, o->service, &text);
    for (size_t i = 0; i < in->n; i++) {
        if (!is_asked_for(o, &in->rule[i]))
            continue;
        buf_add(&text, n++ > 0 || o->rule == NULL ? "\n" : "");
        show_rule(&in->rule[i], &text);
    }
    fputs(buf_text(&text), stdout);
}

static void print_complaints(struct complaints *c)
{
    OWNED_BUF text = {0};
    complaints_write(c, &text);
    fputs(buf_text(&text), stderr);
    complaints_free(c);
}

/* "payments (routing.yml:8)" with what it is told and where. */
static void print_audience(const struct routing *r, const struct audience *a)
{
    printf("\n%s (%s:%u)\n", a->name, yaml_file(r->doc), a->line);
    for (int g = GRADE_N - 1; g >= 0; g--)
        printf("  %-12s %s\n", grade_name((enum grade)g),
               routing_when_name(audience_when(a, (enum grade)g)));
    if (a->to.n == 0)
        printf("  %-12s files in the data directory\n", "to");
    for (size_t i = 0; i < a->to.n; i++)
        printf("  %-12s %s\n", i == 0 ? "to" : "", a->to.at[i]);
}

/* Who is told of a change like this one, without the service. */
static int show_routing(const struct show_options *o, enum change_kind kind,
                        struct err *err)
{
    struct complaints c = {0};
    char *service = strdup(o->service);
    struct routing *r = service != NULL ? routing_load(o->routing, &c) : NULL;
    print_complaints(&c);
    if (r == NULL) {
        free(service);
        return err_set(err, 0, "this routing has errors");
    }
    struct change change = {.kind = kind, .service = service};
    const char *owner = routing_owner(r, service);
    size_t n = 0;
    printf("%s of %s, owned by %s\n", o->kind, service,
           owner != NULL ? owner : "nobody");
    for (size_t i = 0; i < r->all.n; i++)
        if (routing_allows(r, &r->all.at[i], &change)) {
            print_audience(r, &r->all.at[i]);
            n++;
        }
    if (n == 0)
        puts("\nNobody is told of it.");
    routing_free(&r);
    free(service);
    return 0;
}

static int show(const struct show_options *o, enum change_kind kind, struct err *err)
{
    struct complaints c = {0};
    char *service = strdup(o->service != NULL ? o->service : "");
    if (service == NULL)
        return err_set(err, 0, "out of memory");
    struct ruleset *rs = ruleset_load(o->rules, &c);
    if (rs == NULL) {
        print_complaints(&c);
        free(service);
        return err_set(err, 0, "these rules have errors");
    }
    complaints_free(&c);
    struct change change = {.kind = kind, .service = service, .start = instant_now()};
    struct ruleset *in = ruleset_in_force(rs, &change, err);
    if (in != NULL)
        print_rules(rs, in, o, kind);
    int rc = in != NULL ? 0 : -1;
    ruleset_free(&in);
    ruleset_free(&rs);
    free(service);
    return rc;
}

int cmd_rules_show(int argc, char **argv)
{
    struct show_options o = {.kind = "release"};
    const struct opt opts[] = {
        {"service", "NAME", "The changed service.", &o.service},
        {"kind", "KIND",
         "release (the default), config, scale-out, batch-restart, rollback or other",
         &o.kind},
        {"host", "NAME", "Only rules that are about this host.", &o.host},
        {"rule", "ID", "Only this rule.", &o.rule},
        {"rules", "PATH", "A rule file or a folder of them; the shipped rules.",
         &o.rules},
        {"routing", "FILE",
         "Prints instead who is told of such a change (without labels) by this routing "
         "file.",
         &o.routing},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck rules show",
        .synopsis = "--service NAME",
        .about =
            "Prints the windows and rules that hold for a change of a service that "
            "begins now, after overrides, and for each value the file and line it "
            "comes from.",
        .more = "Exit: 0 printed, 1 the rules have errors, 2 wrong usage.",
        .opts = opts,
    };
    struct err err = {0};
    int first = opt_parse(&program, argc, argv);
    enum change_kind kind = change_kind_of(o.kind);
    if (first != argc || o.service == NULL)
        err_set(&err, 0, "name a service with --service; see --help");
    else if (kind == CHANGE_KIND_N)
        err_set(&err, 0, "--kind: '%s' is not %s", o.kind, change_kind_list());
    if (err.text[0] != '\0')
        return cmd_fail("rules show", EXIT_USAGE, &err);
    if ((o.routing != NULL ? show_routing : show)(&o, kind, &err) < 0)
        return cmd_fail("rules show", EXIT_REFUSED, &err);
    return 0;
}
