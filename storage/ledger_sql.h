/* storage/ledger_sql.h - every statement that the ledger's parts run, one list.
 *
 * The name is how a part asks for it (DO_ADD_EVENT), the text is prepared once for each
 * connection.  Tables and indexes are made in storage/ledger_file.c. */
#ifndef STORAGE_LEDGER_SQL_H
#define STORAGE_LEDGER_SQL_H

#define LEDGER_PAGE_COLUMNS                                                            \
    "SELECT change_id, start, grade, revision, final, decided_at FROM changes "
#define LEDGER_PAGE_BOUNDS                                                             \
    "start <= ?1 AND (start < ?1 OR change_id > ?2) AND start >= ?3 AND "              \
    "(?4 IS NULL OR ifnull(grade, 'not-judged') = ?4)"
#define LEDGER_PAGE_ORDER " ORDER BY start DESC, change_id LIMIT ?5"

#define LEDGER_MUTE_COLUMNS                                                            \
    "SELECT id, rule, service, host, metric, kind, author, reason, begins, until, "    \
    "made_at, ended_at, ended_by FROM mutes "

#define LEDGER_NOTE_COLUMNS                                                            \
    "SELECT no, who, change_id, audience, revision, grade, later, digest, made, due "  \
    "FROM notes "

/* Runs posted for the change ?1, for the service ?2, or for other changes of it. */
#define LEDGER_TEST_RUNS_OF                                                            \
    "(r.change_id = ?1 OR r.service = ?2 OR r.change_id IN "                           \
    "(SELECT change_id FROM changes WHERE service = ?2)) "

