/* collector/number.h - decimal numbers out of bytes, fast and exact. */
#ifndef COLLECTOR_NUMBER_H
#define COLLECTOR_NUMBER_H

enum { NUMBER_BYTES_MAX = 63 };

/* Reads the longest number at `p`, never beyond `end`: sign, digits, fraction, exponent
 * ("-12", "3.5", ".5", "1e-3"), or nan, inf, infinity in any case.  The result is the
 * double nearest to the text (ties to even); what is too large is infinite.  Gives the
 * byte behind the number; NULL, with *ret left alone, when there is none or it is
 * longer than NUMBER_BYTES_MAX. */
const char *number_read(const char *p, const char *end, double *ret);

#endif
