// Prints what a store of persist.kv holds, one line per key: kv_dump FOLDER
#include <fmt/format.h>

#include <cstdio>
#include <leat/codec.hpp>

#include "persist/kv_store.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const auto store = leat::KvStore::open({.path = argv[1], .read_only = true});
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().text());
    return 66;
  }
  const leat::Status read = (*store)->scan([](leat::KvStore::Entry entry) {
    const auto value = leat::msgpack_to_json(entry.value);
    fmt::print("{}\t{}\n", entry.key, value ? *value : "no MessagePack: " + value.error().text());
    return true;
  });
  if (read) return 0;
  fmt::print(stderr, "{}\n", read.error().text());
  return 65;
}
