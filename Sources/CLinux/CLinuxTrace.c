#define _GNU_SOURCE
#include "CLinuxTrace.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

static int trace(int request, int tid, uintptr_t address, uintptr_t data) {
    return ptrace(request, tid, (void *)address, (void *)data) == -1 ? -1 : 0;
}

int blt_trace_seize(int tid, int stops_at_exit) {
    return trace(PTRACE_SEIZE, tid, 0, stops_at_exit ? PTRACE_O_TRACEEXIT : PTRACE_O_TRACESYSGOOD);
}

int blt_trace_interrupt(int tid) { return trace(PTRACE_INTERRUPT, tid, 0, 0); }
int blt_trace_listen(int tid) { return trace(PTRACE_LISTEN, tid, 0, 0); }
int blt_trace_continue(int tid, int signal) { return trace(PTRACE_CONT, tid, 0, signal); }
int blt_trace_to_system_call(int tid, int signal) { return trace(PTRACE_SYSCALL, tid, 0, signal); }
int blt_trace_detach(int tid, int signal) { return trace(PTRACE_DETACH, tid, 0, signal); }

long blt_trace_registers(int tid, int set, void *buffer, size_t size) {
    struct iovec bytes = {buffer, size};
    return trace(PTRACE_GETREGSET, tid, set, (uintptr_t)&bytes) == 0 ? (long)bytes.iov_len : -1;
}

int blt_trace_set_registers(int tid, int set, const void *buffer, size_t size) {
    struct iovec bytes = {(void *)buffer, size};
    return trace(PTRACE_SETREGSET, tid, set, (uintptr_t)&bytes);
}

int blt_trace_signal_mask(int tid, uint64_t *mask) {
    return trace(PTRACE_GETSIGMASK, tid, sizeof *mask, (uintptr_t)mask);
}

int blt_trace_set_signal_mask(int tid, uint64_t mask) {
    return trace(PTRACE_SETSIGMASK, tid, sizeof mask, (uintptr_t)&mask);
}

int blt_trace_breakpoints(int tid, uint64_t *control) {
#ifdef __x86_64__
    errno = 0;
    long value = ptrace(PTRACE_PEEKUSER, tid, (void *)offsetof(struct user, u_debugreg[7]), NULL);
    *control = (uint64_t)value;
    return value == -1 && errno != 0 ? -1 : 0;
#else
    (void)tid, (void)control;
    errno = ENOTSUP;
    return -1;
#endif
}

int blt_trace_set_breakpoints(int tid, uint64_t control) {
#ifdef __x86_64__
    return trace(PTRACE_POKEUSER, tid, offsetof(struct user, u_debugreg[7]), control);
#else
    (void)tid, (void)control;
    errno = ENOTSUP;
    return -1;
#endif
}

int blt_trace_event_message(int tid, uint64_t *message) {
    unsigned long value = 0;
    int result = trace(PTRACE_GETEVENTMSG, tid, 0, (uintptr_t)&value);
    *message = value;
    return result;
}

int blt_trace_signal_code(int tid, int *code) {
    siginfo_t information = {0};
    int result = trace(PTRACE_GETSIGINFO, tid, 0, (uintptr_t)&information);
    *code = information.si_code;
    return result;
}

int blt_trace_wait(int tid, int *status, int waits) {
    int result;
    do result = waitpid(tid, status, __WALL | (waits ? 0 : WNOHANG));
    while (result == -1 && errno == EINTR);
    return result;
}

int blt_trace_await_end(int pid) {
    siginfo_t information;
    int result;
    do result = waitid(P_PID, pid, &information, WEXITED | WNOWAIT | __WALL);
    while (result == -1 && errno == EINTR);
    return result;
}
