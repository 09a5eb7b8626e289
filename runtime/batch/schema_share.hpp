#pragma once

#include <array>
#include <atomic>
#include <leat/schema.hpp>

namespace leat::detail {

/// What a batch holds instead of a SchemaPtr. Every batch of a link has the same schema; if each counted
/// itself there, the threads of a pipeline would fight for the cache line of that one counter. So each thread
/// has a share of the schema, counts many batches in advance, and hands them out without an atomic write;
/// whoever frees a batch counts down the share of the thread that made it.
struct SchemaShare {
  SchemaPtr schema;
  std::atomic<std::uint32_t> users;

  /// For one more batch, made by this thread.
  static const SchemaShare* take(const SchemaPtr& schema);
  /// By any thread.
  void release() const;
};

}  // namespace leat::detail
