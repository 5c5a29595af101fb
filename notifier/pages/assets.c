/* notifier/pages/assets.c - serves what is built into the program.  HTTP threads. */
#include "notifier/pages/assets.h"

#include <string.h>

static const char *type_of(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot != NULL && strcmp(dot, ".css") == 0 ? "text/css; charset=utf-8"
                                                   : "text/javascript; charset=utf-8";
}

void assets_file(struct httpd_req *r, void *app)
{
    (void)app;
    const char *name = httpd_param(r, 0);
    const struct embedded *e = page_assets;
    while (e->name != NULL && strcmp(e->name, name) != 0)
        e++;
    if (e->name == NULL) {
        httpd_fail(r, 404, "there is no file '%.60s'", name);
        return;
    }
    httpd_set_header(r, "Cache-Control", "public, max-age=3600");
    httpd_answer(r, 200, type_of(name), e->text, e->n);
}
