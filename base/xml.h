/* base/xml.h - reading XML from strangers, as a stream of elements.
 *
 * The only place that includes expat.h.  Refused, each with its place: a DOCTYPE, and
 * with it every entity but the five of XML itself; elements deeper than XML_DEPTH_MAX;
 * more than XML_ELEMENTS_MAX of them; an element with more than XML_ATTRS_MAX
 * attributes; what is not well-formed; encodings other than UTF-8, UTF-16, ISO-8859-1
 * and US-ASCII.  The size as a whole is the caller's to bound. */
#ifndef BASE_XML_H
#define BASE_XML_H

#include "base/err.h"

#include <stddef.h>

enum { XML_DEPTH_MAX = 64, XML_ELEMENTS_MAX = 1 << 20, XML_ATTRS_MAX = 64 };

/* A document under way. */
struct xml;

/* What a reader is told, in the document's order.  Texts are valid UTF-8, borrowed for
 * the call.  Each gives 0, or -1 with *err: then nothing more is read. */
struct xml_reader {
    /* `attrs`: name, value, name, value, ..., NULL */
    int (*open)(struct xml *x, const char *name, const char *const *attrs,
                struct err *err);
    int (*close)(struct xml *x, const char *name, struct err *err);
    /* May come in any number of pieces; not ended by NUL.  NULL: not asked for. */
    int (*text)(struct xml *x, const char *text, size_t n, struct err *err);
    void *arg;
};

/* -1 and *err ("line 3, column 14: mismatched tag") when it cannot be read to its end.
 * Columns count bytes, from 1. */
int xml_parse(const char *text, size_t n, const struct xml_reader *reader,
              struct err *err);

void *xml_arg(const struct xml *x);
/* How many elements are open, the one being told included. */
int xml_depth(const struct xml *x);
/* The value of an attribute; NULL: absent. */
const char *xml_attr(const char *const *attrs, const char *name);

/* "<name> (line 3, column 14): <words>" about the element being told.  Always -1. */
int xml_complain(const struct xml *x, const char *name, struct err *err,
                 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
