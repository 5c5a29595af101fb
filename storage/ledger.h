/* storage/ledger.h - what must never be lost: changes, verdicts, mails to send.
 *
 * One SQLite file in WAL mode with synchronous=FULL and one writing thread that commits
 * what has gathered since the last commit in one go (group commit).  A call that writes
 * comes back, or calls back, only when its work is on disk. Readers have a connection
 * of their own.  Any thread may call. */
#ifndef STORAGE_LEDGER_H
#define STORAGE_LEDGER_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/alarm.h"
#include "storage/change.h"
#include "storage/core.h"
#include "storage/feedback.h"
#include "storage/fingerprint.h"
#include "storage/mute.h"
#include "storage/pack.h"
#include "storage/test_run.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;

enum {
    LEDGER_BATCH_MAX = 512,            /* writes in one commit */
    LEDGER_BATCH_BYTES_MAX = 16 << 20, /* of events in one commit */
    LEDGER_QUEUE_MAX = 20000,          /* writes waiting; further posts fail */
    LEDGER_PAGE_MAX = 500,             /* rows of one list */
    LEDGER_NEARBY_MAX = 256,           /* neighbours of one change */
};

/* Opens or makes `path`; a damaged file is set aside as PATH.damaged-TIME with a note
 * and a new one begun.  A file of a newer version is refused.  ":memory:" holds it all
 * in memory, for replay and tests.  One process a file. */
struct ledger *ledger_open(const char *path, struct err *ret_note, struct err *err);
/* Opens a file to read only, beside the service that may have it open: nothing is
 * written, nothing is set aside.  Calls that write must not be made.  ENOENT when there
 * is none, ENOTSUP when it is of another version than this program's, EBADMSG when it
 * is no ledger. */
struct ledger *ledger_peek(const char *path, struct err *err);
/* Commits what is waiting and closes. */
void ledger_close(struct ledger **l);

/* --- change events --- */
enum posted {
    POSTED_NEW,      /* stored now */
    POSTED_REPEAT,   /* the same source, id and content were there */
    POSTED_CONFLICT, /* the same source and id with other content were there */
    POSTED_FAILED,   /* not stored: the disk is full or broken */
};
/* Takes *e over and calls `done` once, on the writing thread, when it is durable or has
 * failed (on the caller's thread only when memory is short).  `err` is set with
 * POSTED_FAILED; it and `change_id` are good during the call.  `received` may be none.
 * `done` must not block and must not call what waits for the writing thread.  An event
 * without a time of its own is the same as its repeat whatever `time` was set to: `raw`
 * is compared. */
void ledger_post(struct ledger *l, struct change_event **e, instant received,
                 void (*done)(enum posted posted, const char *change_id,
                              const struct err *err, void *arg),
                 void *arg);
/* The same, waiting. */
enum posted ledger_post_wait(struct ledger *l, struct change_event **e,
                             instant received, struct err *err);

/* The folded change; NULL when it is unknown (err->code ENOENT) or reading failed. */
struct change *ledger_change(struct ledger *l, const char *change_id, struct err *err);

/* --- lists --- */
struct change_row {
    struct change *change;
    bool has_verdict;
    enum grade grade;
    int revision;
    bool final;
    instant decided_at;
};
struct change_rows {
    size_t n;
    struct change_row *row; /* newest first */
    char *next; /* cursor for the page after this one; NULL: the last page */
};
struct change_ask {
    instant since; /* INSTANT_NONE: all */
    instant until; /* that began then or before; INSTANT_NONE or 1970: all; ignored
                      after a cursor */
    const char *service; /* NULL: all */
    enum grade grade; /* GRADE_N: all; GRADE_NOT_JUDGED also takes those unjudged yet */
    const char *after; /* cursor; NULL: the first page */
    size_t limit;      /* 1..500 */
};
int ledger_changes(struct ledger *l, const struct change_ask *ask,
                   struct change_rows *ret_rows, struct err *err);
void change_rows_free(struct change_rows *rows);

/* --- for the analyzer --- */
/* Ids of changes without a final verdict, oldest first; the caller frees with
 * ledger_ids_free. */
int ledger_open_changes(struct ledger *l, char ***ret_ids, size_t *ret_n,
                        struct err *err);
void ledger_ids_free(char ***ids, size_t n);
/* Ids of at most `limit` changes whose slow look is due at `now`, the longest due
 * first.  It is due when their newest verdict said so (slow_due), however many others
 * wait: only those that are due are read. */
int ledger_slow_due(struct ledger *l, instant now, size_t limit, char ***ret_ids,
                    size_t *ret_n, struct err *err);
