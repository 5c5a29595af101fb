/* base/xml.c - expat, bounded.
 *
 * What must hold: no handler of a reader is called again after one has failed or a
 * bound was passed; expat may still deliver what it has at hand after it was stopped.
 * No state between documents; any thread. */
#include "base/xml.h"

#include <errno.h>
#include <expat.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct xml {
    XML_Parser parser;
    const struct xml_reader *reader;
    int depth;
    size_t elements;
    bool failed;
    struct err *err;
};

void *xml_arg(const struct xml *x)
{
    return x->reader->arg;
}

int xml_depth(const struct xml *x)
{
    return x->depth;
}

const char *xml_attr(const char *const *attrs, const char *name)
{
    for (; *attrs != NULL; attrs += 2)
        if (strcmp(attrs[0], name) == 0)
            return attrs[1];
    return NULL;
}

static unsigned long line_of(const struct xml *x)
{
    return (unsigned long)XML_GetCurrentLineNumber(x->parser);
}

static unsigned long column_of(const struct xml *x)
{
    return (unsigned long)XML_GetCurrentColumnNumber(x->parser) + 1;
}

int xml_complain(const struct xml *x, const char *name, struct err *err,
                 const char *fmt, ...)
{
    char words[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    return err_set(err, EINVAL, "<%.60s> (line %lu, column %lu): %s", name, line_of(x),
                   column_of(x), words);
}

/* Ends the reading; *x->err says why already. */
static void stop(struct xml *x)
{
    x->failed = true;
    XML_StopParser(x->parser, XML_FALSE);
}

static int check_bounds(struct xml *x, const char *name, const char *const *attrs)
{
    size_t n = 0;
    if (x->depth > XML_DEPTH_MAX)
        return xml_complain(x, name, x->err, "lies deeper than %d elements",
                            XML_DEPTH_MAX);
    if (x->elements > XML_ELEMENTS_MAX)
        return xml_complain(x, name, x->err,
                            "is more than the %d elements that are "
                            "taken in one document",
                            XML_ELEMENTS_MAX);
    for (; attrs[2 * n] != NULL; n++)
        if (n == XML_ATTRS_MAX)
            return xml_complain(x, name, x->err, "has more than %d attributes",
                                XML_ATTRS_MAX);
    return 0;
}

static void XMLCALL on_open(void *arg, const XML_Char *name, const XML_Char **attrs)
{
    struct xml *x = arg;
    const char *const *list = (const char *const *)attrs;
    if (x->failed)
        return;
    x->depth++;
    x->elements++;
    if (check_bounds(x, name, list) < 0 || x->reader->open(x, name, list, x->err) < 0)
        stop(x);
}

static void XMLCALL on_close(void *arg, const XML_Char *name)
{
    struct xml *x = arg;
    if (x->failed)
        return;
    if (x->reader->close(x, name, x->err) < 0)
        stop(x);
    x->depth--;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int n)
{
    struct xml *x = arg;
    if (!x->failed && x->reader->text(x, text, (size_t)n, x->err) < 0)
        stop(x);
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int has_internal)
{
    struct xml *x = arg;
    (void)name, (void)system, (void)public, (void)has_internal;
    if (x->failed)
        return;
    err_set(x->err, EINVAL,
            "line %lu, column %lu: a DOCTYPE is not taken here, expected elements only",
            line_of(x), column_of(x));
    stop(x);
}

static int run(struct xml *x, const char *text, size_t n)
{
    if (XML_Parse(x->parser, text, (int)n, XML_TRUE) == XML_STATUS_OK && !x->failed)
        return 0;
    enum XML_Error why = XML_GetErrorCode(x->parser);
    if (why == XML_ERROR_NO_MEMORY)
        return err_set(x->err, ENOMEM, "out of memory");
    /* after a stop the first cause stands in *err already */
    return err_set(x->err, EINVAL, "line %lu, column %lu: %s", line_of(x), column_of(x),
                   XML_ErrorString(why));
}

int xml_parse(const char *text, size_t n, const struct xml_reader *reader,
              struct err *err)
{
    struct err own = {0};
    struct xml x = {.reader = reader, .err = err != NULL ? err : &own};
    if (n > INT_MAX)
        return err_set(err, EMSGSIZE, "the document is too long");
    x.parser = XML_ParserCreate(NULL);
    if (x.parser == NULL)
        return err_set(err, ENOMEM, "out of memory");
    XML_SetUserData(x.parser, &x);
    XML_SetElementHandler(x.parser, on_open, on_close);
    if (reader->text != NULL)
        XML_SetCharacterDataHandler(x.parser, on_text);
    XML_SetStartDoctypeDeclHandler(x.parser, on_doctype);
    int rc = run(&x, text, n);
    XML_ParserFree(x.parser);
    return rc;
}
