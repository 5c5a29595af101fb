/* rules/lint_format.c - one writer a format.  What must hold: a complaint's text and
 * file come from strangers' files and are escaped as the format wants it.  No state. */
#include "rules/lint_format.h"

#include "base/ascii.h"
#include "base/jsonw.h"
#include "base/version.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* --- json --- */

static const char *severity(const struct complaint *k)
{
    return k->warning ? "warning" : "error";
}

static void write_json(const struct complaints *c, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_int(&w, "errors", (int64_t)c->errors);
    jsonw_int(&w, "warnings", (int64_t)c->warnings);
    jsonw_int(&w, "unkept", (int64_t)c->unkept);
    jsonw_list(&w, "complaints");
    for (size_t i = 0; i < c->n; i++) {
        const struct complaint *k = &c->at[i];
        jsonw_open(&w, NULL);
        jsonw_text(&w, "file", k->file);
        jsonw_int(&w, "line", k->line);
        jsonw_int(&w, "column", k->column);
        jsonw_text(&w, "severity", severity(k));
        jsonw_text(&w, "code", k->code);
        jsonw_text(&w, "text", k->text);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

/* --- github --- */

/* The runner takes "::" and commas in a property for its own. */
static void add_escaped(struct buf *to, const char *text, bool property)
{
    for (; *text != '\0'; text++) {
        if (*text == '%' || *text == '\r' || *text == '\n' ||
            (property && (*text == ':' || *text == ',')))
            buf_addf(to, "%%%02X", (unsigned)(unsigned char)*text);
        else
            buf_add_ch(to, *text);
    }
}

static void write_github(const struct complaints *c, struct buf *to)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct complaint *k = &c->at[i];
        buf_addf(to, "::%s file=", severity(k));
        add_escaped(to, k->file, true);
        buf_addf(to, ",line=%u,col=%u,title=", k->line, k->column);
        add_escaped(to, k->code, true);
        buf_add(to, "::");
        add_escaped(to, k->text, false);
        buf_add_ch(to, '\n');
    }
    if (c->unkept > 0)
        buf_addf(to, "::%s::and %zu more\n", c->errors > 0 ? "error" : "warning",
                 c->unkept);
}

/* --- sarif --- */

/* A path as a relative or absolute URI reference. */
static void write_uri(struct jsonw *w, const char *path)
{
    OWNED_BUF uri = {0};
    if (path[0] == '/')
        buf_add(&uri, "file://");
    for (const char *p = path; *p != '\0'; p++) {
        if (ascii_plain(*p) || strchr("/._-~", *p) != NULL)
            buf_add_ch(&uri, *p);
        else
            buf_addf(&uri, "%%%02X", (unsigned)(unsigned char)*p);
    }
    jsonw_text(w, "uri", buf_text(&uri));
}

static int by_code(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every code that occurs, once. */
static void write_sarif_rules(const struct complaints *c, struct jsonw *w)
{
    const char **code = calloc(c->n + 1, sizeof *code);
    jsonw_list(w, "rules");
    for (size_t i = 0; code != NULL && i < c->n; i++)
        code[i] = c->at[i].code;
    if (code != NULL)
        qsort(code, c->n, sizeof *code, by_code);
    for (size_t i = 0; code != NULL && i < c->n; i++) {
        if (i > 0 && strcmp(code[i - 1], code[i]) == 0)
            continue;
        jsonw_open(w, NULL);
        jsonw_text(w, "id", code[i]);
        jsonw_close(w);
    }
    jsonw_end(w);
    free(code);
}

static void write_sarif_result(const struct complaint *k, struct jsonw *w)
{
    jsonw_open(w, NULL);
    jsonw_text(w, "ruleId", k->code);
    jsonw_text(w, "level", severity(k));
    jsonw_open(w, "message");
    jsonw_text(w, "text", k->text);
    jsonw_close(w);
    jsonw_list(w, "locations");
    jsonw_open(w, NULL);
    jsonw_open(w, "physicalLocation");
    jsonw_open(w, "artifactLocation");
    write_uri(w, k->file);
    jsonw_close(w);
    jsonw_open(w, "region");
    jsonw_int(w, "startLine", k->line);
    jsonw_int(w, "startColumn", k->column);
    jsonw_close(w);
    jsonw_close(w);
    jsonw_close(w);
    jsonw_end(w);
    jsonw_close(w);
}

static void write_sarif(const struct complaints *c, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
    jsonw_text(&w, "version", "2.1.0");
    jsonw_list(&w, "runs");
    jsonw_open(&w, NULL);
    jsonw_open(&w, "tool");
    jsonw_open(&w, "driver");
    jsonw_text(&w, "name", "aftercheck rules lint");
    jsonw_text(&w, "semanticVersion", AFTERCHECK_VERSION);
    write_sarif_rules(c, &w);
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_text(&w, "columnKind", "unicodeCodePoints");
    jsonw_list(&w, "results");
    for (size_t i = 0; i < c->n; i++)
        write_sarif_result(&c->at[i], &w);
    jsonw_end(&w);
    jsonw_open(&w, "properties");
    jsonw_int(&w, "unkept", (int64_t)c->unkept);
    jsonw_close(&w);
    jsonw_close(&w);
    jsonw_end(&w);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

/* --- which --- */

#define write_text complaints_write

static const struct {
    const char *name;
    void (*write)(const struct complaints *c, struct buf *to);
} formats[LINT_FORMAT_N] = {
#define X(id, name, write) [LINT_FORMAT_##id] = {name, write},
    LINT_FORMATS(X)
#undef X
};

enum lint_format lint_format_of(const char *name)
{
    for (int f = 0; f < LINT_FORMAT_N; f++)
        if (strcmp(formats[f].name, name) == 0)
            return (enum lint_format)f;
    return LINT_FORMAT_N;
}

const char *lint_format_name(enum lint_format f)
{
    assert(f >= 0 && f < LINT_FORMAT_N);
    return formats[f].name;
}

void lint_format_write(enum lint_format f, const struct complaints *c, struct buf *to)
{
    assert(f >= 0 && f < LINT_FORMAT_N);
    formats[f].write(c, to);
}
