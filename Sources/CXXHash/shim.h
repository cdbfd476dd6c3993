#pragma once
#define XXH_INLINE_ALL
#include <stddef.h>
#include <stdint.h>
#include <xxhash.h>

/* XXH_INLINE_ALL renames the library's functions by macros that Swift cannot see: these carry them over. */

/* Fills `secret` with key material derived from `seed`. Returns 0, or 1 if a size is too small for XXH3. */
static inline int blt_xxh3_make_secret(void *secret, size_t secretSize, const void *seed, size_t seedSize) {
    return XXH3_generateSecret(secret, secretSize, seed, seedSize) != XXH_OK;
}

/* XXH3-128 keyed with `secret` (at least 136 bytes). */
static inline void blt_xxh3_128(
    const void *data, size_t size, const void *secret, size_t secretSize, uint64_t *low, uint64_t *high) {
    XXH128_hash_t hash = XXH3_128bits_withSecret(data, size, secret, secretSize);
    *low = hash.low64;
    *high = hash.high64;
}
