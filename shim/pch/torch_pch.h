/* torch_pch.h - what of libtorch most files of the shim need, compiled once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#ifndef TORCH_PCH_H
#define TORCH_PCH_H

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#endif /* TORCH_PCH_H */
