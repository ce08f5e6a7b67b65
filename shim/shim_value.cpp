// shim_value.cpp - how C reads the values that a module returned
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "shim_value.h"

namespace {

TsShimKind value_kind(const TsShimValue *value) { return value->kind; }

size_t value_size(const TsShimValue *value) { return value->children.size(); }

const TsShimValue *value_child(const TsShimValue *value, size_t index) {
  return index < value->children.size() ? &value->children[index] : nullptr;
}

const char *value_key(const TsShimValue *value, size_t index) {
  return index < value->keys.size() ? value->keys[index].c_str() : nullptr;
}

const TsShimTensor *value_tensor(const TsShimValue *value) {
  return value->kind == TS_SHIM_TENSOR ? &value->tensor : nullptr;
}

int64_t value_int(const TsShimValue *value) { return value->integer; }

double value_double(const TsShimValue *value) { return value->real; }

const char *value_string(const TsShimValue *value) {
  return value->kind == TS_SHIM_STRING ? value->text.c_str() : nullptr;
}

void value_free(TsShimValue *value) { delete value; }

}  // namespace

void ts::fill_value_functions(TsShimApi *api) {
  api->value_kind = value_kind;
  api->value_size = value_size;
  api->value_child = value_child;
  api->value_key = value_key;
  api->value_tensor = value_tensor;
  api->value_int = value_int;
  api->value_double = value_double;
  api->value_string = value_string;
  api->value_free = value_free;
}
