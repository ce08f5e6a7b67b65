// blocked_ops.cpp - the operators on blocked images that a graph can call
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include <torch/library.h>

#include "blocked_convolution.h"

namespace ts {
namespace {

at::Tensor convolve(const at::Tensor &image,
                    const c10::intrusive_ptr<BlockedConvolution> &convolution) {
  return convolution->run(image);
}

// The image as all of libtorch knows it, [n, c, h, w].
at::Tensor unblock(const at::Tensor &image) {
  const auto shape = image_shape(image);
  at::Tensor plain = at::empty(shape, image.options());
  reorder(Desc(shape, kFloat32, blocked_tag()), image.contiguous(),
          Desc(shape, kFloat32, Tag::nchw), plain);
  return plain;
}

struct Window {
  std::vector<int64_t> kernel, stride, padding, gaps;
};

dnnl::pooling_forward::primitive_desc describe_pool(const Desc &source,
                                                    const Desc &target,
                                                    const Window &window) {
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto algorithm = dnnl::algorithm::pooling_max;
#if DNNL_VERSION_MAJOR >= 3
  return {onednn(),      kind,          algorithm,   source,         target,
          window.stride, window.kernel, window.gaps, window.padding, window.padding};
#else
  return {{kind, algorithm, source, target, window.stride, window.kernel, window.padding,
           window.padding},
          onednn()};
#endif
}

at::Tensor max_pool(const at::Tensor &image, at::IntArrayRef kernel,
                    at::IntArrayRef stride, at::IntArrayRef padding) {
  const Window window{kernel.vec(), stride.vec(), padding.vec(), {0, 0}};
  const auto shape = image_shape(image);
  auto answer = shape;
  for (size_t i = 0; i < 2; i++)
    answer[i + 2] = (shape[i + 2] + 2 * padding[i] - kernel[i]) / stride[i] + 1;
  const auto description = describe_pool(Desc(shape, kFloat32, blocked_tag()),
                                         Desc(answer, kFloat32, blocked_tag()), window);
  const at::Tensor source = image.contiguous();
  at::Tensor target = new_blocked(answer);
  dnnl::stream stream(onednn());
  dnnl::pooling_forward(description)
      .execute(stream, {{DNNL_ARG_SRC, to_memory(description.src_desc(), source)},
                        {DNNL_ARG_DST, to_memory(description.dst_desc(), target)}});
  stream.wait();
  return target;
}

// Each pixel @factor times in both directions.
at::Tensor enlarge(const at::Tensor &image, int64_t factor) {
  const auto s = image.sizes();
  return image.unsqueeze(3)
      .unsqueeze(5)
      .expand({s[0], s[1], s[2], factor, s[3], factor, s[4]})
      .reshape({s[0], s[1], s[2] * factor, s[3] * factor, s[4]});
}

TORCH_LIBRARY_FRAGMENT(gst_torchscript, library) {
  library.class_<BlockedConvolution>("BlockedConvolution");
  library.def(
      "blocked_conv2d(Tensor image, "
      "__torch__.torch.classes.gst_torchscript.BlockedConvolution convolution) -> Tensor",
      convolve);
  library.def("unblock(Tensor image) -> Tensor", unblock);
  library.def(
      "blocked_max_pool2d(Tensor image, int[] kernel, int[] stride, int[] padding) "
      "-> Tensor",
      max_pool);
  library.def("blocked_enlarge(Tensor image, int factor) -> Tensor", enlarge);
}

}  // namespace
}  // namespace ts
