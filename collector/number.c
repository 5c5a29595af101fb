/* collector/number.c - decimal numbers.
 *
 * Up to 2^53 both the digits taken as a whole number and the powers of ten up to 1e22
 * are exact doubles, so one multiplication or division rounds once and gives the
 * nearest double (W. D. Clinger, "How to read floating point numbers accurately",
 * 1990).  Nearly all samples are of that sort; strtod reads the rest.  No state, any
 * thread. */
#include "collector/number.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double power_of_ten[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};
enum { POWERS = sizeof power_of_ten / sizeof *power_of_ten, DIGITS_SAFE = 19 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The rare forms; `p` stands behind the sign. */
static const char *word(const char *p, const char *end, double *ret)
{
    static const struct {
        const char *name;
        size_t n;
    } words[] = {{"infinity", 8}, {"inf", 3}, {"nan", 3}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((size_t)(end - p) >= words[i].n &&
            strncasecmp(p, words[i].name, words[i].n) == 0) {
            *ret = strtod(words[i].name, NULL);
            return p + words[i].n;
        }
    return NULL;
}

/* [from, to) holds a number in all its length. */
static const char *by_library(const char *from, const char *to, double *ret)
{
    char text[NUMBER_BYTES_MAX + 1];
    size_t n = (size_t)(to - from);
    if (n > NUMBER_BYTES_MAX)
        return NULL;
    memcpy(text, from, n);
    text[n] = '\0';
    *ret = strtod(text, NULL);
    return to;
}

/* Moves behind "e-12"; stays put when no digit follows the e. */
static const char *exponent(const char *p, const char *end, int *ret)
{
    const char *q = p + 1;
    bool minus = q < end && *q == '-';
    if (q < end && (*q == '-' || *q == '+'))
        q++;
    if (q == end || !is_digit(*q))
        return p;
    int e = 0;
    for (; q < end && is_digit(*q); q++)
        if (e < 10000)
            e = e * 10 + (*q - '0');
    *ret += minus ? -e : e;
    return q;
}

const char *number_read(const char *p, const char *end, double *ret)
{
    const char *from = p;
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    uint64_t whole = 0;
    int power = 0;
    const char *digits = p;
    for (; p < end && is_digit(*p); p++)
        whole = whole * 10 + (uint64_t)(*p - '0');
    long n_digits = p - digits;
    if (p < end && *p == '.') {
        const char *point = p++;
        for (; p < end && is_digit(*p); p++)
            whole = whole * 10 + (uint64_t)(*p - '0');
        power = (int)(point + 1 - p < -10000 ? -10000 : point + 1 - p);
        n_digits += p - point - 1;
    }
    if (n_digits == 0) {
        double v;
        p = word(digits, end, &v);
        if (p != NULL)
            *ret = minus ? -v : v;
        return p;
    }
    if (p < end && (*p == 'e' || *p == 'E'))
        p = exponent(p, end, &power);
    if (n_digits > DIGITS_SAFE || whole > 1ull << 53 || power >= POWERS ||
        power <= -POWERS)
        return by_library(from, p, ret);
    double v = power < 0 ? (double)whole / power_of_ten[-power]
                         : (double)whole * power_of_ten[power];
    *ret = minus ? -v : v;
    return p;
}
