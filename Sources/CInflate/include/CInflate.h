/* ISA-L's inflate, loaded when the program runs: several times as fast as zlib's, and optional. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct blt_inflate blt_inflate;

/* A decoder of one gzip member, or NULL where ISA-L is not installed. */
blt_inflate *blt_inflate_new(void);
void blt_inflate_free(blt_inflate *decoder);

/* Begins the next member. */
void blt_inflate_reset(blt_inflate *decoder);

enum { BLT_INFLATE_MORE = 0, BLT_INFLATE_MEMBER_END = 1, BLT_INFLATE_DAMAGED = 2 };

/* Inflates from `*input` to `*output` and moves both ahead; checks the member's CRC and length at its end. */
int blt_inflate_run(
    blt_inflate *decoder, const uint8_t **input, size_t *input_size, uint8_t **output, size_t *output_size);
