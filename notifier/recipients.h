/* notifier/recipients.h - who is told of a change, by the routing in force: each person
 * once, whatever audiences and subscriptions they are in. */
#ifndef NOTIFIER_RECIPIENTS_H
#define NOTIFIER_RECIPIENTS_H

#include "base/err.h"
#include "rules/routing.h"
#include "storage/change.h"
#include "storage/ledger.h"

#include <stdbool.h>
#include <stddef.h>

struct recipient {
    char *who; /* an address; "/NAME": the files of an audience */
    /* the first in the file that is for the change: in its name the mails are written
     */
    const struct audience *audience;
    enum routing_when wish[GRADE_N]; /* the soonest of all their audiences */
};
struct recipients {
    size_t n;
    struct recipient *at; /* by `who` */
};

/* `server`: mails can be sent; without it all audiences are files.  `off` says who left
 * which audience; NULL: nobody. */
int recipients_of(const struct routing *r, bool server, const struct optouts *off,
                  const struct change *c, struct recipients *ret, struct err *err);
void recipients_free(struct recipients *r);
#define OWNED_RECIPIENTS __attribute__((cleanup(recipients_free))) struct recipients

/* NULL: it is none of them. */
const struct recipient *recipients_find(const struct recipients *r, const char *who);

/* True for an address, false for files. */
static inline bool recipient_is_address(const char *who)
{
    return who[0] != '/';
}

#endif
