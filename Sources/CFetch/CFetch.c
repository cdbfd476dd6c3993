#define _GNU_SOURCE
#include "CFetch.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Of libcurl's stable ABI: these numbers never change. */
enum {
    OPT_WRITEDATA = 10001, OPT_URL = 10002, OPT_ERRORBUFFER = 10010, OPT_POSTFIELDS = 10015, OPT_USERAGENT = 10018,
    OPT_HTTPHEADER = 10023, OPT_HEADERDATA = 10029, OPT_CAINFO = 10065, OPT_WRITEFUNCTION = 20011,
    OPT_HEADERFUNCTION = 20079, OPT_LOW_SPEED_LIMIT = 19, OPT_LOW_SPEED_TIME = 20, OPT_FOLLOWLOCATION = 52,
    OPT_SSL_VERIFYPEER = 64, OPT_MAXREDIRS = 68, OPT_CONNECTTIMEOUT = 78, OPT_SSL_VERIFYHOST = 81, OPT_NOSIGNAL = 99,
    OPT_PROTOCOLS = 181, OPT_REDIR_PROTOCOLS = 182,
    INFO_RESPONSE_CODE = 0x200002, PROTOCOL_HTTP = 1, PROTOCOL_HTTPS = 2
};

static void *(*easy_init)(void);
static void (*easy_cleanup)(void *);
static void (*easy_reset)(void *);
static int (*easy_setopt)(void *, int, ...);
static int (*easy_perform)(void *);
static int (*easy_getinfo)(void *, int, ...);
static const char *(*easy_strerror)(int);
static int (*global_init)(long);
static void *(*slist_append)(void *, const char *);
static void (*slist_free_all)(void *);
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded;

static void load(void) {
    const char *names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; i < 2 && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    easy_init = dlsym(library, "curl_easy_init");
    easy_cleanup = dlsym(library, "curl_easy_cleanup");
    easy_reset = dlsym(library, "curl_easy_reset");
    easy_setopt = dlsym(library, "curl_easy_setopt");
    easy_perform = dlsym(library, "curl_easy_perform");
    easy_getinfo = dlsym(library, "curl_easy_getinfo");
    easy_strerror = dlsym(library, "curl_easy_strerror");
    global_init = dlsym(library, "curl_global_init");
    slist_append = dlsym(library, "curl_slist_append");
    slist_free_all = dlsym(library, "curl_slist_free_all");
    loaded = easy_init && easy_cleanup && easy_reset && easy_setopt && easy_perform && easy_getinfo &&
             easy_strerror && global_init && slist_append && slist_free_all && global_init(3) == 0;
}

struct blt_fetch {
    void *easy;
};

blt_fetch *blt_fetch_new(void) {
    pthread_once(&once, load);
    if (!loaded) return NULL;
    blt_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch && !(fetch->easy = easy_init())) {
        free(fetch);
        return NULL;
    }
    return fetch;
}

void blt_fetch_free(blt_fetch *fetch) {
    if (!fetch) return;
    easy_cleanup(fetch->easy);
    free(fetch);
}

int blt_fetch_perform(blt_fetch *fetch, const struct blt_fetch_request *request, long *status, char *error) {
    void *easy = fetch->easy;
    void *headers = NULL;
    for (const char *const *header = request->headers; header && *header; header++) {
        headers = slist_append(headers, *header);
    }
    easy_reset(easy);
    error[0] = 0;
    long protocols = request->https_only ? PROTOCOL_HTTPS : PROTOCOL_HTTP | PROTOCOL_HTTPS;
    easy_setopt(easy, OPT_URL, request->url);
    easy_setopt(easy, OPT_NOSIGNAL, 1L);
    easy_setopt(easy, OPT_ERRORBUFFER, error);
    easy_setopt(easy, OPT_USERAGENT, "bundletool");
    easy_setopt(easy, OPT_HTTPHEADER, headers);
    easy_setopt(easy, OPT_FOLLOWLOCATION, 1L);
    easy_setopt(easy, OPT_MAXREDIRS, 10L);
    easy_setopt(easy, OPT_PROTOCOLS, protocols);
    easy_setopt(easy, OPT_REDIR_PROTOCOLS, protocols);
    easy_setopt(easy, OPT_CONNECTTIMEOUT, 20L);
    easy_setopt(easy, OPT_LOW_SPEED_LIMIT, 1L);
    easy_setopt(easy, OPT_LOW_SPEED_TIME, request->stall_seconds);
    if (request->post) easy_setopt(easy, OPT_POSTFIELDS, request->post);
    if (request->ca_file) easy_setopt(easy, OPT_CAINFO, request->ca_file);
    if (request->insecure) {
        easy_setopt(easy, OPT_SSL_VERIFYPEER, 0L);
        easy_setopt(easy, OPT_SSL_VERIFYHOST, 0L);
    }
    easy_setopt(easy, OPT_HEADERFUNCTION, request->header);
    easy_setopt(easy, OPT_HEADERDATA, request->context);
    easy_setopt(easy, OPT_WRITEFUNCTION, request->body);
    easy_setopt(easy, OPT_WRITEDATA, request->context);
    int result = easy_perform(easy);
    *status = 0;
    easy_getinfo(easy, INFO_RESPONSE_CODE, status);
    if (result != 0 && error[0] == 0) {
        strncpy(error, easy_strerror(result), 255);
        error[255] = 0;
    }
    easy_setopt(easy, OPT_ERRORBUFFER, NULL);
    slist_free_all(headers);
    return result;
}
