/* tests of notifier/pages/assets: what is built in is what the tree has */
#include "notifier/pages/assets.h"

#include "tests/test.h"

#include <stdio.h>

TEST(the_files_are_there_whole)
{
    static const char *const names[] = {"page.js", "uplot.js", "uplot.css"};
    for (size_t i = 0; i < 3; i++) {
        char path[500], start[64];
        CHECK(page_assets[i].name != NULL);
        CHECK_TEXT(page_assets[i].name, names[i]);
        snprintf(path, sizeof path, "%s/notifier/pages/assets/%s", AFTERCHECK_SOURCE,
                 names[i]);
        FILE *f = fopen(path, "rb");
        CHECK(f != NULL);
        CHECK_INT(fread(start, 1, sizeof start, f), sizeof start);
        CHECK_INT(fseek(f, 0, SEEK_END), 0);
        CHECK_INT(ftell(f), page_assets[i].n);
        fclose(f);
        CHECK(memcmp(start, page_assets[i].text, sizeof start) == 0);
    }
    CHECK(page_assets[3].name == NULL);
}
