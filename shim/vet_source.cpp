// vet_source.cpp - looks through a source file of a module before it is compiled
//
// SPDX-License-Identifier: LGPL-2.1-or-later
#include "vet_source.h"

#include <torch/csrc/jit/frontend/lexer.h>
#include <torch/csrc/jit/frontend/parser.h>
#include <torch/csrc/jit/frontend/tree_views.h>

#include <algorithm>
#include <vector>

#include "shim_error.h"

namespace jit = torch::jit;

namespace ts {
namespace {

// Parser and compiler recurse once a level: of brackets or blocks, and within an
// expression at most once a token.
constexpr size_t kDeepest = 200;
constexpr size_t kMostTokens = 1500;
constexpr size_t kLongestFile = 64 << 20;
constexpr size_t kLongestQuote = 120;

class SourceVetter {
 public:
  explicit SourceVetter(const std::string &path) : path_(path) {}
  void vet_definition(const jit::TreeRef &tree) const;

 private:
  [[noreturn]] void refuse(const jit::TreeRef &tree) const;
  void vet_name(const jit::TreeRef &tree) const;
  void vet_type(const jit::TreeRef &tree) const;
  void vet_parts(const jit::TreeRef &tree) const;
  void vet_literal(const jit::TreeRef &tree) const;
  void vet_call(const jit::Apply &call) const;
  void vet_assignment(const jit::Assign &assignment) const;
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

// torch.float, say.  Beyond a constant of the module there are properties, with code.
void SourceVetter::vet_name(const jit::TreeRef &tree) const {
  size_t dots = 0;
  jit::TreeRef part = tree;
  for (; part->kind() == '.'; part = part->trees().at(0)) dots++;
  if (part->kind() != jit::TK_VAR) refuse(tree);
  if (jit::Var(part).name().name() == "CONSTANTS" && dots > 1) refuse(tree);
}

// Optional[Dict[str, __torch__.m.M]], which is parsed and never computed.
void SourceVetter::vet_type(const jit::TreeRef &tree) const {
  switch (tree->kind()) {
    case jit::TK_LIST:
    case jit::TK_LIST_LITERAL:
    case jit::TK_SUBSCRIPT:
    case jit::TK_TUPLE_LITERAL:
      for (const auto &part : tree->trees()) vet_type(part);
      break;
    case jit::TK_NONE:
    case jit::TK_NONE_TYPE:
      break;
    default:
      vet_name(tree);
  }
}

void SourceVetter::vet_parts(const jit::TreeRef &tree) const {
  for (const auto &part : tree->trees()) vet_literal(part);
}

bool is_number(const jit::TreeRef &tree) {
  if (tree->kind() != jit::TK_VAR) return tree->kind() == jit::TK_CONST;
  const std::string name = jit::Var(tree).name().name();
  return name == "inf" || name == "nan";
}

bool is_plain(const jit::TreeRef &tree) {
  return is_number(tree) || tree->kind() == jit::TK_STRINGLITERAL ||
         (tree->kind() == jit::TK_UNARY_MINUS && is_number(tree->trees().at(0)));
}

// What torch.jit.save() writes for values that have no literal.  Objects have methods
// for conversions and signs, so only numbers and texts may be in there.
void SourceVetter::vet_call(const jit::Apply &call) const {
  const std::string callee = call.callee().range().text().str();
  const auto inputs = call.inputs();
  if (callee == "annotate" && inputs.size() == 2) {
    vet_type(inputs[0].tree());
    vet_literal(inputs[1].tree());
    return;
  }
  if (callee != "float" && callee != "int" && callee != "torch.device" &&
      callee != "torch.Generator")
    refuse(call.tree());
  for (const jit::Expr &input : inputs)
    if (!is_plain(input.tree())) refuse(call.tree());
  for (const jit::Attribute &attribute : call.attributes())
    if (!is_plain(attribute.value().tree())) refuse(call.tree());
}

void SourceVetter::vet_literal(const jit::TreeRef &tree) const {
  switch (tree->kind()) {
    case jit::TK_APPLY:
      vet_call(jit::Apply(tree));
      break;
    case jit::TK_DICT_LITERAL:
    case jit::TK_LIST:
    case jit::TK_LIST_LITERAL:
    case jit::TK_OPTION:
    case jit::TK_TUPLE_LITERAL:
      vet_parts(tree);
      break;
    case jit::TK_CONST:
    case jit::TK_FALSE:
    case jit::TK_NONE:
    case jit::TK_STRINGLITERAL:
    case jit::TK_TRUE:
      break;
    case jit::TK_UNARY_MINUS:
      if (!is_plain(tree)) refuse(tree);
      break;
    case jit::TK_VAR:
    case '.':
      vet_name(tree);
      break;
    default:
      refuse(tree);
  }
}

// A constant, or __annotations__["name"] = Type.
void SourceVetter::vet_assignment(const jit::Assign &assignment) const {
  if (assignment.lhs().kind() != jit::TK_SUBSCRIPT)
    vet_literal(assignment.rhs());
  else if (assignment.rhs().present())
    vet_type(assignment.rhs().get().tree());
}

void SourceVetter::vet_class(const jit::ClassDef &definition) const {
  for (const jit::Stmt &statement : definition.body())
    if (statement.kind() == jit::TK_ASSIGN) vet_assignment(jit::Assign(statement));
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

// Goes through the tokens of a file, which takes no recursion.
class DepthMeter {
 public:
  void add(int kind);
  bool is_too_deep() const;

 private:
  std::vector<size_t> brackets_{0};  // each with its tokens since the last comma
  size_t tokens_ = 0;                // the sum of these
  size_t blocks_ = 0;
  size_t elifs_ = 0;  // one after another
};

void DepthMeter::add(int kind) {
  switch (kind) {
    case '(':
    case '[':
    case '{':
      brackets_.push_back(0);
      break;
    case ')':
    case ']':
    case '}':
      tokens_ -= brackets_.back();
      brackets_.pop_back();
      if (brackets_.empty()) brackets_.push_back(0);
      break;
    case ',':
    case jit::TK_NEWLINE:
      tokens_ -= brackets_.back();
      brackets_.back() = 0;
      return;
    case jit::TK_INDENT:
      blocks_++;
      return;
    case jit::TK_DEDENT:
      blocks_--;
      return;
    case jit::TK_DEF:
      elifs_ = 0;
      break;
    case jit::TK_ELIF:
      elifs_++;
      break;
  }
  brackets_.back()++;
  tokens_++;
}

bool DepthMeter::is_too_deep() const {
  return brackets_.size() > kDeepest || blocks_ + elifs_ > kDeepest ||
         tokens_ > kMostTokens;
}

bool is_deep(const std::shared_ptr<jit::Source> &source) {
  jit::Lexer lexer(source);
  DepthMeter meter;
  for (; lexer.cur().kind != jit::TK_EOF && !meter.is_too_deep(); lexer.next())
    meter.add(lexer.cur().kind);
  return meter.is_too_deep();
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
  const size_t size = source->text_str().size();
  if (size > kLongestFile || is_deep(source))
    throw Error(TS_SHIM_ERROR_LOAD,
                path + ": " + source->filename().value() + " has " +
                    std::to_string(size) + " bytes, brackets or blocks deeper than " +
                    std::to_string(kDeepest) + " levels, or expressions of more than " +
                    std::to_string(kMostTokens) + " words; expected at most " +
                    std::to_string(kLongestFile) + " bytes and simpler code");
  jit::Parser parser(source);
  jit::Lexer &lexer = parser.lexer();
  SourceVetter vetter(path);
  for (skip_imports(lexer); lexer.cur().kind != jit::TK_EOF; skip_imports(lexer))
    vetter.vet_definition(lexer.cur().kind == jit::TK_CLASS_DEF
                              ? parser.parseClass()
                              : parser.parseFunction(false));
}

}  // namespace ts
