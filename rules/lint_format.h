/* rules/lint_format.h - complaints about rule files as people and other programs read
 * them.
 *
 *   text    "file:line:column: error[code]: what, and what was expected", a line each
 *   json    one object: {"errors", "warnings", "unkept", "complaints": [{"file",
 *           "line", "column", "severity", "code", "text"}]}
 *   github  workflow commands that become annotations of a pull request
 *           (docs.github.com, "Workflow commands for GitHub Actions")
 *   sarif   SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), for code scanning
 *
 * The same complaints always give the same bytes. */
#ifndef RULES_LINT_FORMAT_H
#define RULES_LINT_FORMAT_H

#include "base/buf.h"
#include "base/complain.h"

/* Names, and who writes them in lint_format.c. */
#define LINT_FORMATS(X)                                                                \
    X(TEXT, "text", write_text)                                                        \
    X(JSON, "json", write_json)                                                        \
    X(GITHUB, "github", write_github)                                                  \
    X(SARIF, "sarif", write_sarif)
#define X(id, name, write) LINT_FORMAT_##id,
enum lint_format { LINT_FORMATS(X) LINT_FORMAT_N };
#undef X

/* LINT_FORMAT_N when there is no such format. */
enum lint_format lint_format_of(const char *name);
const char *lint_format_name(enum lint_format f);

void lint_format_write(enum lint_format f, const struct complaints *c, struct buf *to);

#endif
