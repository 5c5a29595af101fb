/* tests/unit/notifier/make_routing.h - a routing from its text, without complaints. */
#ifndef TESTS_UNIT_NOTIFIER_MAKE_ROUTING_H
#define TESTS_UNIT_NOTIFIER_MAKE_ROUTING_H

#include "rules/routing.h"
#include "tests/test.h"

static inline struct routing *make_routing(const char *text)
{
    struct complaints c = {0};
    OWNED_BUF said = {0};
    struct routing *r = routing_parse("routing.yml", text, strlen(text), &c);
    complaints_write(&c, &said);
    complaints_free(&c);
    if (r == NULL)
        test_fail(__FILE__, __LINE__, "%s", buf_text(&said));
    return r;
}

#endif
