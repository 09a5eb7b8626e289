#pragma once

#include <leat/describe.hpp>
#include <leat/fields.hpp>

#include "ingest/record_reader.hpp"
#include "ingest/row_decoder.hpp"

namespace leat {

/// A path or pattern, with its place so that a missing file is shown where it is named.
struct InputPath {
  Path path;
  Place place;
};

/// How fast rows come: as fast as they are taken, at a rate, or with the distances of their event times.
struct Pace {
  bool recorded = false;
  Rate rate;
};

/// "10x": how much faster than recorded.
struct Speed {
  double factor = 1;
};

enum class FileFormat : std::uint8_t { automatic, csv, jsonl, lines };
enum class OnMissing : std::uint8_t { error, wait, skip };

/// The options of `ingest.file`; below them what `describe_file` works out.
struct FileConfig {
  std::vector<InputPath> path;
  FileFormat format = FileFormat::automatic;
  SchemaPtr schema;
  std::optional<bool> header;
  std::optional<std::string> delimiter;
  std::optional<std::string> quote;
  bool follow = false;
  std::optional<Pace> pace;
  std::optional<Speed> speed;
  std::optional<std::string> time_field;
  OnMissing on_missing = OnMissing::error;
  Bytes line_max{1 << 20};

  RowFormat rows;
  std::vector<std::string> paths;
  std::optional<std::size_t> time_column;

  RecordReader::Format record_format() const;
  bool recorded() const { return pace && pace->recorded; }
};

Fields<FileConfig> file_fields();

/// Checks the options against each other and against the files that are there.
void describe_file(FileConfig& config, Describe& describe);

}  // namespace leat
