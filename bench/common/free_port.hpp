#pragma once

namespace leat::bench {

/// A TCP port of loopback that nobody listens on now; a stage binds it a moment later.
int free_port();

}  // namespace leat::bench
