#include "notifier/phrases.h"

#include "base/names.h"
#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const names[] = {
#define X(id, en, zh) #id,
    PHRASES(X)
#undef X
};

/* A bit for each argument that a phrase takes. */
static unsigned places_of(enum language l, enum phrase p)
{
    unsigned places = 0;
    for (const char *at = phrase(l, p); (at = strchr(at, '{')) != NULL; at++)
        places |= 1u << (at[1] - '0');
    return places;
}

/* Those that stand for nothing in one of the languages. */
static bool may_be_empty(enum phrase p)
{
    return p == PHRASE_SPACE;
}

/* Said by marks alone in Chinese. */
static bool may_be_marks(enum phrase p)
{
    return p == PHRASE_OF_ALL || p == PHRASE_TITLE_OF;
}

TEST(no_phrase_lacks_a_language)
{
    for (int p = 0; p < PHRASE_N; p++)
        for (int l = 0; l < LANGUAGE_N; l++) {
            const char *text = phrase((enum language)l, (enum phrase)p);
            if (text == NULL || !utf8_valid(text, strlen(text)) ||
                (*text == '\0' && !may_be_empty((enum phrase)p)))
                test_fail(__FILE__, __LINE__, "%s has no words in %s", names[p],
                          language_name((enum language)l));
        }
}

TEST(a_phrase_takes_the_same_arguments_in_every_language)
{
    for (int p = 0; p < PHRASE_N; p++) {
        unsigned en = places_of(LANGUAGE_EN, (enum phrase)p);
        unsigned zh = places_of(LANGUAGE_ZH, (enum phrase)p);
        if (en != zh || (en & (en + 1)) != 0)
            test_fail(__FILE__, __LINE__, "%s: its places differ, or one is left out",
                      names[p]);
        CHECK_INT(phrase_args(LANGUAGE_EN, (enum phrase)p),
                  phrase_args(LANGUAGE_ZH, (enum phrase)p));
    }
}

/* Forgotten words would stand out as English in a Chinese report; names, units and
 * marks are the same in both. */
TEST(chinese_phrases_are_chinese)
{
    for (int p = 0; p < PHRASE_N; p++) {
        const char *en = phrase(LANGUAGE_EN, (enum phrase)p);
        const char *zh = phrase(LANGUAGE_ZH, (enum phrase)p);
        bool letters = false, wide = false;
        int depth = 0;
        for (const char *at = en; *at != '\0'; at++) {
            depth += (*at == '{') - (*at == '}');
            letters |= depth == 0 &&
                       ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'));
        }
        for (const char *at = zh; *at != '\0'; at++)
            wide |= (unsigned char)*at >= 0xe2;
        if (letters && !wide && !may_be_marks((enum phrase)p))
            test_fail(__FILE__, __LINE__, "%s: '%s' is no Chinese", names[p], zh);
    }
}

static void check_put(const char *want, enum language l, enum phrase p,
                      const char *const *args, size_t n)
{
    OWNED_BUF b = {0};
    phrase_add(&b, l, p, args, n);
    CHECK_TEXT(buf_text(&b), want);
}

TEST(places_are_filled_and_words_agree_with_their_number)
{
    check_put("1 hour", LANGUAGE_EN, PHRASE_HOURS, (const char *const[]){"1"}, 1);
    check_put("11 hours", LANGUAGE_EN, PHRASE_HOURS, (const char *const[]){"11"}, 1);
    check_put("11 小时", LANGUAGE_ZH, PHRASE_HOURS, (const char *const[]){"11"}, 1);
    check_put("a（b）", LANGUAGE_ZH, PHRASE_IN_BRACKETS,
              (const char *const[]){"a", "b"}, 2);
}

TEST(an_argument_is_never_read_as_a_place)
{
    check_put("{1} (%s{0})", LANGUAGE_EN, PHRASE_IN_BRACKETS,
              (const char *const[]){"{1}", "%s{0}"}, 2);
}

TEST(chinese_and_latin_letters_have_a_space_between_them)
{
    const char *const words[] = {"主机 h1", "平均耗时"};
    check_put("主机 h1 的平均耗时", LANGUAGE_ZH, PHRASE_NAME_ON_HOST,
              (const char *const[]){"平均耗时", "h1"}, 2);
    check_put("主机 h1 的 cpu.busy", LANGUAGE_ZH, PHRASE_NAME_ON_HOST,
              (const char *const[]){"cpu.busy", "h1"}, 2);
    OWNED_BUF b = {0};
    PHRASE_PUT(&b, LANGUAGE_ZH, IN_BRACKETS, words[0], words[1]);
    CHECK_TEXT(buf_text(&b), "主机 h1（平均耗时）"); /* none before a mark */
    buf_clear(&b);
    buf_add(&b, "x"); /* what stood there before is no part of it */
    PHRASE_PUT(&b, LANGUAGE_ZH, REST, "1");
    CHECK_TEXT(buf_text(&b), "x另有 1 项");
}
