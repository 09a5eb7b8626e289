#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <array>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "windows/workload.hpp"

// The same benchmark from JSON lines: seven fields, UUIDs as ids, the time patched into each event.
namespace leat::bench::windows {

struct YsbJson {
  static constexpr std::size_t kAds = 1000, kCampaigns = 100, kPadding = 64, kTimeDigits = 16;
  static constexpr std::size_t kTimeAt = sizeof(R"({"event_time": )") - 1;
  static constexpr std::array kTexts = {"user_id", "page_id", "ad_id", "ad_type", "event_type", "ip_address"};

  /// Ad to campaign by the ad's text.
  class Ads {
   public:
    explicit Ads(const std::vector<std::string>& ads) {
      for (std::size_t at = 0; at < ads.size(); ++at) {
        std::size_t slot = slot_of(ads[at]);
        while (!slots_[slot].ad.empty()) slot = (slot + 1) % kSlots;
        slots_[slot] = {ads[at], static_cast<std::int64_t>(at / (kAds / kCampaigns))};
      }
    }
    std::int64_t campaign(std::string_view ad) const {
      std::size_t slot = slot_of(ad);
      while (slots_[slot].ad != ad) slot = (slot + 1) % kSlots;
      return slots_[slot].campaign;
    }

   private:
    static constexpr std::size_t kSlots = 4096;
    struct Slot {
      std::string ad;
      std::int64_t campaign = 0;
    };
    // UUIDs are random already.
    static std::size_t slot_of(std::string_view ad) {
      std::uint64_t head;
      std::memcpy(&head, ad.data(), sizeof head);
      return head * 0x9e3779b97f4a7c15ULL >> 52;
    }
    std::vector<Slot> slots_{kSlots};
  };

  std::vector<std::string> ads;
  std::vector<std::string> lines;         // without line ends
  std::vector<std::int64_t> campaign_of;  // by line; -1: no view

  YsbJson() {
    constexpr std::array kAdTypes = {"banner", "modal", "sponsored-search", "mail", "mobile"};
    constexpr std::array kEventTypes = {"view", "click", "purchase"};
    SplitMix64 random(43);
    for (std::size_t at = 0; at < kAds; ++at) ads.push_back(uuid(random));
    for (std::size_t at = 0; at < kRecords; ++at) {
      const std::string user = uuid(random), page = uuid(random);
      const std::size_t ad = random.next() % kAds, ad_type = random.next() % 5,
                        event_type = random.next() % 3;
      const std::uint64_t ip = random.next();
      lines.push_back(fmt::format(
          R"({{"event_time": {:016}, "user_id": "{}", "page_id": "{}", "ad_id": "{}", "ad_type": "{}", "event_type": "{}", "ip_address": "{}.{}.{}.{}"}})",
          0, user, page, ads[ad], kAdTypes[ad_type], kEventTypes[event_type], (ip >> 24) & 255,
          (ip >> 16) & 255, (ip >> 8) & 255, ip & 255));
      campaign_of.push_back(event_type == 0 ? static_cast<std::int64_t>(ad / (kAds / kCampaigns)) : -1);
    }
  }

  /// 16 digits without a leading zero: JSON has none.
  static constexpr std::int64_t kFirstUs = 1'000'000'000'000'000;
  static void write_time(char* line, std::int64_t time_us) {
    char* at = line + kTimeAt + kTimeDigits;
    for (std::int64_t left = time_us + kFirstUs; left > 0; left /= 10)
      *--at = static_cast<char>('0' + left % 10);
  }

  /// Parses all seven fields, as each contender must.
  class Parser {
   public:
    /// `line` is followed by kPadding readable bytes.
    template <class Take>
    void parse(const char* line, std::size_t size, Take&& take) {
      simdjson::ondemand::document document = parser_.iterate(line, size, size + kPadding);
      simdjson::ondemand::object object = document.get_object();
      const std::int64_t time = std::int64_t(object["event_time"].get_int64()) - kFirstUs;
      std::array<std::string_view, kTexts.size()> texts;
      for (std::size_t at = 0; at < kTexts.size(); ++at)
        texts[at] = std::string_view(object[kTexts[at]].get_string());
      take(time, texts[2], texts[4]);
    }

   private:
    simdjson::ondemand::parser parser_;
  };

 private:
  static std::string uuid(SplitMix64& random) {
    const std::uint64_t high = random.next(), low = random.next();
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                       high & 0xffff, low >> 48, low & 0xffff'ffff'ffffULL);
  }
};

}  // namespace leat::bench::windows
