/* tests/flow/crash.c - a program that crashes as it is told: compiled by
 * test_coredump.py in several ways, and run with one letter.
 *
 *     s  a segmentation fault in read_file, parse_header, poke (inlined)
 *     d  the same, elsewhere: divide, compute
 *     a  abort
 *     o  a stack that overflows
 *     t  the same as s, in the sixth thread
 *     w  as s, once a line comes in; says where it stands before */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APART __attribute__((noinline, noclone))
volatile int *nowhere;

static inline __attribute__((always_inline)) void poke(int v)
{
    *nowhere = v;
}
APART void parse_header(int v)
{
    poke(v);
}
APART void read_file(int v)
{
    parse_header(v + 1);
    __asm__ volatile("");
}
APART void divide(int v)
{
    poke(v);
}
APART void compute(int v)
{
    divide(v + 1);
    __asm__ volatile("");
}
APART int deep(int n)
{
    char room[512];
    memset(room, n, sizeof room);
    return deep(n + 1) + room[n % 512];
}
static void *in_thread(void *p)
{
    read_file(3);
    return p;
}
static void *waits(void *p)
{
    pause();
    return p;
}
static void threads(void)
{
    pthread_t t;
    for (int i = 0; i < 5; i++)
        pthread_create(&t, NULL, waits, NULL);
    pthread_create(&t, NULL, in_thread, NULL);
    pthread_join(t, NULL);
}

int main(int argc, char **argv)
{
    switch (argc > 1 ? argv[1][0] : 's') {
    case 's':
        read_file(2);
        break;
    case 'd':
        compute(2);
        break;
    case 'a':
        abort();
    case 'o':
        return deep(0);
    case 't':
        threads();
        break;
    case 'w':
        puts("ready");
        fflush(stdout);
        getchar();
        read_file(2);
    }
    return 0;
}
