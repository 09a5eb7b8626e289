#include "common/address_pipe.hpp"

#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace leat::bench {
namespace {

// A fixed length below PIPE_BUF, so that one read gets what one write put.
constexpr std::size_t kAddressBytes = 256;

}  // namespace

AddressPipe::AddressPipe() {
  if (pipe(ends_) != 0) throw std::runtime_error("cannot make a pipe");
}
AddressPipe::AddressPipe(AddressPipe&& other) noexcept
    : ends_{std::exchange(other.ends_[0], -1), std::exchange(other.ends_[1], -1)} {}
AddressPipe::~AddressPipe() {
  for (const int end : ends_)
    if (end >= 0) close(end);
}

void AddressPipe::tell(const std::string& address) const {
  std::array<char, kAddressBytes> text{};
  address.copy(text.data(), text.size() - 1);
  if (write(ends_[1], text.data(), text.size()) != ssize_t(text.size()))
    throw std::runtime_error("cannot tell the address " + address);
}

std::string AddressPipe::hear() const {
  std::array<char, kAddressBytes> text{};
  if (read(ends_[0], text.data(), text.size()) != ssize_t(text.size()))
    throw std::runtime_error("the next stage told no address");
  return text.data();
}

}  // namespace leat::bench
