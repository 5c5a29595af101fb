/* collector/in_alarm.h - alarms over HTTP, answered when they are on disk.
 *
 * POST /v1/alarms/alertmanager takes the webhook body that Alertmanager sends (version
 * 4; Grafana and vmalert send the like):
 *
 *     {"status": "firing", "truncatedAlerts": 0, "alerts": [{"status": "firing",
 *      "labels": {"alertname": "HighLatency", "instance": "h1:9100", "job": "pay",
 *      "severity": "critical"}, "annotations": {"summary": "p99 above 500 ms"},
 *      "startsAt": "2026-11-21T10:04:00Z", "endsAt": "0001-01-01T00:00:00Z",
 *      "fingerprint": "c1f2..."}]}
 *
 * The name is the label alertname.  Host and service are what the labels say as the
 * tags of line protocol do: host, else instance without its port; service, else job.
 * The alarm's key is its fingerprint with its beginning, so what is sent again every
 * repeat_interval is no new alarm.  An alarm of neither host nor service concerns no
 * change: it is let go and counted, and so are alerts that the sender truncated.
 *
 * POST /v1/alarms takes messages of the generic form (storage/alarm.h), one or a list.
 *
 * Both: 202 when the good ones are durable; 400 with field and place of the first bad
 * one, the good ones being kept; 503 with Retry-After when they were not stored. */
#ifndef COLLECTOR_IN_ALARM_H
#define COLLECTOR_IN_ALARM_H

#include "base/buf.h"
#include "base/httpd.h"
#include "base/instant.h"
#include "collector/in_line.h"
#include "storage/alarm.h"
#include "storage/ledger.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ALARM_BODY_MAX = 4 << 20,
    ALARM_VALUES_MAX = 1 << 18, /* of JSON, in one request */
};

/* What a request held.  Begins as {0}. */
struct in_alarm_result {
    struct alarm_list list; /* the good ones */
    uint64_t messages, refused;
    uint64_t placeless; /* of neither host nor service */
    uint64_t truncated; /* left out by the sender */
    char first[600];    /* what is wrong with the first bad one, and where */
};
void in_alarm_result_free(struct in_alarm_result *r);

/* Read the bytes of a request.  -1 and *err when nothing of it can be read (EMSGSIZE:
 * it has too many values); bad messages are in the result. */
int in_alarm_read_webhook(const char *text, size_t n, const struct entity_tags *tags,
                          instant now, struct in_alarm_result *result, struct err *err);
int in_alarm_read(const char *text, size_t n, instant now,
                  struct in_alarm_result *result, struct err *err);

/* Adds "alerts[3].startsAt (line 1, column 80): ...; 1 of 12 alarms refused". */
void in_alarm_write_error(const struct in_alarm_result *result, struct buf *to);

/* Counts over the process's life.  Any thread. */
struct in_alarm;
struct in_alarm *in_alarm_new(void);
void in_alarm_free(struct in_alarm **a);

/* A handler's whole work; `r` is called with it again until it is answered.  The
 * ledger must outlive the server. */
void in_alarm_serve_webhook(struct httpd_req *r, struct in_alarm *a,
                            struct ledger *ledger, const struct entity_tags *tags,
                            instant now);
void in_alarm_serve(struct httpd_req *r, struct in_alarm *a, struct ledger *ledger,
                    instant now);

/* Adds aftercheck_alarm_messages_total and aftercheck_alarms_dropped_total{reason=} in
 * Prometheus' text format. */
void in_alarm_write_metrics(const struct in_alarm *a, struct buf *to);

#endif
