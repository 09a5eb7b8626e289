#include "anomaly/cut_tree.hpp"

#include <algorithm>
#include <cmath>

namespace leat {
namespace {

// By how much a value stands outside a range.
double beyond(double low, double high, double value) {
  return value < low ? low - value : value > high ? value - high : 0;
}

}  // namespace

// A cut is drawn in the box around the node's points and this one. It keeps the point apart from all others
// if it falls into what the point adds to the box, which is likelier the farther out the point is. If it does
// not, it is as if the cut that the node has had been drawn (theorem 3 of the paper).
bool CutTree::cut_off(std::int32_t node, std::span<const double> point, Random& random, Spot& spot) const {
  const auto in_box = [&, ranges = node < 0 ? nullptr : box(node).data(),
                       at_leaf = node < 0 ? this->point(static_cast<Leaf>(leaf_of(node))).data()
                                          : nullptr](std::size_t at) {
    return ranges != nullptr ? ranges[at] : Range{at_leaf[at], at_leaf[at]};
  };
  double added = 0;
  double length = 0;
  for (std::size_t at = 0; at < dimensions_; ++at) {
    const Range has = in_box(at);
    const double more = beyond(has.low, has.high, point[at]);
    added += more;
    length += more + (has.high - has.low);
  }
  if (added == 0) return false;
  double place = random.unit() * length;
  if (node >= 0 && place >= added) return false;
  std::size_t dimension = 0;
  double more = 0;
  for (std::size_t at = 0; at < dimensions_ && place >= more; ++at) {
    const Range has = in_box(at);
    const double here = beyond(has.low, has.high, point[at]);
    if (here == 0) continue;
    place -= more;
    dimension = at;
    more = here;
  }
  const Range has = in_box(dimension);
  spot.left_ = point[dimension] < has.low;
  const double from = spot.left_ ? point[dimension] : has.high;
  const double to = spot.left_ ? has.low : point[dimension];
  // What rounding puts onto the far end would be on the wrong side.
  const double cut = from + std::min(place, more);
  spot.cut_ = cut < to ? cut : from;
  spot.cut_dimension_ = static_cast<std::uint32_t>(dimension);
  return true;
}

CutTree::Spot CutTree::find(std::span<const double> point, Random& random) const {
  Spot spot;
  // The greatest ratio so far, as two integers: a division per level would cost more than the level.
  std::uint64_t most = 0;
  std::uint64_t most_together = 1;
  const auto displaces = [&](std::uint64_t others, std::uint64_t together, std::uint32_t dimension) {
    if (others * most_together <= most * together) return;
    most = others;
    most_together = together;
    spot.dimension = dimension;
  };
  for (spot.beside_ = root_; spot.beside_ != kNone;) {
    if (cut_off(spot.beside_, point, random, spot)) {
      displaces(count_of(spot.beside_), 1, spot.cut_dimension_);
      break;
    }
    spot.equal_ = spot.beside_ < 0;
    if (spot.equal_) break;
    const Inner& node = inner_[inner_of(spot.beside_)];
    const bool left = point[node.dimension] <= node.cut;
    const std::int32_t next = left ? node.left : node.right;
    const std::uint32_t together = count_of(next) + 1;
    displaces(node.count + 1 - together, together, node.dimension);
    spot.beside_ = next;
  }
  spot.displacement = static_cast<double>(most) / static_cast<double>(most_together);
  return spot;
}

CutTree::Leaf CutTree::insert(std::span<const double> point, const Spot& spot) {
  LEAT_ASSERT(size() < points_max_);
  if (spot.equal_) {
    AtLeaf& leaf = leaves_[leaf_of(spot.beside_)];
    ++leaf.count;
    add_to_ancestors(leaf.parent, point);
    return static_cast<Leaf>(leaf_of(spot.beside_));
  }
  const Leaf leaf = new_leaf(point);
  const std::int32_t added = ~static_cast<std::int32_t>(leaf);
  if (root_ == kNone) {
    root_ = added;
    return leaf;
  }
  const std::int32_t node = new_inner();
  const std::int32_t parent = parent_of(spot.beside_);
  inner_[inner_of(node)] = {parent,
                            spot.left_ ? added : spot.beside_,
                            spot.left_ ? spot.beside_ : added,
                            count_of(spot.beside_) + 1,
                            spot.cut_dimension_,
                            spot.cut_};
  leaves_[leaf].parent = node;
  replace_child(parent, spot.beside_, node);
  parent_of(spot.beside_) = node;
  fit_box(node);
  add_to_ancestors(parent, point);
  return leaf;
}

void CutTree::remove(Leaf leaf) {
  AtLeaf& gone = leaves_[leaf];
  const std::int32_t parent = gone.parent;
  if (--gone.count > 0) {
    for (std::int32_t node = parent; node != kNone; node = inner_[inner_of(node)].parent)
      --inner_[inner_of(node)].count;
    return;
  }
  free_leaves_.push_back(leaf);
  if (parent == kNone) {
    root_ = kNone;
    return;
  }
  const Inner& cut = inner_[inner_of(parent)];
  const std::int32_t sibling = cut.left == ~static_cast<std::int32_t>(leaf) ? cut.right : cut.left;
  parent_of(sibling) = cut.parent;
  replace_child(cut.parent, parent, sibling);
  free_inner_.push_back(static_cast<std::uint32_t>(parent));
  shrink_ancestors(cut.parent);
}

void CutTree::replace_child(std::int32_t parent, std::int32_t child, std::int32_t by) {
  if (parent == kNone) {
    root_ = by;
    return;
  }
  Inner& node = inner_[inner_of(parent)];
  (node.left == child ? node.left : node.right) = by;
}

void CutTree::add_to_ancestors(std::int32_t node, std::span<const double> point) {
  for (; node != kNone; node = inner_[inner_of(node)].parent) {
    ++inner_[inner_of(node)].count;
    const std::span<Range> ranges = box(node);
    for (std::size_t at = 0; at < dimensions_; ++at) {
      ranges[at].low = std::min(ranges[at].low, point[at]);
      ranges[at].high = std::max(ranges[at].high, point[at]);
    }
  }
}

// Once a box stays as it is, those around it do too.
void CutTree::shrink_ancestors(std::int32_t node) {
  bool changes = true;
  for (; node != kNone; node = inner_[inner_of(node)].parent) {
    --inner_[inner_of(node)].count;
    if (changes) changes = fit_box(node);
  }
}

// Whether that changed the box.
bool CutTree::fit_box(std::int32_t node) {
  const Inner& inner = inner_[inner_of(node)];
  const std::span<Range> ranges = box(node);
  bool changed = false;
  for (std::size_t at = 0; at < dimensions_; ++at) {
    const Range left = range(inner.left, at);
    const Range right = range(inner.right, at);
    const Range both{std::min(left.low, right.low), std::max(left.high, right.high)};
    changed |= both.low != ranges[at].low || both.high != ranges[at].high;
    ranges[at] = both;
  }
  return changed;
}

CutTree::Leaf CutTree::new_leaf(std::span<const double> at) {
  Leaf leaf = 0;
  if (free_leaves_.empty()) {
    leaf = static_cast<Leaf>(leaves_.size());
    if (leaves_.size() == leaves_.capacity()) {  // doubling, but never beyond what the tree may hold
      const std::size_t room = std::min<std::size_t>(points_max_, std::max<std::size_t>(8, leaf * 2));
      leaves_.reserve(room);
      points_.reserve(room * dimensions_);
      inner_.reserve(room - 1);
      boxes_.reserve((room - 1) * dimensions_);
    }
    leaves_.emplace_back();
    points_.resize(points_.size() + dimensions_);
  } else {
    leaf = free_leaves_.back();
    free_leaves_.pop_back();
  }
  leaves_[leaf] = {kNone, 1};
  std::ranges::copy(at, point(leaf).begin());
  return leaf;
}

std::int32_t CutTree::new_inner() {
  if (!free_inner_.empty()) {
    const std::uint32_t slot = free_inner_.back();
    free_inner_.pop_back();
    return static_cast<std::int32_t>(slot);
  }
  inner_.emplace_back();
  boxes_.resize(boxes_.size() + dimensions_);
  return static_cast<std::int32_t>(inner_.size() - 1);
}

// Nodes from the top, left before right: 1, dimension and cut; or 0, the number of points and where they are.
void CutTree::save(StateOut& out, std::vector<Leaf>& numbers) const {
  numbers.assign(leaves_.size(), 0);
  out.put(size());
  Leaf next = 0;
  std::vector<std::int32_t> waiting;
  if (root_ != kNone) waiting.push_back(root_);
  while (!waiting.empty()) {
    const std::int32_t node = waiting.back();
    waiting.pop_back();
    out.put<std::uint8_t>(node >= 0 ? 1 : 0);
    if (node >= 0) {
      const Inner& inner = inner_[inner_of(node)];
      out.put(inner.dimension);
      out.put(inner.cut);
      waiting.push_back(inner.right);
      waiting.push_back(inner.left);
    } else {
      const auto leaf = static_cast<Leaf>(leaf_of(node));
      numbers[leaf] = next++;
      out.put(leaves_[leaf].count);
      out.put_all(point(leaf));
    }
  }
}

void CutTree::load(StateIn& in) {
  const auto points = in.get<std::uint32_t>();
  if (points > points_max_) return in.fail();
  std::vector<std::int32_t> open;  // inner nodes that lack a child
  std::vector<double> at(dimensions_);
  for (bool whole = points == 0; !whole;) {
    std::int32_t node = kNone;
    if (in.get<std::uint8_t>() != 0) {
      if (inner_.size() + 1 >= points) return in.fail();
      node = new_inner();
      Inner& inner = inner_[inner_of(node)];
      inner = {kNone, kNone, kNone, 0, in.get<std::uint32_t>(), in.get<double>()};
      if (inner.dimension >= dimensions_) return in.fail();
    } else {
      const auto count = in.get<std::uint32_t>();
      in.get_all(std::span<double>(at));
      if (leaves_.size() >= points || count == 0 || count > points) return in.fail();
      const Leaf leaf = new_leaf(at);
      leaves_[leaf].count = count;
      node = ~static_cast<std::int32_t>(leaf);
    }
    if (!in.ok()) return;
    if (open.empty()) {
      root_ = node;
    } else {
      Inner& parent = inner_[inner_of(open.back())];
      parent_of(node) = open.back();
      (parent.left == kNone ? parent.left : parent.right) = node;
    }
    if (node >= 0) {
      open.push_back(node);
      continue;
    }
    // A node whose second child is there is whole, and perhaps its parent with it.
    while (!open.empty() && inner_[inner_of(open.back())].right != kNone) {
      Inner& inner = inner_[inner_of(open.back())];
      inner.count = count_of(inner.left) + count_of(inner.right);
      fit_box(open.back());
      open.pop_back();
    }
    whole = open.empty();
  }
  if (size() != points || !consistent()) in.fail();
}

std::size_t CutTree::byte_size() const {
  return sizeof *this + inner_.capacity() * sizeof(Inner) + boxes_.capacity() * sizeof(Range) +
         leaves_.capacity() * sizeof(AtLeaf) + points_.capacity() * sizeof(double) +
         (free_inner_.capacity() + free_leaves_.capacity()) * sizeof(std::uint32_t);
}

bool CutTree::consistent() const {
  const std::size_t leaves = leaves_.size() - free_leaves_.size();
  const std::size_t inner = inner_.size() - free_inner_.size();
  if (root_ == kNone) return leaves == 0 && inner == 0;
  std::size_t leaves_seen = 0;
  std::size_t inner_seen = 0;
  std::vector<std::pair<std::int32_t, std::int32_t>> waiting{{root_, kNone}};  // node and parent
  while (!waiting.empty()) {
    const auto [node, parent] = waiting.back();
    waiting.pop_back();
    if (node < 0) {
      if (++leaves_seen > leaves || leaves_[leaf_of(node)].parent != parent || count_of(node) == 0)
        return false;
      continue;
    }
    const Inner& at = inner_[inner_of(node)];
    if (++inner_seen > inner || at.parent != parent || !fits(node)) return false;
    waiting.emplace_back(at.right, node);
    waiting.emplace_back(at.left, node);
  }
  return leaves_seen == leaves && inner_seen == inner;
}

bool CutTree::fits(std::int32_t node) const {
  const Inner& inner = inner_[inner_of(node)];
  if (inner.count != count_of(inner.left) + count_of(inner.right)) return false;
  for (std::size_t at = 0; at < dimensions_; ++at) {
    const Range left = range(inner.left, at);
    const Range right = range(inner.right, at);
    const Range both = range(node, at);
    if (both.low != std::min(left.low, right.low) || both.high != std::max(left.high, right.high))
      return false;
  }
  return range(inner.left, inner.dimension).high <= inner.cut &&
         inner.cut < range(inner.right, inner.dimension).low;
}

}  // namespace leat
