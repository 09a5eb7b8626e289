#include "record/recording.hpp"

#include <leat/batch_builder.hpp>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using testing::TempFolder;

SchemaPtr schema() {
  static const SchemaPtr fields =
      Schema::make({{"n", Type::int64, false}, {"text", Type::string, true}, {"any", Type::any, false}});
  return fields;
}

Batch rows(std::int64_t from, std::int64_t count) {
  BatchBuilder builder(schema());
  for (std::int64_t n = from; n < from + count; ++n)
    builder.add(n, n % 2 == 0 ? std::optional(std::to_string(n)) : std::nullopt, "\xc0");
  return builder.finish();
}

Time at(std::int64_t microseconds) {
  return Time(Duration(microseconds));
}

RecordingHeader header() {
  return {"shop", at(-5), {{"a", "out", 2, schema()}, {"b", "late", 1, schema()}}};
}

std::string record(const TempFolder& folder, const std::vector<RecordedEntry>& entries) {
  const std::string path = folder.path("a.rec");
  auto writer = RecordingWriter::create(path, header());
  EXPECT_TRUE(writer) << writer.error().text();
  for (const RecordedEntry& entry : entries) (*writer)->add(entry);
  EXPECT_TRUE((*writer)->close());
  return path;
}

std::vector<RecordedEntry> some_entries() {
  return {{.port = 0, .instance = 1, .time = at(10), .rows = rows(0, 3), .watermark = at(7)},
          {.port = 1, .instance = 0, .time = at(11), .rows = rows(3, 1)},
          {.port = 0, .instance = 0, .time = at(12), .watermark = at(-9)},
          {.port = 0, .instance = 0, .time = at(13), .end = true}};
}

std::vector<RecordedEntry> read_all(RecordingReader& reader) {
  std::vector<RecordedEntry> entries;
  while (auto entry = reader.next()) entries.push_back(*std::move(entry));
  return entries;
}

TEST(Recording, gives_back_what_was_written) {
  const TempFolder folder;
  const auto reader = RecordingReader::open(record(folder, some_entries()));
  ASSERT_TRUE(reader) << reader.error().text();
  EXPECT_EQ((*reader)->header().topology, "shop");
  EXPECT_EQ((*reader)->header().started, at(-5));
  ASSERT_EQ((*reader)->header().ports.size(), 2u);
  EXPECT_EQ((*reader)->header().ports[0].name(), "a.out");
  EXPECT_EQ((*reader)->header().ports[0].instances, 2u);
  EXPECT_TRUE((*reader)->header().ports[1].schema->same_fields(*schema()));
  const std::vector<RecordedEntry> wanted = some_entries(), got = read_all(**reader);
  ASSERT_EQ(got.size(), wanted.size());
  for (std::size_t entry = 0; entry < got.size(); ++entry) {
    EXPECT_EQ(got[entry].port, wanted[entry].port);
    EXPECT_EQ(got[entry].instance, wanted[entry].instance);
    EXPECT_EQ(got[entry].time, wanted[entry].time);
    EXPECT_EQ(got[entry].end, wanted[entry].end);
    if (!wanted[entry].end) {
      EXPECT_EQ(got[entry].watermark, wanted[entry].watermark);
    }
    EXPECT_EQ(to_json_lines(got[entry].rows), to_json_lines(wanted[entry].rows));
  }
  EXPECT_EQ((*reader)->broken(), "");
  EXPECT_EQ((*reader)->rows_lost(), 0u);
}

TEST(Recording, that_breaks_off_is_good_up_to_there) {
  const TempFolder folder;
  const std::string bytes = folder.read(std::filesystem::path(record(folder, some_entries())).filename());
  std::size_t most = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto reader = RecordingReader::open(folder.write("cut.rec", bytes.substr(0, length)));
    if (!reader) {
      EXPECT_EQ(reader.error().code, Code::malformed_frame) << length;
      continue;
    }
    const std::size_t count = read_all(**reader).size();
    EXPECT_LT(count, 4u);
    EXPECT_GE(count, most);
    most = std::max(most, count);
    const bool between_entries = (*reader)->broken().empty();
    EXPECT_TRUE(between_entries || (*reader)->broken().find("breaks off at byte") != std::string::npos)
        << length;
  }
  EXPECT_EQ(most, 3u);
}

TEST(Recording, that_is_damaged_is_good_up_to_there) {
  const TempFolder folder;
  const std::string bytes = folder.read(std::filesystem::path(record(folder, some_entries())).filename());
  for (std::size_t place = 0; place < bytes.size(); ++place) {
    std::string damaged = bytes;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x41);
    const auto reader = RecordingReader::open(folder.write("bad.rec", damaged));
    if (!reader) continue;
    EXPECT_LT(read_all(**reader).size(), 4u) << place;
    EXPECT_NE((*reader)->broken(), "") << place;
  }
}

TEST(Recording, of_another_version_or_no_recording_at_all_is_refused) {
  const TempFolder folder;
  std::string bytes = folder.read(std::filesystem::path(record(folder, {})).filename());
  ++bytes[8];
  EXPECT_THAT(RecordingReader::open(folder.write("new.rec", bytes)).error().message,
              ::testing::HasSubstr("has version 2, this program reads 1"));
  EXPECT_THAT(RecordingReader::open(folder.write("text.rec", "topology: shop\n")).error().message,
              ::testing::HasSubstr("this is no recording"));
  EXPECT_EQ(RecordingReader::open(folder.path("none.rec")).error().code, Code::input_missing);
  EXPECT_EQ(RecordingWriter::create(folder.path("no/folder.rec"), header()).error().code,
            Code::storage_failed);
}

TEST(Recording, keeps_every_entry_of_several_threads) {
  const TempFolder folder;
  auto writer = RecordingWriter::create(folder.path("a.rec"), header());
  ASSERT_TRUE(writer);
  std::vector<std::thread> threads;
  for (std::uint32_t instance = 0; instance < 2; ++instance)
    threads.emplace_back([&writer, instance] {
      for (std::int64_t n = 0; n < 500; ++n)
        (*writer)->add({.port = 0, .instance = instance, .time = at(n), .rows = rows(n, 10)});
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE((*writer)->close());
  EXPECT_EQ((*writer)->rows() + (*writer)->rows_lost(), 10'000u);
  const auto reader = RecordingReader::open(folder.path("a.rec"));
  std::uint64_t count = 0;
  std::int64_t next[2] = {0, 0};
  for (const RecordedEntry& entry : read_all(**reader)) {
    count += entry.rows.row_count();
    EXPECT_EQ(entry.time, at(next[entry.instance]++));
  }
  EXPECT_EQ(count, (*writer)->rows());
}

TEST(Recording, says_what_the_disk_could_not_take) {
  auto writer = RecordingWriter::create("/dev/full", header());
  if (!writer) GTEST_SKIP() << "no /dev/full";
  (*writer)->add({.port = 0, .instance = 0, .time = at(1), .rows = rows(0, 10)});
  const Status closed = (*writer)->close();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, Code::storage_full);
}

}  // namespace
}  // namespace leat
