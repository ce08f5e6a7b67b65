// vetting.cpp - looks through a module before any of its code runs
//
// SPDX-License-Identifier: LGPL-2.1-or-later
//
// jit::load() compiles the classes that the pickled data names and runs their
// __setstate__() on the way.  Here the same is done with the same importer, but
// objects are left empty and no method is called, so that all the code that loading
// would compile can be looked at.
#include "vetting.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import_source.h>
#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>

#include "shim_error.h"
#include "vet_graph.h"
#include "vet_source.h"
#include "vet_tensor.h"

// In none of libtorch's installed headers.
namespace torch {
namespace jit {
TORCH_API void populate_upgraders_graph_map();
}  // namespace jit
}  // namespace torch

namespace jit = torch::jit;

namespace ts {
namespace {

class ArchiveVetter {
 public:
  ArchiveVetter(const std::shared_ptr<Archive> &archive, const Vetting &vetting);
  void vet();

 private:
  std::shared_ptr<jit::Source> load_source(const std::string &qualifier);
  c10::StrongTypePtr find_type(const c10::QualifiedName &name);
  c10::intrusive_ptr<c10::ivalue::Object> make_object(const c10::StrongTypePtr &type,
                                                      const c10::IValue &state);
  at::DataPtr read_storage(const std::string &name);
  c10::IValue unpickle(const std::string &name);

  const Vetting &vetting_;
  caffe2::serialize::PyTorchStreamReader reader_;
  std::shared_ptr<jit::CompilationUnit> unit_;
  std::vector<c10::IValue> constants_;
  jit::SourceImporter importer_;
  bool objects_matter_ = false;  // constants are part of what is compiled
  TensorVetter tensors_;
};

ArchiveVetter::ArchiveVetter(const std::shared_ptr<Archive> &archive,
                             const Vetting &vetting)
    : vetting_(vetting),
      reader_(archive),
      unit_(std::make_shared<jit::CompilationUnit>()),
      importer_(
          unit_, &constants_,
          [this](const std::string &qualifier) { return load_source(qualifier); },
          reader_.version()),
      tensors_(vetting.path) {}

std::shared_ptr<jit::Source> ArchiveVetter::load_source(const std::string &qualifier) {
  std::string path = "code/" + qualifier;
  std::replace(path.begin(), path.end(), '.', '/');
  path += ".py";
  if (!reader_.hasRecord(path)) return nullptr;
  auto [data, size] = reader_.getRecord(path);
  auto source = std::make_shared<jit::Source>(
      std::string(static_cast<const char *>(data.get()), size), path, 1);
  if (!vetting_.unsafe_operators) vet_source(vetting_.path, source);
  return source;
}

c10::StrongTypePtr ArchiveVetter::find_type(const c10::QualifiedName &name) {
  c10::TypePtr type = importer_.loadType(name);
  if (!vetting_.unsafe_operators) vet_type(type, vetting_);
  return c10::StrongTypePtr(unit_, type);
}

c10::intrusive_ptr<c10::ivalue::Object> ArchiveVetter::make_object(
    const c10::StrongTypePtr &type, const c10::IValue &state) {
  tensors_.vet(state);
  auto empty = c10::ClassType::create(c10::nullopt, unit_);
  if (!objects_matter_) return c10::ivalue::Object::create({unit_, empty}, 0);
  // Of what may be here only the prepared weights have a use as a constant.
  auto cls = type.type_->expect<c10::ClassType>();
  auto object = c10::ivalue::Object::create(type, cls->numAttributes());
  if (cls->compilation_unit() == unit_)
    throw Error(TS_SHIM_ERROR_LOAD, vetting_.path + ": has a constant of its own class " +
                                        cls->name()->qualifiedName() +
                                        ", which cannot be checked");
  cls->getMethod("__setstate__")({object, state});
  return object;
}

at::DataPtr ArchiveVetter::read_storage(const std::string &name) {
  auto [data, size] = reader_.getRecord(name);
  tensors_.add_storage(data.get(), size);
  return std::move(data);
}

c10::IValue ArchiveVetter::unpickle(const std::string &name) {
  auto [data, size] = reader_.getRecord(name + ".pkl");
  const char *bytes = static_cast<const char *>(data.get());
  size_t at = 0;
  auto read = [&, size = size](char *buffer, size_t n) {
    n = std::min(n, size - at);
    memcpy(buffer, bytes + at, n);
    at += n;
    return n;
  };
  jit::Unpickler unpickler(
      read, [this](const c10::QualifiedName &qualified) { return find_type(qualified); },
      [this](const c10::StrongTypePtr &type, c10::IValue state) {
        return make_object(type, state);
      },
      [&](const std::string &record) { return read_storage(name + "/" + record); },
      c10::Device(c10::kCPU));
  unpickler.set_version(reader_.version());
  return unpickler.parse_ivalue();
}

void ArchiveVetter::vet() {
  if (reader_.hasRecord("model.json"))
    throw Error(TS_SHIM_ERROR_LOAD,
                vetting_.path +
                    ": is of the format before PyTorch 1.4, which cannot be "
                    "checked; load and save it with a newer PyTorch");
  jit::populate_upgraders_graph_map();
  objects_matter_ = true;
  auto constants = unpickle("constants").toTuple();
  tensors_.vet(constants);
  constants_.assign(constants->elements().begin(), constants->elements().end());
  objects_matter_ = false;
  tensors_.vet(unpickle("data"));
  tensors_.vet_again();
  if (!vetting_.unsafe_operators) vet_graphs(*unit_, vetting_);
}

}  // namespace

void vet_archive(const std::shared_ptr<Archive> &archive, const Vetting &vetting) {
  ArchiveVetter(archive, vetting).vet();
}

}  // namespace ts
