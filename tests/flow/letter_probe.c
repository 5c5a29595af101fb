/* tests/flow/letter_probe.c - writes the sample report in one format to standard
 * output.
 *
 *     letter_probe eml|hostile-eml|html|text SCRATCH      charts are drawn in SCRATCH
 *
 * For tests that read mails with another library than ours, and for pictures of them.
 */
#include "notifier/chart.h"
#include "notifier/fmt_text.h"
#include "notifier/letter.h"
#include "notifier/pages/report.h"
#include "tests/unit/notifier/sample.h"

#include <stdarg.h>

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    exit(1);
}

static int write_text(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    struct report_input in = ask->what;
    in.public_url = ask->config->public_url;
    OWNED_REPORT *r = report_new(&in, err);
    if (r == NULL)
        return -1;
    fmt_text(r, to);
    return 0;
}

static int write_page(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    struct report_input in = ask->what;
    in.public_url = ask->config->public_url;
    OWNED_REPORT *r = report_new(&in, err);
    if (r == NULL)
        return -1;
    report_write(r, to);
    return 0;
}

static const struct {
    const char *name;
    bool hostile;
    int (*write)(const struct letter_ask *ask, struct buf *to, struct err *err);
} modes[] = {
    {"eml", false, letter_write},       {"hostile-eml", true, letter_write},
    {"html", false, letter_html},       {"hostile-html", true, letter_html},
    {"text", false, write_text},        {"page", false, write_page},
    {"hostile-page", true, write_page},
};

static int run(size_t mode, const char *scratch, struct buf *out, struct err *err)
{
    struct rrd *rrd = rrd_start(scratch, err);
    if (rrd == NULL)
        return -1;
    bool hostile = modes[mode].hostile;
    struct change *c = hostile ? sample_hostile_change() : sample_change();
    struct verdict *v = hostile ? sample_hostile_verdict() : sample_verdict();
    struct verdict *first = sample_verdict();
    first->revision = 1;
    first->grade = GRADE_ATTENTION;
    const struct verdict *all[] = {first, v};
    const char *to[] = {"pay-oncall@example.com"};
    struct audience audience = {.name = "payments", .to = to, .n_to = 1};
    struct mail_config config;
    mail_config_defaults(&config);
    config.public_url = "https://check.example.com";
    config.from = "aftercheck@example.com";
    struct letter_ask ask = {
        .what = {.change = c, .verdict = v, .revisions = all, .n_revisions = 2},
        .config = &config,
        .audience = &audience,
        .rrd = rrd};
    int rc = modes[mode].write(&ask, out, err);
    verdict_free(&v);
    verdict_free(&first);
    change_free(&c);
    rrd_stop(&rrd);
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    OWNED_BUF out = {0};
    for (size_t i = 0; argc == 3 && i < sizeof modes / sizeof *modes; i++)
        if (strcmp(argv[1], modes[i].name) == 0) {
            if (run(i, argv[2], &out, &err) < 0) {
                fprintf(stderr, "%s\n", err.text);
                return 1;
            }
            fwrite(buf_text(&out), 1, out.len, stdout);
            return 0;
        }
    fputs("usage: letter_probe MODE SCRATCH\n", stderr);
    return 2;
}