#define LEDGER_SQLS(X)                                                                 \
    X(ADD_EVENT, "INSERT INTO events(source, id, change_id, time, received, raw) "     \
                 "VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING")              \
    X(EVENT_RAW, "SELECT raw FROM events WHERE source = ?1 AND id = ?2")               \
    X(ADD_CHANGE, "INSERT INTO changes(change_id, start, latest, ended) "              \
                  "VALUES(?1, ?2, ?2, ?3) ON CONFLICT DO NOTHING")                     \
    X(WIDEN_CHANGE,                                                                    \
      "UPDATE changes SET start = min(start, ?2), latest = max(latest, ?2), "          \
      "ended = coalesce(max(ended, ?3), ended, ?3) WHERE change_id = ?1")              \
    X(NAME_SERVICE,                                                                    \
      "UPDATE changes SET service = ?2, service_time = ?3, service_source = ?4, "      \
      "service_id = ?5 WHERE change_id = ?1 AND (service IS NULL OR "                  \
      "(?3, ?4, ?5) < (service_time, service_source, service_id))")                    \
    X(ADD_HOST, "INSERT INTO change_hosts(change_id, host) VALUES(?1, ?2) "            \
                "ON CONFLICT DO NOTHING")                                              \
    X(EVENTS_OF, "SELECT raw, time FROM events WHERE change_id = ?1")                  \
    X(CHANGE_THERE, "SELECT 1 FROM changes WHERE change_id = ?1")                      \
    X(PAGE, LEDGER_PAGE_COLUMNS "WHERE " LEDGER_PAGE_BOUNDS LEDGER_PAGE_ORDER)         \
    X(PAGE_OF_SERVICE, LEDGER_PAGE_COLUMNS                                             \
      "WHERE service = ?6 AND " LEDGER_PAGE_BOUNDS LEDGER_PAGE_ORDER)                  \
    X(OPEN_CHANGES, "SELECT change_id FROM changes WHERE NOT final "                   \
                    "ORDER BY start, change_id")                                       \
    X(SLOW_DUE, "SELECT change_id FROM changes WHERE slow_due <= ?1 "                  \
                "ORDER BY slow_due, change_id LIMIT ?2")                               \
    X(SLOW_NEXT, "SELECT min(slow_due) FROM changes WHERE slow_due IS NOT NULL")       \
    X(NEARBY, "SELECT change_id, service FROM changes WHERE until >= ?1 AND "          \
              "start < ?2 AND change_id <> ?3 ORDER BY abs(start - ?4), start, "       \
              "change_id")                                                             \
    X(HOSTS_OF, "SELECT host FROM change_hosts WHERE change_id = ?1")                  \
    X(ADD_VERDICT,                                                                     \
      "INSERT INTO verdicts(change_id, revision, final, decided_at, json) "            \
      "VALUES(?1, ?2, ?3, ?4, ?5)")                                                    \
    X(RENEW_VERDICT, "UPDATE verdicts SET final = ?3, decided_at = ?4, json = ?5 "     \
                     "WHERE change_id = ?1 AND revision = ?2")                         \
    X(GRADE_CHANGE, "UPDATE changes SET grade = ?2, revision = ?3, final = ?4, "       \
                    "decided_at = ?5, slow_due = ?6 WHERE change_id = ?1 AND "         \
                    "(revision IS NULL OR revision <= ?3)")                            \
    X(VERDICT, "SELECT json, final FROM verdicts WHERE change_id = ?1 "                \
               "AND revision = ?2")                                                    \
    X(VERDICT_NOW, "SELECT json, final FROM verdicts WHERE change_id = ?1 "            \
                   "ORDER BY revision DESC LIMIT 1")                                   \
    X(UNTOLD, "SELECT change_id, revision, final FROM verdicts "                       \
              "WHERE told < 1 + final ORDER BY no LIMIT ?1")                           \
    X(TELL, "UPDATE verdicts SET told = max(told, ?3), told_at = ?4 "                  \
            "WHERE change_id = ?1 AND revision = ?2")                                  \
    X(ADD_PARCEL,                                                                      \
      "INSERT INTO parcels(key, change_id, revision, audience, message_id, "           \
      "recipients, bytes, tries, made, due, last_error) "                              \
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) "                          \
      "ON CONFLICT(key) DO NOTHING")                                                   \
    X(DUE, "SELECT no, key, change_id, revision, audience, message_id, recipients, "   \
           "bytes, tries, made, due, last_error FROM parcels "                         \
           "WHERE state = 0 AND due <= ?1 ORDER BY due, no LIMIT ?2")                  \
    X(NEXT_DUE, "SELECT min(due) FROM parcels WHERE state = 0")                        \
    X(END_PARCEL,                                                                      \
      "UPDATE parcels SET tries = tries + 1, state = ?2, due = ?3, last_error = ?4, "  \
      "ended = ?5, bytes = CASE ?2 WHEN 1 THEN x'' ELSE bytes END "                    \
      "WHERE no = ?1 AND state = 0")                                                   \
    X(ADD_NOTE,                                                                        \
      "INSERT INTO notes(who, change_id, audience, revision, grade, later, digest, "   \
      "due, made) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                         \
    X(RENEW_NOTE,                                                                      \
      "UPDATE notes SET audience = ?3, revision = ?4, grade = ?5, later = ?6, "        \
      "digest = ?7, due = ?8 WHERE who = ?1 AND change_id = ?2")                       \
    X(DROP_NOTE, "DELETE FROM notes WHERE who = ?1 AND change_id = ?2")                \
    X(NOTES_OF, LEDGER_NOTE_COLUMNS "WHERE change_id = ?1 ORDER BY who")               \
    X(NOTES, LEDGER_NOTE_COLUMNS                                                       \
      "WHERE who = ?1 AND digest = ?2 AND due <= ?3 ORDER BY CASE grade WHEN 2 THEN "  \
      "0 WHEN 1 THEN 1 WHEN 3 THEN 2 ELSE 3 END, no")                                  \
    X(NOTE_QUEUES,                                                                     \
      "SELECT who, count(*), sum(due <= ?2), min(due), max(due) FROM notes "           \
      "WHERE digest = ?1 AND due <= ?3 GROUP BY who HAVING min(due) <= ?2 "            \
      "ORDER BY who")                                                                  \
    X(NEXT_NOTE, "SELECT min(due) FROM notes WHERE digest = ?1 AND due > ?2")          \
    X(COUNT_NOTES, "SELECT count(*) FROM notes")                                       \
    X(TOLD_OF, "SELECT who, audience, revision, grade, later, digest, at FROM told "   \
               "WHERE change_id = ?1 ORDER BY who")                                    \
    X(ADD_TOLD,                                                                        \
      "INSERT INTO told(change_id, who, audience, revision, grade, later, digest, "    \
      "at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "          \
      "audience = excluded.audience, revision = excluded.revision, "                   \
      "grade = excluded.grade, later = excluded.later, digest = excluded.digest, "     \
      "at = excluded.at")                                                              \
    X(MAILS_TO, "SELECT count(*) FROM parcels WHERE recipients = ?1 AND made > ?2")    \
    X(MAILS_ALL, "SELECT count(*) FROM parcels WHERE made > ?1 AND "                   \
                 "recipients <> '' AND recipients NOT LIKE 'webhook:%'")               \
    X(PUT_OPTOUT, "INSERT INTO optouts(who, audience, off, at) "                       \
                  "VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET "                  \
                  "off = excluded.off, at = excluded.at")                              \
    X(OPTOUTS, "SELECT who, audience FROM optouts WHERE off ORDER BY who, audience")   \
    X(MAIL_KEY, "SELECT key FROM secrets WHERE name = 'mail'")                         \
    X(DEAD, "SELECT count(*), recipients, last_error, max(ended) FROM parcels "        \
            "WHERE state = 2 AND ended > ?1")                                          \
    X(LAST_MAIL, "SELECT max(made) FROM parcels WHERE recipients = ?1 AND "            \
                 "audience = ?2")                                                      \
    X(ADD_CORE,                                                                        \
      "INSERT INTO cores(time, host, pid, exe, service, coarse, fine, unsure, title, " \
      "received, json, more) "                                                         \
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "                     \
      "ON CONFLICT DO NOTHING")                                                        \
    X(CORES, "SELECT time, host, service, exe, title, coarse, fine, unsure, more "     \
             "FROM cores WHERE time >= ?1 AND time < ?2 "                              \
             "ORDER BY time DESC, host DESC, exe DESC, pid DESC")                      \
    X(CORE_PAST,                                                                       \
      "SELECT host, (?2 - 1 - time) / 86400000 AS day, sum(1 + more), min(time) "      \
      "FROM cores WHERE coarse = ?1 AND time < ?2 AND time >= ?3 "                     \
      "GROUP BY host, day ORDER BY host, day")                                         \
    X(CORES_SINCE, "SELECT min(time) FROM cores")                                      \
    X(COUNT_CORES, "SELECT count(*) FROM cores")                                       \
    X(ADD_ALARM,                                                                       \
      "INSERT INTO alarms(fingerprint, at, is_end, ends, said, name, host, service, "  \
      "severity, labels, text, source, received) "                                     \
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "                \
      "ON CONFLICT DO NOTHING")                                                        \
    X(RENEW_ALARM,                                                                     \
      "UPDATE alarms SET ends = coalesce(max(ends, ?4), ends, ?4), "                   \
      "said = max(said, ?5), severity = coalesce(min(severity, ?6), severity, ?6), "   \
      "labels = coalesce(min(labels, ?7), labels, ?7), "                               \
      "text = coalesce(min(text, ?8), text, ?8) "                                      \
      "WHERE fingerprint = ?1 AND at = ?2 AND is_end = ?3")                            \
    X(ALARMS, "SELECT fingerprint, at, is_end, ends IS NULL, until, name, host, "      \
              "service, severity, labels, text FROM alarms "                           \
              "WHERE until >= ?1 AND at < ?2 ORDER BY at DESC, fingerprint, is_end")   \
    X(ALARMS_SINCE, "SELECT min(at) FROM alarms")                                      \
    X(COUNT_ALARMS, "SELECT count(*) FROM alarms")                                     \
    X(ADD_TEST_RUN, "INSERT INTO test_runs(hash, time, change_id, service, received) " \
                    "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")               \
    X(ADD_TEST, "INSERT INTO tests(suite, class, name) VALUES(?1, ?2, ?3) "            \
                "ON CONFLICT DO NOTHING")                                              \
    X(ADD_TEST_RESULT,                                                                 \
      "INSERT INTO test_results(run, test, result, ms, message) "                      \
      "SELECT r.no, t.no, ?5, ?6, ?7 FROM test_runs r, tests t WHERE r.hash = ?1 AND " \
      "t.suite = ?2 AND t.class = ?3 AND t.name = ?4")                                 \
    X(DROP_CORES, "DELETE FROM cores WHERE no IN "                                     \
                  "(SELECT no FROM cores WHERE time < ?1 ORDER BY time LIMIT ?2)")     \
    X(DROP_ALARMS, "DELETE FROM alarms WHERE no IN "                                   \
                   "(SELECT no FROM alarms WHERE until < ?1 ORDER BY until LIMIT ?2)") \
    X(DROP_TEST_RESULTS,                                                               \
      "DELETE FROM test_results WHERE (run, test) IN (SELECT x.run, x.test "           \
      "FROM test_runs r JOIN test_results x ON x.run = r.no WHERE r.time < ?1 "        \
      "ORDER BY r.time LIMIT ?2)")                                                     \
    X(DROP_TEST_RUNS, "DELETE FROM test_runs WHERE no IN (SELECT no FROM test_runs r " \
                      "WHERE time < ?1 AND NOT EXISTS (SELECT 1 FROM test_results x "  \
                      "WHERE x.run = r.no) ORDER BY time LIMIT ?2)")                   \
    X(TEST_NO, "SELECT max(no) FROM (SELECT no FROM tests WHERE no > ?1 "              \
               "ORDER BY no LIMIT ?2)")                                                \
    X(DROP_TESTS, "DELETE FROM tests WHERE no > ?1 AND no <= ?2 AND NOT EXISTS "       \
                  "(SELECT 1 FROM test_results x WHERE x.test = tests.no)")            \
    X(TESTS_SINCE,                                                                     \
      "SELECT t.suite, t.class, t.name, x.test, x.result, x.message, r.time, "         \
      "r.change_id IS ?1 FROM test_runs r JOIN test_results x ON x.run = r.no "        \
      "JOIN tests t ON t.no = x.test WHERE " LEDGER_TEST_RUNS_OF                       \
      "AND r.time >= ?3 AND r.time < ?4 AND x.result > 0 "                             \
      "ORDER BY t.suite, t.class, t.name, r.time, r.hash")                             \
    X(TEST_BEFORE,                                                                     \
      "SELECT x.result FROM test_results x JOIN test_runs r ON r.no = x.run "          \
      "WHERE " LEDGER_TEST_RUNS_OF "AND x.test = ?5 AND x.result > 0 AND "             \
      "r.time >= ?3 AND r.time < ?4 ORDER BY r.time DESC, r.hash LIMIT ?6")            \
    X(COUNT_TEST_RUNS, "SELECT count(*) FROM test_runs")                               \
    X(ADD_MUTE,                                                                        \
      "INSERT INTO mutes(id, rule, service, host, metric, kind, author, reason, "      \
      "begins, until, made_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")  \
    X(END_MUTE, "UPDATE mutes SET ended_at = ?2, ended_by = ?3 WHERE id = ?1")         \
    X(MUTE_END, "SELECT until, ended_at FROM mutes WHERE id = ?1")                     \
    X(MUTE, LEDGER_MUTE_COLUMNS "WHERE id = ?1")                                       \
    X(MUTES, LEDGER_MUTE_COLUMNS "WHERE until > ?1 "                                   \
                                 "ORDER BY ended_at IS NOT NULL, until DESC, id")      \
    X(COUNT_MUTES, "SELECT count(*) FROM mutes WHERE until > ?1 AND "                  \
                   "ended_at IS NULL")                                                 \
    X(ADD_FEEDBACK,                                                                    \
      "INSERT INTO feedback(change_id, rule, who, useful, at) "                        \
      "VALUES(?1, ?2, ?3, ?4, ?5) "                                                    \
      "ON CONFLICT DO UPDATE SET useful = excluded.useful, at = excluded.at")          \
    X(FEEDBACK_ROOM, "SELECT (SELECT count(*) FROM feedback WHERE change_id = ?1) "    \
                     "FROM changes WHERE change_id = ?1")                              \
    X(FEEDBACK_OF, "SELECT useful FROM feedback "                                      \
                   "WHERE change_id = ?1 AND rule = ?2 AND who = ?3")                  \
    X(FEEDBACK, "SELECT rule, who, useful, at FROM feedback WHERE change_id = ?1 "     \
                "ORDER BY rule, who")                                                  \
    X(PUT_PACK, "INSERT INTO packs(hash, since, json) VALUES(?1, ?2, ?3) "             \
                "ON CONFLICT(hash) DO UPDATE SET since = max(since, excluded.since)")  \
    X(PACK, "SELECT json, since FROM packs WHERE hash = ?1")                           \
    X(PACK_NOW, "SELECT json, since FROM packs ORDER BY since DESC, hash LIMIT 1")     \
    X(UNSAY, "DELETE FROM said WHERE change_id = ?1")                                  \
    X(SAY, "INSERT INTO said(change_id, rule, grade) VALUES(?1, ?2, ?3) "              \
           "ON CONFLICT DO UPDATE SET grade = max(grade, excluded.grade)")             \
    X(RECORDS, "SELECT s.rule, sum(s.grade = 2), sum(s.grade = 1), sum(s.grade = 0) "  \
               "FROM changes c JOIN said s ON s.change_id = c.change_id "              \
               "WHERE c.start >= ?1 GROUP BY s.rule ORDER BY s.rule")                  \
    X(MARKS, "SELECT f.rule, sum(f.useful), sum(NOT f.useful) "                        \
             "FROM changes c JOIN feedback f ON f.change_id = c.change_id "            \
             "WHERE c.start >= ?1 GROUP BY f.rule ORDER BY f.rule")                    \
    X(COUNT_EVENTS, "SELECT count(*) FROM events")                                     \
    X(COUNT_CHANGES, "SELECT count(*) FROM changes")                                   \
    X(COUNT_VERDICTS, "SELECT count(*) FROM verdicts")                                 \
    X(COUNT_PARCELS, "SELECT count(*) FROM parcels WHERE state = ?1")

#define X(id, text) DO_##id,
enum ledger_stmt { LEDGER_SQLS(X) DO_N };
#undef X

#endif
