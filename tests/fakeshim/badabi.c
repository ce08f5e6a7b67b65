/* badabi.c - a shim of another ABI
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <torchscript_shim.h>

const TsShimApi *
ts_shim_api (uint32_t abi_version)
{
  return NULL;
}
