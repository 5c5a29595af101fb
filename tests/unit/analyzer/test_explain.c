/* tests of analyzer/explain */
#include "analyzer/explain.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

static const char *local(instant at, char out[EXPLAIN_LOCAL_MAX])
{
    snprintf(out, EXPLAIN_LOCAL_MAX, "local %lld", (long long)at.ms);
    return out;
}

TEST(text_and_json_say_the_same)
{
    OWNED_EXPLAIN e = {.local = local};
    explain_begin(&e, "cpu.high");
    explain_text(&e, "rule", "rule", "cpu\n.high");
    explain_open(&e, "look", "the look of %s", "h1");
    explain_num(&e, "p", "p-value", 0.0123456789, NULL);
    explain_num(&e, "delta", "change", NAN, "%");
    explain_num(&e, "effect", "effect", 1.5, "%");
    explain_time(&e, "from", "from", (instant){1000});
    explain_yes(&e, "met", "met", true);
    explain_list(&e, "hosts");
    explain_open(&e, NULL, NULL);
    explain_count(&e, "n", "points", 7);
    explain_close(&e, false);
    explain_list_end(&e);
    explain_close(&e, true);
    explain_say(&e, "%s.", "Nothing else");
    CHECK_INT(explain_end(&e), 0);
    CHECK_TEXT(buf_text(&e.json),
               "{\"rule\":\"cpu\\n.high\",\"look\":{\"p\":0.0123457,\"delta\":null,"
               "\"effect\":1.5,\"from\":\"1970-01-01T00:00:01Z\",\"met\":true,"
               "\"hosts\":[{\"n\":7}]}}");
    CHECK_TEXT(buf_text(&e.text),
               "rule                                cpu .high\n"
               "the look of h1\n"
               "  p-value                           0.0123457\n"
               "  change                            unknown\n"
               "  effect                            1.5 %\n"
               "  from                              local 1000 (1970-01-01T00:00:01Z)\n"
               "  met                               yes\n"
               "  points                            7\n"
               "Nothing else.\n");
}
