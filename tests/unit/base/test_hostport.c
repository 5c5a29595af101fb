/* tests of base/hostport */
#include "base/hostport.h"
#include "tests/test.h"

#include <stdlib.h>

static const char *again(const char *text)
{
    static char out[HOSTPORT_TEXT_MAX];
    struct hostport hp;
    struct err err = {0};
    if (hostport_parse(text, strlen(text), &hp, &err) < 0) {
        static char why[sizeof err.text];
        return strcpy(why, err.text);
    }
    return hostport_text(&hp, out);
}

TEST(names_and_addresses_come_back_as_they_were)
{
    CHECK_TEXT(again("127.0.0.1:8190"), "127.0.0.1:8190");
    CHECK_TEXT(again("[::1]:8190"), "[::1]:8190");
    CHECK_TEXT(again("[fe80::1%eth0]:1"), "[fe80::1%eth0]:1");
    CHECK_TEXT(again("metrics-1.example.org:65535"), "metrics-1.example.org:65535");
    CHECK_TEXT(again("h:0"), "h:0");
}

TEST(the_port_must_be_there_and_a_number_up_to_65535)
{
    CHECK_TEXT(again("x"), "x: the port is missing or not a number");
    CHECK_TEXT(again("x:"), "x:: the port is missing or not a number");
    CHECK_TEXT(again("x:80a"), "x:80a: the port is missing or not a number");
    CHECK_TEXT(again("x:-1"), "x:-1: the port is missing or not a number");
    CHECK_TEXT(again("x:65536"), "x:65536: the port is missing or not a number");
    CHECK_TEXT(again("x:000080"), "x:000080: the port is missing or not a number");
    CHECK_TEXT(again(""), ": the port is missing or not a number");
    CHECK_TEXT(again("[::1]"), "[::1]: the port is missing or not a number");
}

TEST(the_host_must_be_there_and_be_one)
{
    CHECK_TEXT(again(":80"), ":80: the host is empty or has an odd character");
    CHECK_TEXT(again("[]:80"), "[]:80: the host is empty or has an odd character");
    CHECK_TEXT(again("a b:80"), "a b:80: the host is empty or has an odd character");
    CHECK_TEXT(again("u@h:80"), "u@h:80: the host is empty or has an odd character");
    CHECK_TEXT(again("[::1:80"), "[::1:80: expected HOST:PORT");
    CHECK_TEXT(again("[:80"), "[:80: expected HOST:PORT");
    CHECK_TEXT(again("::1:80"),
               "::1:80: an IPv6 address stands in brackets, as in [::1]:8190");
}

TEST(a_host_too_long_for_a_name_is_refused)
{
    char text[400];
    memset(text, 'a', sizeof text);
    strcpy(text + 300, ":80");
    struct hostport hp = {.port = 7};
    struct err err = {0};
    CHECK_INT(hostport_parse(text, strlen(text), &hp, &err), -1);
    CHECK_INT(hp.port, 7); /* left alone on failure */
    CHECK_INT(hostport_parse("h\0x:80", 6, &hp, NULL), -1);
}

TEST(only_the_bytes_given_are_read)
{
    struct hostport hp;
    CHECK_INT(hostport_parse("h:8190/path", 6, &hp, NULL), 0);
    CHECK_INT(hp.port, 8190);
}

static const char *bare_of(const char *text)
{
    static char room[64];
    strcpy(room, text);
    return hostport_bare(room);
}

TEST(an_instance_is_cut_to_its_host)
{
    CHECK_TEXT(bare_of("h1:9100"), "h1");
    CHECK_TEXT(bare_of("h1"), "h1");
    CHECK_TEXT(bare_of("10.0.0.1:9100"), "10.0.0.1");
    CHECK_TEXT(bare_of("[fe80::1]:9100"), "fe80::1");
    CHECK_TEXT(bare_of("fe80::1"), "fe80::1");
    CHECK_TEXT(bare_of(":9100"), ":9100");
    CHECK_TEXT(bare_of("["), "[");
    CHECK_TEXT(bare_of(""), "");
}
