/* notifier/course.h - how a service has fared in the last hours: the mean of a metric
 * over its hosts, step by step, out of the recent samples. */
#ifndef NOTIFIER_COURSE_H
#define NOTIFIER_COURSE_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/windows.h"

#include <stddef.h>

enum {
    COURSE_HOSTS_MAX = 200,  /* of more, so many are taken, evenly by their numbers */
    COURSE_METRICS_MAX = 6,  /* that are offered */
    COURSE_POINTS_MAX = 720, /* the last so many steps */
};

/* A service's hosts (and its own series), those that a course is made of. */
struct course_of {
    size_t n, all; /* taken, and there are */
    uint32_t entity[COURSE_HOSTS_MAX];
};
/* 0 also when there are none. */
int course_find(const struct windows *w, const char *service, struct course_of *ret,
                struct err *err);

/* Which metrics tell most: those of a short list of common ones that are there, then
 * those that most of the hosts have, by name.  Gives their number; the names live as
 * long as the windows. */
size_t course_metrics(struct windows *w, const struct course_of *of,
                      const char *ret_names[COURSE_METRICS_MAX]);

struct course {
    instant from;
    span step;
    size_t n;
    double *value; /* NaN: no host had a sample; the caller frees it */
    size_t hosts;  /* that had any */
};
/* The steps up to the newest one that holds a sample and lies before `now`.  n is 0
 * when there is none. */
int course_read(struct windows *w, const struct course_of *of, const char *metric,
                instant now, struct course *ret, struct err *err);

#endif
