#include "infer/language_rules.hpp"

#include <gmock/gmock.h>

namespace leat {
namespace {

TEST(LanguageRules, english_headlines_are_english) {
  const LanguageRules rules;
  for (const char* text : {
           "Wheat prices fall as harvest begins",
           "U.S. exporters report 120,000 tonnes corn sold to Japan",
           "BANK OF ENGLAND CUTS RATES",
           "OPEC SAYS OUTPUT BELOW CEILING",
           "Nestle to sell frozen food unit",
           "GRAIN SHIPS LOADING AT PORTLAND",
           "Sugar quota raised",
           "Caf\xC3\xA9 chain reports loss for the third quarter",
           "",
           "1,234.5 +2 pct",
           "\xF0\x9F\x93\x88 Shares rise",
       })
    EXPECT_TRUE(rules.is_english(text)) << text;
}

TEST(LanguageRules, headlines_in_other_languages_are_not) {
  const LanguageRules rules;
  for (const char* text : {
           // German
           "Deutsche Bank steigert den Gewinn deutlich",
           "Die Aktien fallen nach schwachen Zahlen",
           "Regierung pr\xC3\xBC"
           "ft Ma\xC3\x9Fnahmen gegen Inflation",
           "Weizenpreise steigen wegen Trockenheit",
           // French
           "Le prix du bl\xC3\xA9 recule apr\xC3\xA8s la r\xC3\xA9"
           "colte",
           "La banque centrale maintient ses taux",
           "Hausse des ventes dans le secteur automobile",
           // Spanish
           "El banco central sube los tipos de inter\xC3\xA9s",
           "Las acciones caen por temor a la inflaci\xC3\xB3n",
           "La producci\xC3\xB3n de trigo aumenta en Argentina",
           // Dutch
           "De koers van het aandeel daalt na de cijfers",
           "Winst van de bank stijgt door hogere rente",
           "Philips verkoopt onderdeel aan Amerikaans bedrijf",
           // Finnish
           "Nokian osake nousi pörssissä kolme prosenttia",
           "Vehn\xC3\xA4n hinta laski sadonkorjuun j\xC3\xA4lkeen",
           "Yhtiö julkistaa tuloksensa huomenna",
           // Japanese
           "\xE6\x97\xA5\xE6\x9C\xAC\xE9\x8A\x80\xE8\xA1\x8C\xE3\x81\x8C\xE5\x88\xA9\xE4\xB8\x8A\xE3\x81\x92",
           "トヨタ、過去最高益を更新",
           "日経平均 500円高",
           // Cyrillic
           "Центральный банк повысил ставку",
       })
    EXPECT_FALSE(rules.is_english(text)) << text;
}

TEST(LanguageRules, a_few_foreign_letters_do_not_make_a_text_foreign) {
  const LanguageRules rules;
  EXPECT_TRUE(rules.is_english("The company said that its ticker is \xE6\x97\xA5\xE6\x9C\xAC in Tokyo"));
}

TEST(LanguageRules, broken_utf8_is_read_to_its_end) {
  const LanguageRules rules;
  for (const char* text : {"\xE2", "shares \xF0\x9F", "\xC3", "\xFF\xFF\xFF"}) (void)rules.is_english(text);
}

}  // namespace
}  // namespace leat
