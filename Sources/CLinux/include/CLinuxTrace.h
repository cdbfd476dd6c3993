/* ptrace(2), which is variadic. All calls about one thread have to come from the thread that has seized it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* PTRACE_SEIZE; `stops_at_exit` is PTRACE_O_TRACEEXIT, without it system calls are told from signals
   (PTRACE_O_TRACESYSGOOD). */
int blt_trace_seize(int tid, int stops_at_exit);

/* PTRACE_INTERRUPT, PTRACE_LISTEN. */
int blt_trace_interrupt(int tid);
int blt_trace_listen(int tid);

/* PTRACE_CONT, PTRACE_SYSCALL, PTRACE_DETACH; `signal` is delivered, 0 is none. */
int blt_trace_continue(int tid, int signal);
int blt_trace_to_system_call(int tid, int signal);
int blt_trace_detach(int tid, int signal);

/* PTRACE_GETREGSET and PTRACE_SETREGSET; the first returns how many bytes there are. */
long blt_trace_registers(int tid, int set, void *buffer, size_t size);
int blt_trace_set_registers(int tid, int set, const void *buffer, size_t size);

/* PTRACE_GETSIGMASK and PTRACE_SETSIGMASK. */
int blt_trace_signal_mask(int tid, uint64_t *mask);
int blt_trace_set_signal_mask(int tid, uint64_t mask);

/* The debug control register, DR7; ENOTSUP where the processor has none. */
int blt_trace_breakpoints(int tid, uint64_t *control);
int blt_trace_set_breakpoints(int tid, uint64_t control);

/* PTRACE_GETEVENTMSG: at an exit, its wait status. */
int blt_trace_event_message(int tid, uint64_t *message);

/* PTRACE_GETSIGINFO: the code of the signal that a thread stands at. */
int blt_trace_signal_code(int tid, int *code);

/* waitpid(2) with __WALL. Returns `tid`; 0 where `waits` is 0 and nothing has happened. */
int blt_trace_wait(int tid, int *status, int waits);

/* Waits until a process has ended, and leaves it a zombie (WNOWAIT). */
int blt_trace_await_end(int pid);
