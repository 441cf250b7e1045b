/* SPDX-License-Identifier: MIT */
/* An agent that breaks the rules of the link, one way at a time, for tests of what a hostile tenant can do.
 * VGAUGE_EVIL, or EVIL_MODE at compile time, says how: see main(). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef EVIL_MODE
#define EVIL_MODE "die"
#endif
#define FLOOD_BYTES (1L << 30)

static int link_fd;

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void say(const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(link_fd, bytes, length);
        if (written < 0)
            exit(1);
        bytes += written;
        length -= (size_t)written;
    }
}

static void line(const char *format, long long first, long long second)
{
    char text[512];
    int length = snprintf(text, sizeof(text), format, first, second);
    say(text, (size_t)length);
}

static void hello(void)
{
    line("{\"type\":\"hello\",\"protocol\":1,\"agent\":\"evil\",\"boot_id\":\"11111111-2222-3333-4444-555555555555\","
         "\"kernel\":\"evil\\u001b[31m\",\"machine\":\"x86_64\",\"os\":\"evil\",\"cpus\":1,\"memory_bytes\":%lld,"
         "\"now_ns\":%lld}\n",
         1 << 30, now_ns());
}

static void flood(const char *chunk, size_t length)
{
    for (long sent = 0; sent < FLOOD_BYTES; sent += (long)length)
        say(chunk, length);
}

/* What is sent once measuring has begun. */
static const struct {
    const char *mode, *format; /* the run's number, and this instant */
} lies[] = {
    { "types", "{\"type\":\"samples\",\"run\":\"%lld\",\"stream\":[\"numbers\"],\"width\":{},\"values\":\"%lld\"}\n" },
    { "nan", "{\"type\":\"samples\",\"run\":%lld,\"stream\":\"numbers\",\"width\":2,\"values\":[%lld,NaN]}\n" },
    { "utf8", "{\"type\":\"fact\",\"run\":%lld,\"name\":\"driver\",\"value\":\"\xff\xfe\xc0\xaf%lld\"}\n" },
    { "future", "{\"type\":\"samples\",\"run\":%lld,\"stream\":\"numbers\",\"width\":2,\"values\":[9%lld,0]}\n" },
    { "reboot", "{\"type\":\"hello\",\"protocol\":1,\"agent\":\"evil\",\"boot_id\":\"22222222-2222-3333-4444-%012lld\","
                "\"kernel\":\"k\","
                "\"machine\":\"m\",\"os\":\"o\",\"cpus\":1,\"memory_bytes\":1,\"now_ns\":%lld}\n" },
    { "escapes",
      "{\"type\":\"fact\",\"run\":%lld,\"name\":\"driver\",\"value\":\"\\u001b[2J\\u001b]0;x\\u0007%lld\"}\n" },
    { "html", "{\"type\":\"fact\",\"run\":%lld,\"name\":\"driver\",\"value\":\"<script>alert(%lld)</script>\"}\n" },
};

static void lie(const char *mode, long long run)
{
    static char deep[60000];
    const char *end = "{\"type\":\"end\",\"run\":%lld,\"status\":\"ok\",\"message\":\"\"}\n";
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
        if (strcmp(mode, lies[i].mode) == 0)
            line(lies[i].format, run, now_ns());
    if (strcmp(mode, "deep") == 0) {
        memset(deep, '[', sizeof(deep));
        deep[sizeof(deep) - 1] = '\n';
        say(deep, sizeof(deep));
    }
    if (strcmp(mode, "escapes") == 0 || strcmp(mode, "html") == 0 || strcmp(mode, "twice") == 0)
        line(end, run, 0);
    if (strcmp(mode, "twice") == 0)
        line(end, run, 0);
    if (strcmp(mode, "flood-later") == 0) {
        memset(deep, 'x', sizeof(deep));
        flood(deep, sizeof(deep));
    }
    if (strcmp(mode, "chatter-later") == 0)
        for (long long i = 0;; i++)
            line("{\"type\":\"fact\",\"run\":%lld,\"name\":\"n%lld\",\"value\":\"x\"}\n", run, i);
    if (strcmp(mode, "die") == 0)
        raise(SIGKILL);
}

/* Pings are answered as they should be; the rest is up to the mode. */
static void converse(const char *mode)
{
    char buffer[65537];
    size_t used = 0;
    for (;;) {
        ssize_t got = read(link_fd, buffer + used, sizeof(buffer) - 1 - used);
        if (got <= 0) {
            usleep(10000); /* a virtio-serial port nobody has opened yet reads as ended */
            continue;
        }
        used += (size_t)got;
        buffer[used] = '\0';
        for (char *end; (end = strchr(buffer, '\n')) != NULL;) {
            *end = '\0';
            const char *id = strstr(buffer, "\"id\":"), *run = strstr(buffer, "\"run\":");
            long long number = run ? atoll(run + 6) : 0;
            if (id)
                line("{\"type\":\"pong\",\"id\":%lld,\"now_ns\":%lld}\n", atoll(id + 5), now_ns());
            else if (strstr(buffer, "\"start\"") && strcmp(mode, "stranger") == 0)
                line("{\"type\":\"samples\",\"run\":%lld,\"stream\":\"latency\",\"width\":1,\"values\":[%lld]}\n",
                     number + 7, 1);
            else if (strstr(buffer, "\"start\"") && strcmp(mode, "liar") == 0)
                line("{\"type\":\"end\",\"run\":%lld,\"status\":\"ok\",\"message\":\"\"}\n", number, 0);
            else if (strstr(buffer, "\"start\""))
                line("{\"type\":\"ready\",\"run\":%lld}\n", number, 0);
            else if (strstr(buffer, "\"go\""))
                lie(mode, number);
            used -= (size_t)(end + 1 - buffer);
            memmove(buffer, end + 1, used + 1);
        }
    }
}

int main(int argc, char **argv)
{
    const char *mode = getenv("VGAUGE_EVIL") ? getenv("VGAUGE_EVIL") : EVIL_MODE;
    static char noise[4096];
    link_fd = 3;
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--device") == 0)
            while ((link_fd = open(argv[i + 1], O_RDWR)) < 0)
                usleep(10000);
    fprintf(stderr, "evil-agent: %s, and a \033[31mred\033[0m word\n", mode);
    if (strcmp(mode, "mute") == 0) /* never says hello */
        for (;;)
            pause();
    if (strcmp(mode, "noise") == 0) { /* bytes that are no text at all */
        for (size_t i = 0; i < sizeof(noise); i++)
            noise[i] = (char)(rand() >> 7);
        flood(noise, sizeof(noise));
    }
    hello();
    if (strcmp(mode, "flood") == 0) { /* a line without end */
        memset(noise, 'x', sizeof(noise));
        flood(noise, sizeof(noise));
    }
    if (strcmp(mode, "chatter") == 0) /* lines without end, each well-formed */
        for (;;)
            line("{\"type\":\"gossip\",\"a\":%lld,\"b\":%lld}\n", 1, 2);
    converse(mode); /* stranger: samples of another run; liar: an end before go; die: killed once measuring starts */
    return 0;
}
