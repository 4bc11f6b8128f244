/* XXH3-128 of each block of a memory; see _checks.c. */
#ifndef MIGRATOR_CHECKS_H
#define MIGRATOR_CHECKS_H
#include <stddef.h>

#if defined(__has_include) && !defined(MIGRATOR_WITHOUT_XXHASH)
#if __has_include(<xxhash.h>)
#define HAVE_XXH3 1
#endif
#endif
#ifndef HAVE_XXH3
#define HAVE_XXH3 0
#endif

#define CHECK_BYTES 16

struct blocks {
    const char *data;
    size_t length, block; /* bytes; the last block may be shorter */
    unsigned char *out;   /* CHECK_BYTES for each block: canonical, seed 0 */
};

/* In this thread, by the instructions that every processor has, or by those of AVX2. */
void check_plainly(const struct blocks *blocks);
void check_by_avx2(const struct blocks *blocks);

/* As fast as this machine can. */
void check_blocks(const struct blocks *blocks);

#define CHECK_EACH(blocks)                                                                                 \
    for (size_t at = 0, number = 0; at < (blocks)->length; at += (blocks)->block, number++) {              \
        size_t left = (blocks)->length - at;                                                               \
        XXH128_hash_t hash = XXH3_128bits((blocks)->data + at, left < (blocks)->block ? left : (blocks)->block); \
        XXH128_canonicalFromHash((XXH128_canonical_t *)((blocks)->out + number * CHECK_BYTES), hash);      \
    }
#endif