/* When the next slow look is due; INSTANT_FAR: none waits. */
instant ledger_slow_next(struct ledger *l);
/* Changes whose time from start to end touches [from, to), that share the service or a
 * host with `of` (which itself is left out); folded, by start and id.  One that has not
 * ended goes on until its verdict is final, and then ended with its last event.  The
 * caller takes `from` earlier by how long a change has its effect.  Of more than
 * LEDGER_NEARBY_MAX the nearest in time are given, so that a storm of changes costs
 * each of them no more than that. */
int ledger_nearby(struct ledger *l, const struct change *of, instant from, instant to,
                  struct change ***ret_changes, size_t *ret_n, struct err *err);
void ledger_nearby_free(struct change ***changes, size_t n);

/* Stores a verdict revision.  0 also when this revision was there already and says the
 * same (verdict_same): its times, looks, charts and finality are then brought up to
 * date, though never from final back.  -1 with EEXIST when it says something else, with
 * ENOENT when the change is unknown.  Durable when it comes back. */
int ledger_put_verdict(struct ledger *l, const struct verdict *v, struct err *err);
/* The current revision; NULL with ENOENT when there is none. */
struct verdict *ledger_verdict(struct ledger *l, const char *change_id,
                               struct err *err);
/* Revision `n`; NULL with ENOENT when there is none. */
struct verdict *ledger_revision(struct ledger *l, const char *change_id, int revision,
                                struct err *err);

/* --- coredumps --- */
enum {
    CORE_MEMORY_DAYS = 30,    /* a crash unseen for so long is new */
    LEDGER_CORES_MAX = 50000, /* rows of one list */
};

/* Takes *c over, with its fingerprint.  As ledger_post, but there is no conflict: the
 * same time, host, pid and exe is the same coredump, whatever else the record says. */
void ledger_put_core(struct ledger *l, struct core **c, instant received,
                     void (*done)(enum posted posted, const struct err *err, void *arg),
                     void *arg);
/* The same, waiting. */
enum posted ledger_put_core_wait(struct ledger *l, struct core **c, instant received,
                                 struct err *err);

/* What a coredump is judged by. */
struct core_row {
    instant time;
    char *host, *service, *exe, *title; /* service may be NULL */
    struct fingerprint print;
    int64_t more; /* dumps of the same that it speaks for, beside its own */
};
struct core_ask {
    const char *service;      /* those of this service; NULL: none */
    const char *const *hosts; /* and all of these hosts, sorted by name */
    size_t n_hosts;
    instant from, to; /* [from, to) */
};
/* By time, host, exe and pid.  Of more than LEDGER_CORES_MAX the latest are given. */
int ledger_cores(struct ledger *l, const struct core_ask *ask,
                 struct core_row **ret_rows, size_t *ret_n, struct err *err);
void core_rows_free(struct core_row **rows, size_t n);

/* What is remembered of a crash: the last CORE_MEMORY_DAYS before some time. */
struct core_day {
    char *host;
    int day; /* how many whole days before it; 0: within the last 24 hours */
    uint64_t dumps;
};
struct core_past {
    char coarse[FINGERPRINT_TEXT_MAX];
    instant first; /* INSTANT_NONE: never in that time */
    size_t n;
    struct core_day *day; /* sorted by host, then day; those without a dump left out */
};
/* When a coarse fingerprint was first seen on any host in the days before `before`, and
 * how often on each host and day. */
int ledger_core_first_seen(struct ledger *l, const char *coarse, instant before,
                           struct core_past *ret_past, struct err *err);
void core_past_clear(struct core_past *p);
/* The time of the earliest coredump that is held: how far the memory reaches.
 * INSTANT_NONE: there is none. */
int ledger_cores_since(struct ledger *l, instant *ret_since, struct err *err);

/* --- alarms --- */
enum {
    ALARM_SILENT_HOURS = 24,   /* unheard of for so long, an alarm counts as over */
    LEDGER_ALARMS_MAX = 50000, /* messages that one list is made of */
};

/* Takes what is in *list over, in one write.  POSTED_NEW when a message of it was new;
 * one of the same fingerprint and beginning (or end, where no beginning is known) is a
 * repeat, from which only a later end is learnt. */
void ledger_put_alarms(struct ledger *l, struct alarm_list *list, instant received,
                       void (*done)(enum posted posted, const struct err *err,
                                    void *arg),
                       void *arg);
/* The same, waiting. */
enum posted ledger_put_alarms_wait(struct ledger *l, struct alarm_list *list,
                                   instant received, struct err *err);

/* One time that an alarm fired, put together from all its messages: while it fires,
 * further ones begin nothing new. */
