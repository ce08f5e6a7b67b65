// vet_source.cpp - looks through a source file of a module before it is compiled
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vet_source.h"

#include <torch/csrc/jit/frontend/lexer.h>
#include <torch/csrc/jit/frontend/parser.h>
#include <torch/csrc/jit/frontend/tree_views.h>

#include <algorithm>

#include "shim_error.h"

namespace jit = torch::jit;

namespace ts {
namespace {

// Parser and compiler recurse once a level.
constexpr int kDeepest = 200;
constexpr size_t kLongestFile = 64 << 20;
constexpr size_t kLongestQuote = 120;

class SourceVetter {
 public:
  explicit SourceVetter(const std::string &path) : path_(path) {}
  void vet_definition(const jit::TreeRef &tree) const;

 private:
  [[noreturn]] void refuse(const jit::TreeRef &tree) const;
  void vet_literal(const jit::TreeRef &tree) const;
  void vet_call(const jit::TreeRef &tree) const;
  void vet_class(const jit::ClassDef &definition) const;
  const std::string &path_;
};

void SourceVetter::refuse(const jit::TreeRef &tree) const {
  throw Error(TS_SHIM_ERROR_LOAD,
              path_ + ": computes a default value or a constant while it is loaded (" +
                  place_in_words(tree->range()) +
                  "), where only literals are allowed; export the module anew with "
                  "torch.jit.save()");
}

// What torch.jit.save() writes for values that have no literal.
void SourceVetter::vet_call(const jit::TreeRef &tree) const {
  std::string callee = tree->trees().at(0)->range().text().str();
  for (const char *known :
       {"annotate", "float", "int", "torch.device", "torch.Generator", "uninitialized"})
    if (callee == known) return;
  refuse(tree);
}

void SourceVetter::vet_literal(const jit::TreeRef &tree) const {
  if (tree->isAtom()) return;
  switch (tree->kind()) {
    case jit::TK_APPLY:
      vet_call(tree);
      break;
    case jit::TK_ATTRIBUTE:
    case jit::TK_CONST:
    case jit::TK_DICT_LITERAL:
    case jit::TK_FALSE:
    case jit::TK_IDENT:
    case jit::TK_LIST:
    case jit::TK_LIST_LITERAL:
    case jit::TK_NONE:
    case jit::TK_NONE_TYPE:
    case jit::TK_OPTION:
    case jit::TK_STRINGLITERAL:
    case jit::TK_SUBSCRIPT:
    case jit::TK_TRUE:
    case jit::TK_TUPLE_LITERAL:
    case jit::TK_UNARY_MINUS:
    case jit::TK_VAR:
    case '.':
      break;
    default:
      refuse(tree);
  }
  for (const auto &part : tree->trees()) vet_literal(part);
}

void SourceVetter::vet_class(const jit::ClassDef &definition) const {
  for (const jit::Stmt &statement : definition.body())
    if (statement.kind() == jit::TK_ASSIGN) vet_literal(jit::Assign(statement).rhs());
}

void SourceVetter::vet_definition(const jit::TreeRef &tree) const {
  if (tree->isAtom()) return;
  if (tree->kind() == jit::TK_CLASS_DEF) vet_class(jit::ClassDef(tree));
  if (tree->kind() == jit::TK_PARAM) vet_literal(jit::Param(tree).defaultValue());
  for (const auto &part : tree->trees()) vet_definition(part);
}

// As libtorch's own importer goes through a file.
void skip_imports(jit::Lexer &lexer) {
  if (lexer.cur().text() == "op_version_set") {
    for (int kind : {(int)jit::TK_IDENT, (int)'=', (int)jit::TK_NUMBER})
      lexer.expect(kind);
    lexer.expect(jit::TK_NEWLINE);
  }
  while (lexer.nextIf(jit::TK_IMPORT)) {
    lexer.expect(jit::TK_IDENT);
    while (lexer.nextIf('.')) lexer.expect(jit::TK_IDENT);
    lexer.expect(jit::TK_NEWLINE);
  }
}

// An upper bound of brackets within brackets; those in strings count, too.
bool is_deep(const std::string &text) {
  int depth = 0, deepest = 0;
  for (char c : text) {
    depth += (c == '(' || c == '[' || c == '{') - (c == ')' || c == ']' || c == '}');
    depth = std::max(depth, 0);
    deepest = std::max(deepest, depth);
  }
  return deepest > kDeepest;
}

}  // namespace

std::string place_in_words(const jit::SourceRange &range) {
  auto place = range.file_line_col();
  if (!place) return "in code that libtorch made";
  std::string line = range.text().str();
  line = line.substr(0, std::min(line.find('\n'), kLongestQuote));
  return std::get<0>(*place) + ", line " + std::to_string(std::get<1>(*place)) + ": " +
         line;
}

void vet_source(const std::string &path, const std::shared_ptr<jit::Source> &source) {
  const std::string text = source->text_str().str();
  if (text.size() > kLongestFile || is_deep(text))
    throw Error(TS_SHIM_ERROR_LOAD,
                path + ": " + source->filename().value() + " has " +
                    std::to_string(text.size()) + " bytes or brackets deeper than " +
                    std::to_string(kDeepest) + " levels; expected at most " +
                    std::to_string(kLongestFile) + " bytes and so many levels");
  jit::Parser parser(source);
  jit::Lexer &lexer = parser.lexer();
  SourceVetter vetter(path);
  for (skip_imports(lexer); lexer.cur().kind != jit::TK_EOF; skip_imports(lexer))
    vetter.vet_definition(lexer.cur().kind == jit::TK_CLASS_DEF
                              ? parser.parseClass()
                              : parser.parseFunction(false));
}

}  // namespace ts
