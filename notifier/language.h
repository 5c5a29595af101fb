/* notifier/language.h - the languages that reports are written in. */
#ifndef NOTIFIER_LANGUAGE_H
#define NOTIFIER_LANGUAGE_H

enum language { LANGUAGE_EN, LANGUAGE_ZH, LANGUAGE_N };

/* "en", "zh": as settings and --language say it. */
const char *language_name(enum language l);
/* LANGUAGE_N when there is none of this name; NULL is none. */
enum language language_of(const char *name);
/* "en", "zh-CN": for the lang attribute of HTML (BCP 47). */
const char *language_tag(enum language l);

#endif