struct alarm_row {
    char *name, *host, *service;    /* host and service may be NULL, not both */
    char *severity, *labels, *text; /* NULL: not given */
    instant starts, ends; /* ends INSTANT_NONE: it fired still when the list ends */
};
struct alarm_ask {
    const char *service;      /* those of this service; NULL: none */
    const char *const *hosts; /* and all of these hosts, sorted by name */
    size_t n_hosts;
    instant from, to; /* that fired at some time of [from, to) */
};
/* By beginning, then texts.  Of more than LEDGER_ALARMS_MAX messages the latest are
 * taken. */
int ledger_alarms(struct ledger *l, const struct alarm_ask *ask,
                  struct alarm_row **ret_rows, size_t *ret_n, struct err *err);
void alarm_rows_free(struct alarm_row **rows, size_t n);
/* The earliest time that a held message tells of; INSTANT_NONE: there is none. */
int ledger_alarms_since(struct ledger *l, instant *ret_since, struct err *err);

/* --- results of tests --- */
enum {
    TEST_MEMORY_DAYS = 30, /* results from before are looked for so far back */
    TEST_MEMORY_RUNS = 10, /* results of a test that are looked at from before */
    LEDGER_TESTS_MAX = 2000,
};

/* Takes *r over, which must be sealed.  As ledger_post, but there is no conflict: runs
 * of one hash are the same. */
void ledger_put_tests(struct ledger *l, struct test_run **r, instant received,
                      void (*done)(enum posted posted, const struct err *err,
                                   void *arg),
                      void *arg);
/* The same, waiting. */
enum posted ledger_put_tests_wait(struct ledger *l, struct test_run **r,
                                  instant received, struct err *err);

/* A test that failed at least once since some time. */
struct test_row {
    char *suite, *class, *name; /* suite and class may be "" */
    char *message;              /* of its last failure; NULL: none */
    bool of_change;             /* a failing run was posted for the change itself */
    size_t passed, failed;      /* results since then */
    bool fails;                 /* the last of them */
    instant first;              /* the first failure */
    size_t runs_before, failed_before; /* of the last TEST_MEMORY_RUNS before */
    bool failed_last;                  /* the last of those */
    size_t suite_tests; /* tests of the suite that have a result since then */
};
struct test_ask {
    const char *change_id; /* runs posted for it */
    const char *service;   /* and for this service or other changes of it; NULL: none */
    instant since, to;     /* results in [since, to), held against those before */
};
struct test_rows {
    size_t n;
    struct test_row *row; /* by suite, class and name, up to LEDGER_TESTS_MAX */
    size_t left_out;      /* further ones */
    size_t tests;         /* that have a result since then, of whatever kind */
};
/* Skipped tests have no result. */
int ledger_tests(struct ledger *l, const struct test_ask *ask,
                 struct test_rows *ret_rows, struct err *err);
void test_rows_free(struct test_rows *rows);

/* --- pruning --- */
enum { LEDGER_PRUNE_MAX = 1000 }; /* rows that one step deletes */

/* How long single events are kept, by their own time; 0: for good. */
struct ledger_keep {
    span cores, alarms, tests;
};
/* One step: deletes up to LEDGER_PRUNE_MAX rows that are older than they are kept, as
 * one write among the others, so that none of these waits for long.  An alarm is as old
 * as its end.  *ret_rows says how many went: fewer than LEDGER_PRUNE_MAX when nothing
 * old is left. */
int ledger_prune(struct ledger *l, const struct ledger_keep *keep, instant now,
                 size_t *ret_rows, struct err *err);

/* --- mutes --- */
enum { LEDGER_MUTES_MAX = 1000 }; /* not over yet at a time, and of one list */

/* Takes *m over.  As ledger_post: POSTED_REPEAT when the same mute is there,
 * POSTED_CONFLICT when the same was there and was ended early, POSTED_FAILED with
 * EDQUOT also when LEDGER_MUTES_MAX are in force or to come. */
void ledger_put_mute(struct ledger *l, struct mute **m,
                     void (*done)(enum posted posted, const struct err *err, void *arg),
                     void *arg);
/* The same, waiting. */
enum posted ledger_put_mute_wait(struct ledger *l, struct mute **m, struct err *err);

/* Ends a mute at `now`; it is kept, with who ended it and when.  POSTED_NEW; or
 * POSTED_REPEAT when it was ended early before (which stays as it was), POSTED_CONFLICT
 * when it was over by itself, POSTED_FAILED with ENOENT when there is none. */
void ledger_end_mute(struct ledger *l, const char *id, const char *by, instant now,
                     void (*done)(enum posted posted, const struct err *err, void *arg),
                     void *arg);
