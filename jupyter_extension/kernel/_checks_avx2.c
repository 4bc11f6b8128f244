/* The same loop as in _checks.c, compiled for processors that have AVX2: memory is then read a quarter faster. */
#include "_checks.h"

#if HAVE_XXH3 && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("avx2")
#define XXH_INLINE_ALL
#include <xxhash.h>

void check_by_avx2(const struct blocks *blocks)
{
    CHECK_EACH(blocks)
}
#elif HAVE_XXH3
void check_by_avx2(const struct blocks *blocks)
{
    check_plainly(blocks);
}
#endif
