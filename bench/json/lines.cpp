#include "json/lines.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "common/splitmix.hpp"

namespace leat::bench::json {
namespace {

constexpr std::size_t kLines = 65'536;
constexpr std::size_t kAds = 1000;
constexpr std::int64_t kFirstTimeUs = 1'700'000'000'000'000;

std::string make_uuid(SplitMix64& random) {
  const std::uint64_t high = random.next();
  const std::uint64_t low = random.next();
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                     low >> 48, low & 0xffff'ffff'ffffULL);
}

std::string make_ip(SplitMix64& random) {
  const std::uint64_t ip = random.next();
  return fmt::format("{}.{}.{}.{}", (ip >> 24) & 255, (ip >> 16) & 255, (ip >> 8) & 255, ip & 255);
}

}  // namespace

Lines make_lines() {
  constexpr std::array kAdTypes = {"banner", "modal", "sponsored-search", "mail", "mobile"};
  constexpr std::array kEventTypes = {"view", "click", "purchase"};
  SplitMix64 random(43);
  std::vector<std::string> ads;
  for (std::size_t i = 0; i < kAds; ++i) ads.push_back(make_uuid(random));
  Lines lines;
  for (std::size_t i = 0; i < kLines; ++i) {
    const std::int64_t time = kFirstTimeUs + std::int64_t(i) * 1000;
    const std::string user = make_uuid(random);
    const std::string page = make_uuid(random);
    const std::string& ad = ads[random.next() % kAds];
    const std::string ad_type = kAdTypes[random.next() % kAdTypes.size()];
    const std::string event_type = kEventTypes[random.next() % kEventTypes.size()];
    const std::string ip = make_ip(random);
    lines.begin.push_back(std::uint32_t(lines.text.size()));
    fmt::format_to(std::back_inserter(lines.text),
                   R"({{"event_time": {}, "user_id": "{}", "page_id": "{}", "ad_id": "{}", "ad_type": "{}", )"
                   R"("event_type": "{}", "ip_address": "{}"}})"
                   "\n",
                   time, user, page, ad, ad_type, event_type, ip);
    ++lines.totals.rows;
    lines.totals.add_time(time);
    for (const std::string* text : {&user, &page, &ad, &ad_type, &event_type, &ip})
      lines.totals.add_text(*text);
  }
  lines.begin.push_back(std::uint32_t(lines.text.size()));
  lines.text.append(kPaddingBytes, ' ');
  return lines;
}

}  // namespace leat::bench::json