/* The same, waiting. */
enum posted ledger_end_mute_wait(struct ledger *l, const char *id, const char *by,
                                 instant now, struct err *err);

struct mutes {
    size_t n;
    struct mute **at;
};
enum mutes_which {
    MUTES_ALL,      /* whenever */
    MUTES_IN_FORCE, /* at a time */
    MUTES_OF_LOOK,  /* that count for a look at a time (mute_counts) */
};
/* Those that were not ended early first, by their end, the latest first; up to
 * LEDGER_MUTES_MAX, so that none of those in force or to come is ever left out. */
int ledger_mutes(struct ledger *l, enum mutes_which which, instant at,
                 struct mutes *ret_mutes, struct err *err);
void mutes_free(struct mutes *list);
#define OWNED_MUTES __attribute__((cleanup(mutes_free))) struct mutes
/* NULL with ENOENT when there is none. */
struct mute *ledger_mute(struct ledger *l, const char *id, struct err *err);

/* --- readers' marks --- */
enum { LEDGER_FEEDBACK_MAX = 1000 }; /* of one change */

/* Takes *f over.  As ledger_post, but a mark of the same reader, change and rule that
 * says something else takes the place of the first (POSTED_NEW).  POSTED_FAILED with
 * ENOENT when there is no such change, with EDQUOT when it has too many. */
void ledger_put_feedback(struct ledger *l, struct feedback **f,
                         void (*done)(enum posted posted, const struct err *err,
                                      void *arg),
                         void *arg);
/* The same, waiting. */
enum posted ledger_put_feedback_wait(struct ledger *l, struct feedback **f,
                                     struct err *err);
struct feedbacks {
    size_t n;
    struct feedback **at;
};
/* Of a change, by rule and reader. */
int ledger_feedback(struct ledger *l, const char *change_id, struct feedbacks *ret,
                    struct err *err);
void feedbacks_free(struct feedbacks *list);

/* --- the rules, and what they said --- */

/* Keeps the version of the rules that has come into force at `now`; `json` is as
 * storage/pack.h has it, `hash` its own. */
int ledger_put_pack(struct ledger *l, const char *hash, const char *json, instant now,
                    struct err *err);
/* The version with this hash, or with NULL the one that came into force last; NULL with
 * ENOENT when there is none. */
struct pack *ledger_pack(struct ledger *l, const char *hash, struct err *err);

/* How often a rule spoke: changes by the worst grade that it found in their newest
 * verdict, and readers' marks. */
struct rule_record {
    char *rule;
    uint64_t must_handle, attention, fine; /* changes; fine: recovered, or shown only */
    uint64_t useful, not_useful;           /* marks */
};
struct rule_records {
    size_t n;
    struct rule_record *at; /* by rule */
};
/* Of the changes that began at `since` or later; rules that said nothing are left out.
 */
int ledger_records(struct ledger *l, instant since, struct rule_records *ret,
                   struct err *err);
void rule_records_free(struct rule_records *r);
/* NULL: it said nothing. */
const struct rule_record *rule_records_find(const struct rule_records *r,
                                            const char *rule);

/* --- the outbox: mails to send --- */
struct parcel {
    int64_t no;
    char *key; /* change, revision, audience: unique, so it is put once */
    char *change_id;
    int revision;
    char *audience;
    char *message_id;
    char *recipients; /* addresses, one a line; "" for a file only */
    char *bytes;      /* the whole message, CRLF lines */
    size_t n_bytes;
    int tries;
    instant made, due;
    char *last_error; /* NULL: none */
};
/* Verdict revisions that the notifier has not dealt with yet, oldest first.  A revision
 * comes up once as it is made, and once more when it is made final later. */
struct untold {
    char *change_id;
    int revision;
    bool final;
};
int ledger_untold(struct ledger *l, size_t limit, struct untold **ret_untold,
                  size_t *ret_n, struct err *err);
void ledger_untold_free(struct untold **untold, size_t n);

/* What waits to be told to one recipient of one change; a later one for the same two
 * takes its place. */
struct note {
    char *who;      /* an address; "/NAME": the files of an audience */
    char *audience; /* in whose name */
    char *change_id;
    int revision;
    enum grade grade;
    size_t later; /* findings of the slow look */
    bool digest;  /* for the mail of the day, not one of its own */
    bool dropped; /* given to ledger_tell and ledger_send: it is taken back, untold */
    instant made, due;
};
/* What a recipient was told last of a change. */
struct last_told {
    char *who, *audience;
    int revision;
    enum grade grade;
    size_t later;
    bool digest;
    instant at;
};
struct tidings {
    size_t n_notes, n_told; /* each by `who` */
    struct note *note;
    struct last_told *told;
};
/* All of a change. */
int ledger_tidings(struct ledger *l, const char *change_id, struct tidings *ret,
                   struct err *err);
