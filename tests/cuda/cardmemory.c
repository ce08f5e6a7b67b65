/* cardmemory.c - a card that is full
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "cardmemory.h"

#include <cuda_runtime_api.h>

#define MAX_BLOCKS 256

static gpointer blocks[MAX_BLOCKS];
static guint n_blocks;

gsize
card_memory_left (void)
{
  gsize free = 0, total = 0;

  g_assert_cmpint (cudaMemGetInfo (&free, &total), ==, cudaSuccess);
  return free;
}

/* In ever smaller blocks, as free memory is not of one piece. */
void
card_memory_fill (gsize free_mb)
{
  gsize size = (gsize) 8 << 30;

  while (n_blocks < MAX_BLOCKS && size >= 1 << 20) {
    if (card_memory_left () >= size + (free_mb << 20)
        && cudaMalloc (&blocks[n_blocks], size) == cudaSuccess) {
      n_blocks++;
      continue;
    }
    cudaGetLastError ();
    size /= 2;
  }
}

void
card_memory_free (void)
{
  while (n_blocks)
    cudaFree (blocks[--n_blocks]);
}
