#pragma once

namespace leat::bench {

/// The commit this program was built from, with "+" when the tree had changes; "unknown" outside git.
extern const char* const kRevision;

}  // namespace leat::bench
