#include "fuzz/entries.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  leat::fuzz::try_feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
