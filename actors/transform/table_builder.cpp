#include "transform/table_builder.hpp"

#include <fmt/format.h>

namespace leat {
namespace {

constexpr std::uint32_t kBatchRows = 16'384;

}  // namespace

TableBuilder::TableBuilder(const TableFileOptions& options)
    : options_(options), rows_(options.schema), table_(std::make_shared<LookupTable>(options.rows_max)) {}

Status TableBuilder::added() {
  return rows_.row_count() < kBatchRows ? Status() : put_rows();
}

Status TableBuilder::put_rows() {
  const Batch batch = rows_.finish();
  kept_.clear();
  for (const std::size_t column : options_.columns) kept_.push_back(batch.column(column));
  table_->begin(Batch(options_.kept, kept_, batch.row_count()));
  bool room = true;
  for (std::uint32_t row = 0; row < batch.row_count() && room; ++row) {
    key_.clear();
    append_key(batch.column(options_.key), row, key_);
    room = table_->put(key_, row);
  }
  table_->end();
  if (room) return {};
  return fail(Code::limit_reached,
              fmt::format("the file has more than {} keys; raise `rows_max`", options_.rows_max),
              options_.path);
}

Result<std::shared_ptr<const LookupTable>> TableBuilder::finish() {
  if (!rows_.empty()) LEAT_TRY(put_rows());
  return std::shared_ptr<const LookupTable>(std::move(table_));
}

}  // namespace leat
