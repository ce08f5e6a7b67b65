// onednn.h - oneDNN as the blocked form uses it
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A blocked image is a tensor [n, channels / width, height, width, width of a block]:
// what oneDNN's vector code reads best, and for libtorch an ordinary tensor, so that
// what works number by number, or joins and parts channels, works on it as it is.
#pragma once

#include <ATen/ATen.h>

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace ts {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;

inline const dnnl::engine &onednn() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

inline bool has_isa(dnnl::cpu_isa isa) {
  return ((unsigned)dnnl::get_effective_cpu_isa() & (unsigned)isa) == (unsigned)isa;
}

// Channels in a block, a vector of this CPU; 0: it has none that is long enough.
inline int64_t block_width() {
  static const int64_t width = has_isa(dnnl::cpu_isa::avx512_core) ? 16
                               : has_isa(dnnl::cpu_isa::avx2)      ? 8
                                                                   : 0;
  return width;
}

inline Tag blocked_tag() { return block_width() == 16 ? Tag::nChw16c : Tag::nChw8c; }

constexpr auto kFloat32 = dnnl::memory::data_type::f32;

inline dnnl::memory to_memory(const Desc &desc, const at::Tensor &tensor) {
  return dnnl::memory(desc, onednn(), tensor.data_ptr());
}

inline at::Tensor new_bytes(size_t size) {
  return at::empty({(int64_t)size}, at::TensorOptions(at::kByte));
}

inline void reorder(const Desc &from, const at::Tensor &source, const Desc &to,
                    const at::Tensor &target) {
  dnnl::stream stream(onednn());
  dnnl::memory input = to_memory(from, source), output = to_memory(to, target);
  dnnl::reorder(input, output).execute(stream, input, output);
  stream.wait();
}

// The n, channels, height and width of a float32 image, blocked or not.
inline std::vector<int64_t> image_shape(const at::Tensor &image) {
  TORCH_CHECK((image.dim() == 4 || image.dim() == 5) && image.scalar_type() == at::kFloat,
              "expected float32 images [n, c, h, w]");
  const int64_t block = image.dim() == 5 ? image.size(4) : 1;
  return {image.size(0), image.size(1) * block, image.size(2), image.size(3)};
}

inline at::Tensor new_blocked(const std::vector<int64_t> &shape) {
  return at::empty({shape[0], shape[1] / block_width(), shape[2], shape[3], block_width()},
                   at::TensorOptions(at::kFloat));
}

}  // namespace ts