void tidings_free(struct tidings *t);

/* In one transaction: puts the notes, or takes back what is dropped, and marks the
 * revision as told. */
int ledger_tell(struct ledger *l, const struct untold *told, const struct note *notes,
                size_t n, instant now, struct err *err);

/* Recipients who have notes that are due at `now`, by name, with those that will be due
 * up to `soon`. */
struct note_queue {
    char *who;
    size_t n, n_due;
    instant first, last; /* due */
};
int ledger_note_queues(struct ledger *l, bool digest, instant now, instant soon,
                       struct note_queue **ret_queues, size_t *ret_n, struct err *err);
void note_queues_free(struct note_queue **queues, size_t n);
/* Those of a recipient that are due up to `until`: must-handle first, then attention,
 * not judged, ok, each in the order they were made. */
int ledger_notes(struct ledger *l, const char *who, bool digest, instant until,
                 struct note **ret_notes, size_t *ret_n, struct err *err);
void notes_free(struct note **notes, size_t n);
/* When the first note after `now` is due; INSTANT_FAR when none waits. */
instant ledger_next_note(struct ledger *l, bool digest, instant now);

/* In one transaction: puts the parcels (those whose key is there already are left
 * alone), and takes the notes away; what they say is now told, unless they are dropped.
 */
int ledger_send(struct ledger *l, const struct parcel *parcels, size_t n,
                const struct note *notes, size_t n_notes, instant now, struct err *err);
/* How many parcels for an address were made after `since`; NULL: for all addresses. */
int ledger_mails(struct ledger *l, const char *who, instant since, size_t *ret_n,
                 struct err *err);
/* When the last parcel for the address and audience was made; INSTANT_NONE: never. */
int ledger_last_mail(struct ledger *l, const char *who, const char *audience,
                     instant *ret_made, struct err *err);

/* Who wants no more mails of an audience, by who and audience. */
struct optout {
    char *who, *audience;
};
struct optouts {
    size_t n;
    struct optout *at;
};
/* Durable when it comes back; `off` false: they want them again. */
int ledger_put_optout(struct ledger *l, const char *who, const char *audience, bool off,
                      instant now, struct err *err);
int ledger_optouts(struct ledger *l, struct optouts *ret, struct err *err);
void optouts_free(struct optouts *list);
#define OWNED_OPTOUTS __attribute__((cleanup(optouts_free))) struct optouts
bool optouts_hold(const struct optouts *list, const char *who, const char *audience);

enum { LEDGER_KEY_BYTES = 32 };
/* The ledger's own random key for the links in mails. */
int ledger_mail_key(struct ledger *l, unsigned char ret_key[LEDGER_KEY_BYTES],
                    struct err *err);

/* Mails that were given up after a time, and the last of them. */
struct dead_mails {
    size_t n;
    char who[300], why[300];
};
int ledger_dead(struct ledger *l, instant since, struct dead_mails *ret,
                struct err *err);

/* The parcels due at `now`, oldest first. */
int ledger_due(struct ledger *l, instant now, size_t limit, struct parcel **ret_parcels,
               size_t *ret_n, struct err *err);
void parcels_free(struct parcel **parcels, size_t n);
/* When the next parcel is due; INSTANT_FAR when none waits. */
instant ledger_next_due(struct ledger *l);
enum parcel_end { PARCEL_SENT, PARCEL_RETRY, PARCEL_DEAD };
/* Counts a try of a waiting parcel and how it ended.  `due` is the next try's time for
 * PARCEL_RETRY, `error` may be NULL.  A sent parcel's bytes are let go, its key stays.
 * -1 with ENOENT when no such parcel waits. */
int ledger_parcel(struct ledger *l, int64_t no, enum parcel_end end, instant due,
                  const char *error, instant now, struct err *err);

/* Commits and the writes in them count from the opening, all else is what is held. */
struct ledger_stats {
    /* held */
    uint64_t events, changes, verdicts, cores, alarms, test_runs;
    uint64_t parcels_waiting, parcels_sent, parcels_dead, notes;
    /* since it was opened */
    uint64_t commits, commit_rows;
    uint64_t cores_taken, alarms_taken, test_runs_taken; /* that were new */
    uint64_t cores_pruned, alarms_pruned, test_runs_pruned;
};
struct ledger_stats ledger_stats(struct ledger *l);

#endif
