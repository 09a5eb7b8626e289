#include "infer/remote/breaker.hpp"

#include <algorithm>

namespace leat {

void Breaker::record(bool failed, bool decides, Time now) {
  if (decides) {
    trying_ = false;
    if (failed)
      until_ = now + rules_.pause;
    else
      reset();
    return;
  }
  if (open_) return;
  if (count_ == rules_.of && failed_[next_]) --failures_;
  failed_[next_] = failed;
  next_ = (next_ + 1) % rules_.of;
  count_ = std::min(count_ + 1, rules_.of);
  failures_ += failed;
  if (count_ < rules_.of || failures_ < rules_.failures * rules_.of) return;
  open_ = true;
  until_ = now + rules_.pause;
}

void Breaker::reset() {
  open_ = false;
  next_ = count_ = failures_ = 0;
}

}  // namespace leat
