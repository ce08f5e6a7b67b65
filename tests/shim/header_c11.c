/* header_c11.c - the shim's header compiles alone as C11
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "torchscript_shim.h"
