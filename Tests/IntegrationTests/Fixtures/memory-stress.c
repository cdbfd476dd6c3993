/* A process tree that changes its memory in every way that a page tracker could miss, and knows what must be in it.

   Each of its processes has an arena of anonymous memory and a plain model of it: a 64-bit mark for each page, kept in
   a mapping of its own. It writes pages, gives them back (MADV_DONTNEED) and lets them be zero, unmaps and maps anew,
   moves mappings over others (mremap, small and as large as whole page tables), reads zero pages into being, changes
   protections, forks children, and starts itself anew (exec) in some of them, several times under one process id. Each
   page holds its mark in every eighth word, so that a stale page, a torn one and one at the wrong address are all seen.
   Every process checks pages at random all the while, and all of them when it is asked to.

   usage: stress PORT [MEGABYTES [PROCESSES [SEED]]]
   A connection to 127.0.0.1:PORT is answered, when all processes have looked at all of their pages, with one line:
   "ok OPERATIONS" or "bad" and what was wrong. Static, so that it runs in any root. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, LARGE = 2 << 20, LARGE_PAGES = LARGE / PAGE };

/* Shared by all processes; what it holds is no part of the test. */
struct shared {
    volatile uint64_t asked;       /* how often it was asked to look at everything */
    volatile uint64_t answered[64]; /* by each process: the last of these that it has done */
    volatile uint64_t operations[64];
    volatile int bad;
    char reason[256];
};

static struct shared *shared; /* NULL after an exec */
static int slot;
static unsigned char *arena;
static uint64_t *model; /* 0: the page is all zeros */
static size_t pages;
static uint64_t state;

