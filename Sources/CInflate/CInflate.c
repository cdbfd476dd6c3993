#define _GNU_SOURCE
#include "CInflate.h"

#if __has_include(<isa-l/igzip_lib.h>)
#include <dlfcn.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>
#include <stdlib.h>

struct blt_inflate {
    struct inflate_state state;
};

static void (*isal_init)(struct inflate_state *);
static void (*isal_reset)(struct inflate_state *);
static int (*isal_run)(struct inflate_state *);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    void *library = dlopen("libisal.so.2", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    isal_init = dlsym(library, "isal_inflate_init");
    isal_reset = dlsym(library, "isal_inflate_reset");
    isal_run = dlsym(library, "isal_inflate");
}

blt_inflate *blt_inflate_new(void) {
    pthread_once(&once, load);
    if (!isal_init || !isal_reset || !isal_run) return NULL;
    blt_inflate *decoder = malloc(sizeof *decoder);
    if (!decoder) return NULL;
    isal_init(&decoder->state);
    decoder->state.crc_flag = IGZIP_GZIP;
    return decoder;
}

void blt_inflate_free(blt_inflate *decoder) { free(decoder); }

void blt_inflate_reset(blt_inflate *decoder) {
    isal_reset(&decoder->state);
    decoder->state.crc_flag = IGZIP_GZIP;
}

int blt_inflate_run(
    blt_inflate *decoder, const uint8_t **input, size_t *input_size, uint8_t **output, size_t *output_size) {
    struct inflate_state *state = &decoder->state;
    state->next_in = (uint8_t *)*input;
    state->avail_in = (uint32_t)*input_size;
    state->next_out = *output;
    state->avail_out = (uint32_t)*output_size;
    int result = isal_run(state);
    *input = state->next_in;
    *input_size = state->avail_in;
    *output = state->next_out;
    *output_size = state->avail_out;
    if (result == ISAL_END_INPUT) return BLT_INFLATE_MORE;
    if (result != ISAL_DECOMP_OK) return BLT_INFLATE_DAMAGED;
    return state->block_state == ISAL_BLOCK_FINISH ? BLT_INFLATE_MEMBER_END : BLT_INFLATE_MORE;
}
#else
blt_inflate *blt_inflate_new(void) { return NULL; }
void blt_inflate_free(blt_inflate *decoder) {}
void blt_inflate_reset(blt_inflate *decoder) {}
int blt_inflate_run(
    blt_inflate *decoder, const uint8_t **input, size_t *input_size, uint8_t **output, size_t *output_size) {
    return BLT_INFLATE_DAMAGED;
}
#endif
