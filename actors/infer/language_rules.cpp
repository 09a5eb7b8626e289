#include "infer/language_rules.hpp"

#include <algorithm>
#include <leat/batch_builder.hpp>

namespace leat {
namespace {

/// The commonest function words, and what stands in nearly every market report.
constexpr std::string_view kEnglish =
    "the of and to in is was for that with as on by at be are from this has have had it its an will would "
    "not or "
    "which their they been were but said says than more over after before about up down out into new other "
    "also "
    "could should may can he she his her who what when where while between under against per year week month "
    "rise rises rose fall falls fell cut cuts shares stock price prices market trade report reports sees set "
    "net "
    "loss profit dollar bank oil company sales first two last no all so if any some";

/// The same for the other languages; a word of both lists counts for neither.
constexpr std::string_view kOthers =
    // German
    "der die das und ist nicht ein eine einen einer eines dem den des im zu zum zur von vom mit auf für sich "
    "auch "
    "als aus bei nach wie wird werden wurde sind hat haben über oder aber noch nur vor durch gegen unter "
    "mehr "
    "sein seine ihre diese dieser kein keine wegen steigt fällt bis in an so was "
    // French
    "le la les un une et est du des en au aux dans pour que qui sur par avec pas plus sont ce cette ces ses "
    "leur "
    "ont été après selon entre sous chez mais ou où dont comme deux ans vers contre ne se il elle "
    // Spanish
    "el los las una y es del al con por para lo su sus como más pero ha fue este esta entre sobre según "
    "desde "
    "hasta sin muy también ser son no si ya tras "
    // Italian
    "il lo gli della delle dei di che è per con sono nel nella alla dal dalla più anche come ma suo sua "
    "questo "
    "questa ha hanno i uno tra fra dopo "
    // Portuguese
    "o os as do da dos das em no na nos nas um uma é não com por para mais se ao à pelo pela sua seu foi são "
    // Dutch
    "het een van en op te dat die niet voor met zijn aan er maar om ook bij naar uit door over dan nog wordt "
    "worden "
    "werd heeft hebben hun deze dit geen tot tegen na als meer "
    // Swedish
    "och att det som på är av för den med inte om ett ut men kan mot från efter under vid ska "
    "har "
    // Finnish
    "ja on ei se että hän oli joka mutta myös kun ovat sekä tai niin kuin ovat jo vain noin yli alle mukaan "
    "vuoden "
    "prosenttia euroa yhtiö osake pörssi";

struct Ending {
  std::string_view text;
  std::size_t word_min;  // shorter words are left alone: "wing", "bed"
  double weight;         // above zero: English
};
constexpr Ending kEndings[] = {
    {"ing", 5, 0.5},   {"ed", 5, 0.5},    {"ly", 5, 0.5},    {"ness", 6, 0.5},  {"ship", 6, 0.5},
    {"ght", 5, 0.5},   {"ous", 5, 0.5},   {"ung", 6, -0.7},  {"ungen", 7, -1},  {"keit", 6, -1},
    {"heit", 6, -1},   {"lich", 6, -1},   {"lichen", 7, -1}, {"isch", 6, -1},   {"ische", 6, -1},
    {"ischen", 7, -1}, {"schaft", 7, -1}, {"eux", 5, -1},    {"euse", 6, -0.7}, {"aient", 6, -1},
    {"ción", 6, -1},   {"cion", 6, -0.7}, {"ciones", 7, -1}, {"idad", 6, -1},   {"zione", 6, -1},
    {"zioni", 6, -1},  {"ção", 5, -1},    {"ções", 6, -1},   {"heid", 6, -1},   {"lijk", 6, -1},
    {"lijke", 7, -1},  {"ij", 4, -0.7},   {"ssa", 5, -0.7},  {"ssä", 5, -1},    {"sta", 6, -0.5},
    {"lla", 6, -0.5},  {"llä", 5, -1},    {"nen", 6, -0.7},  {"isen", 6, -0.7}, {"iset", 6, -0.7},
    {"aan", 5, -0.7},  {"uu", 5, -0.7},   {"tti", 5, -0.7},  {"kset", 5, -1},   {"ksen", 6, -1},
    {"asti", 6, -0.7}, {"esti", 6, -0.7}};

constexpr double kAccent = 0.7;

/// How much more must speak for another language: one word of it.
constexpr double kMargin = 1;

double weight_of_ending(std::string_view word) {
  double weight = 0;
  std::size_t longest = 0;
  for (const Ending& ending : kEndings)
    if (word.size() >= ending.word_min && word.ends_with(ending.text) && ending.text.size() > longest) {
      weight = ending.weight;
      longest = ending.text.size();
    }
  return weight;
}

/// Letters of a word, by script. Code points from U+0370 on are no Latin letters, save for Latin Extended
/// Additional; marks and signs (U+2000 to U+2E7F, and the private and special area) are no letters at all.
struct Letters {
  std::size_t latin = 0, accented = 0, foreign = 0;
};

std::uint32_t code_point(std::string_view text, std::size_t at, std::size_t size) {
  const auto byte = [&](std::size_t offset) { return static_cast<std::uint8_t>(text[at + offset]); };
  if (size == 1) return byte(0);
  std::uint32_t value = byte(0) & (0x7Fu >> size);
  for (std::size_t offset = 1; offset < size; ++offset) value = value << 6 | (byte(offset) & 0x3Fu);
  return value;
}

void count_letter(std::uint32_t code, Letters& letters) {
  if (code < 0x80) {
    letters.latin += words::is_ascii_letter(static_cast<char>(code)) ? 1 : 0;
  } else if ((code >= 0xC0 && code < 0x250 && code != 0xD7 && code != 0xF7) ||
             (code >= 0x1E00 && code < 0x1F00)) {
    ++letters.latin;
    ++letters.accented;
  } else if ((code >= 0x370 && code < 0x2000) || (code >= 0x2E80 && code < 0xE000) ||
             (code >= 0xF900 && code < 0xFE00) || code >= 0x20000) {
    ++letters.foreign;
  }
}

/// Whether the character belongs to a word.
bool in_word(std::uint32_t code) {
  Letters letters;
  count_letter(code, letters);
  return letters.latin + letters.foreign > 0;
}

template <class Visit>
void for_each_word(std::string_view list, const Visit& visit) {
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(' ', begin), list.size());
    visit(list.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace

LanguageRules::LanguageRules() {
  words::Table<bool> english;
  for_each_word(kEnglish, [&](std::string_view word) { english.emplace(word, true); });
  for_each_word(kOthers, [&](std::string_view word) { words_[std::string(word)] = -1; });
  for (const auto& [word, unused] : english)
    if (words_.erase(word) == 0) words_[word] = 1;
  signature_.inputs = {{"text", Type::string, 1, "a text", {}}};
  signature_.batch_rows = 4096;
  signature_.outputs = Schema::make({{"language", Type::string, false}});
}

bool LanguageRules::is_english(std::string_view text) const {
  Letters letters;
  double english = 0, other = 0;
  std::string word;
  const auto end_word = [&] {
    if (word.size() < 2) return word.clear();  // initials: U.K., I.M.S.
    const auto found = words_.find(std::string_view(word));
    const double weight = found != words_.end() ? found->second : weight_of_ending(word);
    (weight > 0 ? english : other) += std::abs(weight);
    word.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = words::character_size(text, at);
    const std::uint32_t code = code_point(text, at, size);
    if (in_word(code)) {
      count_letter(code, letters);
      words::append_lower(text.substr(at, size), word);
    } else {
      end_word();
    }
    at += size;
  }
  end_word();
  if (letters.foreign * 4 >= letters.latin + letters.foreign && letters.foreign > 0) return false;
  other += kAccent * static_cast<double>(letters.accented);
  return other < english + kMargin;
}

Result<Prediction> LanguageRules::predict(std::span<const Column> columns,
                                          std::span<const std::uint32_t>) const {
  BatchBuilder rows(signature_.outputs);
  const Column& texts = columns[0];
  for (std::uint32_t row = 0; row < texts.row_count(); ++row)
    if (texts.is_null(row))
      rows.add(std::nullopt);
    else
      rows.add(is_english(texts.text(row)) ? "en" : "other");
  return Prediction{rows.finish(), {}};
}

}  // namespace leat