static uint64_t random64(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t below(size_t limit) { return random64() % limit; }

static void bad(const char *format, ...) {
    va_list arguments;
    if (!shared) _exit(1);
    if (__sync_lock_test_and_set(&shared->bad, 1) == 0) {
        va_start(arguments, format);
        vsnprintf(shared->reason, sizeof shared->reason, format, arguments);
        va_end(arguments);
    }
    for (;;) pause();
}

static void *map(void *address, size_t length, int flags) {
    void *result = mmap(address, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    if (result == MAP_FAILED) bad("process %d: mmap: %s", slot, strerror(errno));
    return result;
}

static void check(size_t page) {
    const uint64_t *words = (const uint64_t *)(arena + page * PAGE);
    for (int word = 0; word < PAGE / 8; word += 8) {
        uint64_t expected = model[page] ? model[page] + word : 0;
        if (words[word] != expected)
            bad("process %d, page %zu (%p), word %d: %llx instead of %llx", slot, page, (void *)words, word,
                (unsigned long long)words[word], (unsigned long long)expected);
    }
}

static void check_all(void) {
    for (size_t page = 0; page < pages; page++) check(page);
}

static void write_page(size_t page) {
    uint64_t *words = (uint64_t *)(arena + page * PAGE);
    model[page] = random64() | 1;
    for (int word = 0; word < PAGE / 8; word += 8) words[word] = model[page] + word;
}

static void forget(size_t page, size_t count) { memset(model + page, 0, count * sizeof *model); }

/* mremap(2) onto `to`. False where the pages belong to more than one mapping, which the kernel does not move; that
   depends on what it could join, and is another matter after a restore. */
static int remap(unsigned char *from, unsigned char *to, size_t length) {
    if (mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED) return 1;
    if (errno != EFAULT) bad("process %d: mremap: %s", slot, strerror(errno));
    return 0;
}

/* Moves `count` pages over others; where they came from there are new ones then. */
static void move(size_t from, size_t to, size_t count) {
    if (from < to + count && to < from + count) return;
    if (!remap(arena + from * PAGE, arena + to * PAGE, count * PAGE)) {
        /* What was there is gone or not, by the kernel's version. */
        map(arena + to * PAGE, count * PAGE, MAP_FIXED);
        forget(to, count);
        return;
    }
    memcpy(model + to, model + from, count * sizeof *model);
    map(arena + from * PAGE, count * PAGE, MAP_FIXED);
    forget(from, count);
}

/* Exchanges two stretches by way of a third: the frames stay, the addresses change. */
static void exchange(size_t one, size_t other, size_t count) {
    size_t length = count * PAGE;
    if (one < other + count && other < one + count) return;
    unsigned char *first = arena + one * PAGE, *second = arena + other * PAGE;
    unsigned char *spare = map(NULL, length + LARGE, 0);
    unsigned char *aligned = spare + (LARGE - (uintptr_t)spare % LARGE) % LARGE;
    if (!remap(first, aligned, length)) {
        munmap(spare, length + LARGE);
        return;
    }
    int done = remap(second, first, length);
    /* One mapping now, in any case. */
    if (!remap(aligned, done ? second : first, length)) bad("process %d: mremap: %s", slot, strerror(EFAULT));
    munmap(spare, length + LARGE);
    for (size_t page = 0; page < count && done; page++) {
        uint64_t mark = model[one + page];
        model[one + page] = model[other + page];
        model[other + page] = mark;
    }
}

/* Goes on under the same process id with new memory, and so many times more. */
static void start_anew(int times) {
    char words[2][24];
    snprintf(words[0], sizeof words[0], "%d", times);
    snprintf(words[1], sizeof words[1], "%llu", (unsigned long long)random64());
    execl("/proc/self/exe", "stress", "again", words[0], words[1], (char *)NULL);
    bad("exec: %s", strerror(errno));
}

/* A child writes to its copy, sees what it has written and not what the parent writes meanwhile, and ends. */
static void fork_child(void) {
    pid_t child = fork();
    if (child < 0) return;
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (int count = 0; count < 64; count++) write_page(below(pages));
        struct timespec pause = {0, (long)below(200000000)};
        nanosleep(&pause, NULL);
        check_all();
        if (below(2)) start_anew(1 + (int)below(4));
        _exit(0);
    }
}

static void operate(void) {
    size_t page = below(pages), count = 1 + below(64);
    if (page + count > pages) count = pages - page;
    unsigned char *address = arena + page * PAGE;
    switch (below(100)) {
        case 0 ... 49: write_page(page); break;
        case 50 ... 69: check(page); break;
        case 70 ... 76:
            if (madvise(address, count * PAGE, MADV_DONTNEED) != 0) bad("madvise: %s", strerror(errno));
            forget(page, count);
            /* Read or written or neither. */
            if (below(3) == 0) check(page);
            if (below(3) == 0) write_page(page);
            break;
        case 77 ... 83:
            if (below(2)) munmap(address, count * PAGE);
            map(address, count * PAGE, MAP_FIXED);
            forget(page, count);
            if (below(2)) check(page);
            break;
        case 84 ... 88: move(page, below(pages - count + 1), count); break;
        case 89 ... 91: exchange(page, below(pages - count + 1), count); break;
        case 92 ... 94: {
            if (below(8)) break;
            size_t large = pages / LARGE_PAGES;
            size_t one = below(large) * LARGE_PAGES, other = below(large) * LARGE_PAGES;
            if (below(8) == 0) move(one, other, LARGE_PAGES);
            else exchange(one, other, LARGE_PAGES);
            break;
        }
        case 95:
            /* A huge page of zeros, where the kernel makes those. */
            if (below(16) == 0) {
                size_t large = below(pages / LARGE_PAGES) * LARGE_PAGES;
                madvise(arena + large * PAGE, LARGE, MADV_HUGEPAGE);
                madvise(arena + large * PAGE, LARGE, MADV_DONTNEED);
                forget(large, LARGE_PAGES);
                check(large + below(LARGE_PAGES));
            }
            break;
        case 96:
            mprotect(address, count * PAGE, PROT_READ);
            check(page);
            mprotect(address, count * PAGE, PROT_READ | PROT_WRITE);
            break;
        case 97:
            if (below(16) == 0) fork_child();
            break;
        case 98:
            /* What the heap and the stack do. */
            free(memset(malloc(1 + below(300000)), 1, 1));
            break;
        default: {
            /* Contents from the kernel: read(2) into a page. */
            uint64_t mark = random64() | 1, words[PAGE / 8] = {0};
            int pipes[2];
            if (pipe(pipes) != 0) break;
            for (int word = 0; word < PAGE / 8; word += 8) words[word] = mark + word;
            if (write(pipes[1], words, PAGE) != PAGE || read(pipes[0], address, PAGE) != PAGE) bad("pipe");
            model[page] = mark;
            close(pipes[0]);
            close(pipes[1]);
        }
    }
}

static void make_arena(size_t megabytes) {
    pages = megabytes * (1 << 20) / PAGE;
    unsigned char *reserved = map(NULL, pages * PAGE + LARGE, MAP_NORESERVE);
    arena = reserved + (LARGE - (uintptr_t)reserved % LARGE) % LARGE;
    model = map(NULL, pages * sizeof *model, 0);
    for (size_t page = 0; page < pages; page++) write_page(page);
}

/* What comes after an exec. */
static int live_again(int times) {
    make_arena(4);
    for (int count = 0; count < 50; count++) {
        for (int operation = 0; operation < 20; operation++) write_page(below(pages));
        struct timespec pause = {0, (long)below(10000000)};
        nanosleep(&pause, NULL);
        check(below(pages));
    }
    check_all();
    if (times > 0) start_anew(times - 1);
    return 0;
}

static void live(size_t megabytes) {
    make_arena(megabytes);
    for (;;) {
        /* At times a lot, mostly little: there shall be pages that a tracker takes for unchanged. */
        for (size_t count = below(below(16) ? 6 : 200); count > 0; count--) operate();
        shared->operations[slot]++;
        int status;
        while (waitpid(-1, &status, WNOHANG) > 0)
            if (status != 0) bad("process %d: a child of it ended with status %d", slot, status);
        if (shared->answered[slot] != shared->asked) {
            uint64_t asked = shared->asked;
            check_all();
            shared->answered[slot] = asked;
        }
        struct timespec pause = {0, (long)below(60000000)};
        nanosleep(&pause, NULL);
    }
}

static void serve(int port, int processes) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) exit(3);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        uint64_t asked = ++shared->asked, operations = 0;
        for (int process = 0; process < processes && !shared->bad; process++) {
            while (shared->answered[process] < asked && !shared->bad) usleep(10000);
            operations += shared->operations[process];
        }
        char answer[300];
        if (shared->bad) {
            usleep(10000);
            snprintf(answer, sizeof answer, "bad: %s\n", shared->reason);
        } else {
            snprintf(answer, sizeof answer, "ok %llu\n", (unsigned long long)operations);
        }
        if (write(client, answer, strlen(answer)) < 0) {}
        close(client);
    }
}

int main(int count, char **words) {
    if (count == 4 && strcmp(words[1], "again") == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        state = strtoull(words[3], NULL, 10) | 1;
        return live_again(atoi(words[2]));
    }
    int port = count > 1 ? atoi(words[1]) : 8000;
    size_t megabytes = count > 2 ? strtoul(words[2], NULL, 10) : 16;
    int processes = count > 3 ? atoi(words[3]) : 3;
    uint64_t seed = count > 4 ? strtoull(words[4], NULL, 10) : (uint64_t)time(NULL);
    if (processes < 1 || processes > 64 || megabytes < 8) return 2;
    signal(SIGPIPE, SIG_IGN);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 3;
    for (int process = 0; process < processes; process++) {
        if (fork() == 0) {
            slot = process;
            state = (seed + process + 1) * 0x9e3779b97f4a7c15u;
            live(megabytes);
        }
    }
    serve(port, processes);
}
