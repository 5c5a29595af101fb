#include "notifier/pack_words.h"

#include "base/names.h"
#include "tests/test.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

/* The value of "title: ..." or "advice: ..." on a line, the way the shipped files write
 * them (on one line; in quotes where YAML wants that); NULL on other lines. */
static char *text_of(char *line)
{
    char *at = line + strspn(line, " -");
    if (strncmp(at, "title: ", 7) == 0)
        at += 7;
    else if (strncmp(at, "advice: ", 8) == 0)
        at += 8;
    else
        return NULL;
    at[strcspn(at, "\n")] = '\0';
    size_t n = strlen(at);
    if (n > 1 && (*at == '"' || *at == '\'')) {
        at[n - 1] = '\0';
        at++;
    }
    return at;
}

TEST(all_that_the_shipped_rules_say_is_known_in_every_language)
{
    glob_t files;
    size_t n = 0;
    char line[4096];
    CHECK_INT(glob(AFTERCHECK_SOURCE "/rules/defaults/*.yml", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *f = fopen(files.gl_pathv[i], "r");
        CHECK(f != NULL);
        while (fgets(line, sizeof line, f) != NULL) {
            char *text = text_of(line);
            if (text != NULL && !pack_words_known(LANGUAGE_ZH, text))
                test_fail(__FILE__, __LINE__, "%s: no Chinese for '%s'",
                          files.gl_pathv[i], text);
            n += text != NULL;
        }
        fclose(f);
    }
    globfree(&files);
    CHECK(n > 100); /* they were found at all */
}

TEST(an_author_s_own_words_stay_as_they_are)
{
    CHECK_TEXT(pack_words(LANGUAGE_ZH, "Latency of /charge"), "Latency of /charge");
    CHECK_TEXT(pack_words(LANGUAGE_EN, "CPU use"), "CPU use");
    CHECK_TEXT(pack_words(LANGUAGE_ZH, "CPU use"), "CPU 使用率");
    CHECK(pack_words(LANGUAGE_ZH, NULL) == NULL);
    CHECK(!pack_words_known(LANGUAGE_ZH, "cpu use"));
}
