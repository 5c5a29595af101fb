/* programs/junit.c - JUnit XML, put together in memory and written at the end: the
 * counts stand in front of what they count.  One thread. */
#include "programs/junit.h"
#include "base/buf.h"
#include "base/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct junit {
    const char *path;
    char *file; /* the one that is open; NULL: none */
    size_t tests, failures, errors;
    struct buf cases, suites;
};

/* What XML 1.0 cannot hold at all becomes U+FFFD. */
static void add_escaped(struct buf *to, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_next(text + i, n - i);
        const char *as = text[i] == '&'   ? "&amp;"
                         : text[i] == '<' ? "&lt;"
                         : text[i] == '>' ? "&gt;"
                         : text[i] == '"' ? "&quot;"
                                          : NULL;
        bool odd = len == 0 || (utf8_is_control(text + i, len) && text[i] != '\n');
        len = len == 0 ? 1 : len;
        if (odd)
            buf_add(to, "\xef\xbf\xbd");
        else if (as != NULL)
            buf_add(to, as);
        else
            buf_add_n(to, text + i, len);
    }
}

struct junit *junit_new(const char *path, struct err *err)
{
    struct junit *j = path != NULL ? calloc(1, sizeof *j) : NULL;
    if (path != NULL && j == NULL)
        err_set(err, ENOMEM, "out of memory");
    if (j != NULL)
        j->path = path;
    return j;
}

static void end_file(struct junit *j)
{
    if (j->file == NULL)
        return;
    buf_add(&j->suites, "<testsuite name=\"");
    add_escaped(&j->suites, j->file);
    buf_addf(&j->suites, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\">\n%s",
             j->tests, j->failures, j->errors, buf_text(&j->cases));
    buf_add(&j->suites, "</testsuite>\n");
    free(j->file);
    j->file = NULL;
    buf_clear(&j->cases);
    j->tests = j->failures = j->errors = 0;
}

void junit_file(struct junit *j, const char *file)
{
    if (j == NULL)
        return;
    end_file(j);
    j->file = strdup(file);
    if (j->file == NULL)
        j->suites.failed = true;
}

static void add_case(struct junit *j, const char *name, const char *what,
                     const char *words)
{
    if (j->file == NULL)
        return;
    j->tests++;
    buf_add(&j->cases, "<testcase classname=\"");
    add_escaped(&j->cases, j->file);
    buf_add(&j->cases, "\" name=\"");
    add_escaped(&j->cases, name);
    if (what == NULL) {
        buf_add(&j->cases, "\"/>\n");
        return;
    }
    buf_addf(&j->cases, "\"><%s>", what);
    add_escaped(&j->cases, words);
    buf_addf(&j->cases, "</%s></testcase>\n", what);
}

void junit_test(struct junit *j, const char *name, const char *failure)
{
    if (j == NULL)
        return;
    j->failures += failure != NULL;
    add_case(j, name, failure != NULL ? "failure" : NULL, failure);
}

void junit_broken(struct junit *j, const char *why)
{
    if (j == NULL)
        return;
    j->errors++;
    add_case(j, "the file can be run", "error", why);
}

static int write_all(struct junit *j, struct err *err)
{
    OWNED_BUF text = {0};
    end_file(j);
    buf_addf(&text,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n%s"
             "</testsuites>\n",
             buf_text(&j->suites));
    if (buf_done(&text) < 0 || buf_done(&j->suites) < 0 || buf_done(&j->cases) < 0)
        return err_set(err, ENOMEM, "out of memory");
    FILE *f = fopen(j->path, "we");
    bool written = f != NULL && fwrite(text.data, 1, text.len, f) == text.len;
    int why = errno;
    if (f != NULL && fclose(f) != 0 && written) {
        written = false;
        why = errno;
    }
    return written ? 0 : err_sys(err, why, "%s cannot be written", j->path);
}

int junit_close(struct junit **j, struct err *err)
{
    if (*j == NULL)
        return 0;
    int rc = err != NULL ? write_all(*j, err) : 0;
    free((*j)->file);
    buf_free(&(*j)->cases);
    buf_free(&(*j)->suites);
    free(*j);
    *j = NULL;
    return rc;
}
