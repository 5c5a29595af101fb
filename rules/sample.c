/* rules/sample.c - the text that `aftercheck rules new` prints.  Its test has it linted
 * and tidied, so that a first file begins right. */
#include "rules/sample.h"

#include <string.h>

const char sample_text[] =
    "# Rules of one team.  Check them with `aftercheck rules lint FILE`, put them "
    "into\n"
    "# their usual form with `aftercheck rules fmt FILE`.\n"
    "format: 1\n"
    "pack: my-service\n"
    "owner: my-team # who answers for these rules\n"
    "\n"
    "# Fields that the rules below share.\n"
    "defaults:\n"
    "  on: {service: my-service} # or a glob such as my-*, or /^my-(api|web)$/\n"
    "  runbook: https://wiki.example/my-service/after-a-change\n"
    "\n"
    "rules:\n"
    "  # A figure against its own past and against hosts that were not changed.\n"
    "  - id: queue.length\n"
    "    title: Requests that wait\n"
    "    series: queue.length # as the figure is sent: measurement.field\n"
    "    worse: up\n"
    "    # All that is named must be met: a change that is no chance (q), is large\n"
    "    # (effect) and is worth a look (delta, in the figure's own unit).\n"
    "    unit: requests\n"
    "    attention: {q: 5%, effect: 20%, delta: 10}\n"
    "    must-handle: {q: 1%, effect: 100%, delta: 50}\n"
    "    why: The service was slower to answer than requests came in.\n"
    "    advice: Look at the slowest call of a changed host.\n"
    "\n"
    "  # A hard limit, whatever the past was.\n"
    "  - id: queue.full\n"
    "    title: The queue is nearly full\n"
    "    series: queue.length\n"
    "    unit: requests\n"
    "    limit: {above: 950, hold: 3 of 5}\n"
    "    weight: 5\n"
    "    why: At 1000 the service turns requests away.\n"
    "\n"
    "  # Calls into the service; codes that are no failures are named.\n"
    "  - id: calls.failing\n"
    "    title: Calls that fail\n"
    "    calls: {measure: fail_share, edges: \"*->my-service:*\"}\n"
    "    worse: up\n"
    "    attention: {q: 5%, effect: 50%, delta: 0.5%, count: 5}\n"
    "    must-handle: {q: 1%, effect: 100%, delta: 2%, count: 20}\n"
    "    ok_codes: [\"0\", NOT_FOUND]\n"
    "    weight: 10\n"
    "    why: What callers notice first.\n";

size_t sample_length(void)
{
    return strlen(sample_text);
}
