/* Running this program once more in a user namespace of its own (user_namespaces(7)). */
#pragma once

/* Forks. The child makes a user namespace, writes an errno value (an int, 0 where that worked) to `ready`, waits for a
   byte from `go`, becomes the namespace's root, and executes this program with `argv` and `envp`. Returns its id. */
int blt_rerun_in_user_namespace(char *const argv[], char *const envp[], const int ready[2], const int go[2]);

/* Waits for a child, and hands it the SIGINT, SIGTERM and SIGHUP that somebody sends to this process.
   Returns its exit status, or 128 and the number of the signal that ended it; -1 where there is no such child. */
int blt_wait_passing_signals(int child);

/* The ids of the System V shared memory segments in an IPC namespace (shmctl(2), SHM_STAT_ANY). The calling thread is in
   that namespace meanwhile. Returns how many there are, of which `ids` gets the first `capacity`; -errno where that
   cannot be told. */
int blt_sysv_segments(int ipc_namespace, int *ids, int capacity);
