/* rules/codes.h - what can be wrong with a rule file: one list of stable codes.
 *
 * A code is what scripts and people look up, so it never changes its meaning; a new
 * mistake gets a new number at the end of its group.  E0xx: the YAML itself, E1xx: a
 * field, E2xx: a rule as a whole, E3xx: overrides, W4xx: legal, but hardly meant,
 * E5xx: tests of rules, E6xx: routing. */
#ifndef RULES_CODES_H
#define RULES_CODES_H

#include "base/complain.h"

/* id, code, the word that base/yaml uses ("": none), meaning */
#define RULES_CODES(X)                                                                 \
    X(SIZE, "E001", "yaml-size", "the file is larger than 1 MiB")                      \
    X(UTF8, "E002", "yaml-utf8", "the file is not valid UTF-8")                        \
    X(CONTROL, "E003", "yaml-control", "a control character")                          \
    X(SYNTAX, "E004", "yaml-syntax", "the text is not YAML")                           \
    X(TAB, "E005", "yaml-tab", "a tab where spaces belong")                            \
    X(ANCHOR, "E006", "yaml-anchor", "an anchor (&name)")                              \
    X(ALIAS, "E007", "yaml-alias", "an alias (*name)")                                 \
    X(TAG, "E008", "yaml-tag", "a tag (!name)")                                        \
    X(MERGE, "E009", "yaml-merge-key", "a merge key (<<)")                             \
    X(KEY, "E010", "yaml-key", "a key that is no text, or empty")                      \
    X(DUPLICATE, "E011", "yaml-duplicate-key", "a key that is there twice")            \
    X(DOCUMENTS, "E012", "yaml-documents", "several documents in one file")            \
    X(DIRECTIVE, "E013", "yaml-directive", "a directive (%)")                          \
    X(DEPTH, "E014", "yaml-depth", "lists and maps nest deeper than 32")               \
    X(MEMORY, "E015", "no-memory", "not enough memory")                                \
    X(FILE, "E016", "unreadable", "the file cannot be read")                           \
    X(UNKNOWN, "E101", "unknown-field", "a field that the language does not have")     \
    X(MISSING, "E102", "missing-field", "a field that must be there is not")           \
    X(SHAPE, "E103", "wrong-type", "a map, list or text where another one belongs")    \
    X(VALUE, "E104", "", "a value that is not of the field's type")                    \
    X(RANGE, "E105", "out-of-range", "a value outside of what is allowed")             \
    X(CHOICE, "E106", "", "a word that is none of the choices")                        \
    X(PATTERN, "E107", "", "a glob or regular expression that cannot be used")         \
    X(MANY, "E108", "", "more of something than is allowed")                           \
    X(EMPTY, "E109", "", "an empty value")                                             \
    X(CONDITION, "E110", "", "a condition that cannot be read")                        \
    X(DATE, "E111", "", "a date that is none")                                         \
    X(NAME, "E112", "", "an id or name with characters it may not have")               \
    X(SUBJECT, "E201", "", "a rule without a subject, or with several")                \
    X(MISFIT, "E202", "", "a field that does not go with the rule's subject")          \
    X(TWICE, "E203", "", "an id that is taken already")                                \
    X(WINDOWS, "E204", "", "windows that leave nothing to compare")                    \
    X(MUTE, "E205", "", "a rule that can never speak")                                 \
    X(LIMIT, "E206", "", "a limit without a side, or with both")                       \
    X(FORMAT, "E207", "", "a format that this program does not read")                  \
    X(NOTHING, "E208", "", "no rule at all")                                           \
    X(UNIT, "E209", "", "an amount in a unit that is not the rule's")                  \
    X(AGAIN, "E210", "", "something set twice")                                        \
    X(MIXED, "E211", "", "a grade with both a condition and statistical figures")      \
    X(OVERRIDE_RULE, "E301", "", "an override of a rule that is not there")            \
    X(OVERRIDE_FIELD, "E302", "", "an override of a field that cannot be overridden")  \
    X(OVERRIDE_TWICE, "E303", "", "two overrides of one field for the same services")  \
    X(OVERRIDE_WRONG, "E304", "", "an override that makes the rule wrong")             \
    X(SHAPE_TEXT, "E501", "", "a course of values that cannot be read")                \
    X(TEST_RULE, "E502", "", "an expectation of a rule that is not there")             \
    X(TEST_HOST, "E503", "", "an expectation of a host that the test does not have")   \
    X(TEST_TIME, "E504", "", "a time that is none")                                    \
    X(TEST_WHOM, "E505", "", "something that belongs to nobody, or to several")        \
    X(TEST_SAME, "E506", "", "the same series given twice")                            \
    X(TEST_EXPECT, "E507", "", "an expectation that contradicts itself or another")    \
    X(OWNER, "E601", "", "an owner that owns nothing")                                 \
    X(CLOCK, "E602", "", "a time of day, or a zone, that is none")                     \
    X(NOBODY, "E603", "", "an audience that is told nothing, or none at all")          \
    X(WEBHOOK_URL, "E604", "", "a webhook without one address that can be called")     \
    X(WEBHOOK_SECRET, "E605", "", "a signature without a secret, or the other way")    \
    X(WEAKER, "W401", "", "must-handle asks for less than attention")                  \
    X(NEVER, "W402", "", "a condition that can never hold, or always does")            \
    X(NEVER_SEEN, "W403", "", "a pattern that no figure ever seen fits")               \
    X(ONLY_RATIO, "W404", "", "a threshold that is only relative")                     \
    X(ONLY_ABSOLUTE, "W405", "", "a threshold that is only absolute")                  \
    X(NO_SIZE, "W406", "", "a threshold without a size")                               \
    X(NO_OWNER, "W407", "", "a rule that nobody answers for")                          \
    X(NO_RUNBOOK, "W408", "", "a rule without a runbook")                              \
    X(ENDED, "W409", "", "an exception or override that has ended")                    \
    X(REVIEW, "W410", "", "a file whose day of review has passed")                     \
    X(NOT_KEPT, "W411", "", "windows that reach further than samples are kept")        \
    X(COSTLY, "W412", "", "a costly regular expression")                               \
    X(SHADOWED, "W413", "", "a rule that another one always speaks before")
#define X(id, code, word, help) RULES_E_##id,
enum rules_code { RULES_CODES(X) RULES_CODE_N };
#undef X

/* "E101", and what it means. */
const char *rules_code(enum rules_code code);
const char *rules_code_help(enum rules_code code);

/* Gives the complaints from number `from` on the codes of this list, where they have
 * base/yaml's words. */
void rules_code_all(struct complaints *c, size_t from);

#endif
