// allowed_operators.cpp - what a module may do
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "allowed_operators.h"

#include <sstream>
#include <unordered_set>

namespace ts {
namespace {

using Names = std::unordered_set<std::string>;

constexpr char kList[] =
#include "allowed_operators.inc"
    ;

// They hold prepared weights, and reading them back does nothing else.
constexpr const char *kClasses[] = {
    "quantized.Conv2dPackedParamsBase",
    "quantized.Conv3dPackedParamsBase",
    "quantized.EmbeddingPackedParamsBase",
    "quantized.LinearPackedParamsBase",
    "rnn.CellParamsBase",
    "sparse.LinearPackedParamsBase",
    "xnnpack.Conv2dOpContext",
    "xnnpack.LinearOpContext",
    "xnnpack.TransposeConv2dOpContext",
};

Names read_list() {
  Names names;
  std::istringstream lines(kList);
  std::string line, word, space;
  while (std::getline(lines, line)) {
    if (line.compare(0, 1, "#") == 0) continue;
    std::istringstream words(line);
    while (words >> word) {
      if (word.back() == ':')
        space = word + ":";
      else
        names.insert(space + word);
    }
  }
  return names;
}

}  // namespace

bool is_allowed_operator(const std::string &name) {
  static const Names names = read_list();
  return names.count(name) > 0;
}

bool is_allowed_class(const std::string &name) {
  for (const char *allowed : kClasses)
    if (name == std::string("__torch__.torch.classes.") + allowed) return true;
  return false;
}

}  // namespace ts
