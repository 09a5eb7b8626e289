#pragma once

#include "infer/model.hpp"
#include "infer/words.hpp"

namespace leat {

/// Tells English from other languages by rules that one can read:
///
///  1. Letters outside the Latin script (Cyrillic, Greek, Arabic, Chinese, Japanese ...) make it `other` when
///     they are a quarter of all letters or more.
///  2. Each of the commonest words of English counts for English, each of those of German, French, Spanish,
///     Italian, Portuguese, Dutch, Swedish and Finnish for `other`; words of both count for neither.
///  3. Accented letters count for `other`, and so do word endings that English does not have (-ung, -eux,
///     -ción, -nen ...); endings that are mostly English (-ing, -ed, -ly ...) count half for English.
///  4. One word's worth more for `other` than for English is `other`; the rest, also text without any sign,
///  is
///     `en`. Single letters count for nothing.
///
/// Made for texts of a headline's length and up; on two or three words it guesses. Immutable; any thread.
class LanguageRules final : public Model {
 public:
  LanguageRules();

  bool is_english(std::string_view text) const;

  const ModelSignature& signature() const override { return signature_; }
  using Model::predict;
  Result<Prediction> predict(std::span<const Column> columns,
                             std::span<const std::uint32_t> counts) const override;

 private:
  words::Table<int> words_;  // 1: English, -1: other
  ModelSignature signature_;
};

}  // namespace leat
