/* libcurl, loaded when it is needed: a program that pulls nothing runs without it. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct blt_fetch blt_fetch;

/* Returns how many bytes were taken; any other number than `size` ends the transfer. */
typedef size_t (*blt_fetch_sink)(char *data, size_t one, size_t size, void *context);

/* A handle that keeps its connections, or NULL where libcurl is not installed. */
blt_fetch *blt_fetch_new(void);
void blt_fetch_free(blt_fetch *fetch);

struct blt_fetch_request {
    const char *url;
    const char *const *headers; /* `Name: value`, ended by NULL */
    const char *post;           /* a form to post, or NULL for a GET */
    const char *ca_file;        /* certificates to trust besides none other, or NULL for the system's */
    int insecure;               /* any certificate will do */
    int https_only;
    long stall_seconds;         /* give up when nothing comes for so long */
    blt_fetch_sink header, body;
    void *context;
};

/* Makes one request and follows redirects, without credentials to other hosts. Returns libcurl's code, 0 for a
   response of whatever status; `status` is the last response's, `error` (256 bytes) libcurl's own words. */
int blt_fetch_perform(blt_fetch *fetch, const struct blt_fetch_request *request, long *status, char *error);
