#pragma once

#include <cstddef>
#include <string>

namespace leat::bench {

/// A pipe over which a consumer tells its producer the address it bound, so that ports are the kernel's
/// choice. Made before the stages start; works between threads and between processes.
class AddressPipe {
 public:
  AddressPipe();
  ~AddressPipe();
  AddressPipe(AddressPipe&& other) noexcept;
  AddressPipe(const AddressPipe&) = delete;
  AddressPipe& operator=(const AddressPipe&) = delete;
  AddressPipe& operator=(AddressPipe&&) = delete;

  void tell(const std::string& address) const;
  /// Blocks until the other side told.
  std::string hear() const;

 private:
  int ends_[2];
};

}  // namespace leat::bench
