#pragma once

#include <leat/random.hpp>
#include <leat/state_bytes.hpp>
#include <vector>

namespace leat {

/// A robust random cut tree over a changing set of points (S. Guha, N. Mishra, G. Roy, O. Schrijvers: "Robust
/// Random Cut Forest Based Anomaly Detection on Streams", ICML 2016). Each inner node cuts the box around its
/// points: a dimension is drawn in proportion to the box's length in it, a place in it uniformly. Points are
/// added and taken out one by one, and the tree stays what it would be had it been built of the points that
/// are left (theorems 2 to 4 there). Equal points share a leaf. Holds up to `points_max` points; about 24
/// bytes per point and dimension and 40 per point. One thread.
class CutTree {
 public:
  using Leaf = std::uint32_t;

  CutTree(std::uint32_t dimensions, std::uint32_t points_max)
      : dimensions_(dimensions), points_max_(points_max) {}

  std::uint32_t size() const { return root_ == kNone ? 0 : count_of(root_); }
  std::uint32_t dimensions() const { return dimensions_; }

  /// Where a point would stand, and what it would do there.
  struct Spot {
    /// Collusive displacement: over all ways to take the point out together with its neighbours up to some
    /// ancestor, the most other points that would move up by one, per point taken out.
    double displacement = 0;
    std::uint32_t dimension = 0;  ///< of the cut that displaces most

   private:
    friend class CutTree;
    std::int32_t beside_ = 0;  // the node that the point is cut off from, or the leaf that it equals
    std::uint32_t cut_dimension_ = 0;
    double cut_ = 0;
    bool left_ = false;  // the point's side of the cut
    bool equal_ = false;
  };
  /// The point has a value per dimension. The tree is as before.
  Spot find(std::span<const double> point, Random& random) const;
  /// The point found last, before any change of the tree: what `find` said comes true. There is room for it
  /// (LEAT_ASSERT).
  Leaf insert(std::span<const double> point, const Spot& spot);
  /// One of the points at a leaf.
  void remove(Leaf leaf);

  /// Leaves get new numbers, from 0 in the order of their points from left to right; `numbers[leaf]` are
  /// those.
  void save(StateOut& out, std::vector<Leaf>& numbers) const;
  /// Into an empty tree of as many dimensions.
  void load(StateIn& in);
  /// How many points stand at a leaf; 0 if there is no such leaf.
  std::uint32_t points_at(Leaf leaf) const { return leaf < leaves_.size() ? leaves_[leaf].count : 0; }
  std::size_t byte_size() const;

  /// Whether counts, boxes, cuts and links agree with the points.
  bool consistent() const;

 private:
  // A node is named by its position in `inner_`, or by ~position in `leaves_`.
  static constexpr std::int32_t kNone = INT32_MIN;
  struct Inner {
    std::int32_t parent = kNone;
    std::int32_t left = kNone;  // at most `cut`
    std::int32_t right = kNone;
    std::uint32_t count = 0;
    std::uint32_t dimension = 0;
    double cut = 0;
  };
  struct AtLeaf {
    std::int32_t parent = kNone;
    std::uint32_t count = 0;
  };
  struct Range {
    double low = 0;
    double high = 0;
  };

  std::uint32_t count_of(std::int32_t node) const {
    return node < 0 ? leaves_[leaf_of(node)].count : inner_[inner_of(node)].count;
  }
  static std::size_t leaf_of(std::int32_t node) { return ~static_cast<std::uint32_t>(node); }
  static std::size_t inner_of(std::int32_t node) { return static_cast<std::size_t>(node); }
  std::span<double> point(Leaf leaf) {
    return std::span(points_).subspan(std::size_t{leaf} * dimensions_, dimensions_);
  }
  std::span<const double> point(Leaf leaf) const {
    return std::span(points_).subspan(std::size_t{leaf} * dimensions_, dimensions_);
  }
  std::span<Range> box(std::int32_t node) {
    return std::span(boxes_).subspan(inner_of(node) * dimensions_, dimensions_);
  }
  std::span<const Range> box(std::int32_t node) const {
    return std::span(boxes_).subspan(inner_of(node) * dimensions_, dimensions_);
  }
  Range range(std::int32_t node, std::size_t dimension) const {
    if (node >= 0) return boxes_[inner_of(node) * dimensions_ + dimension];
    const double value = points_[leaf_of(node) * dimensions_ + dimension];
    return {value, value};
  }
  std::int32_t& parent_of(std::int32_t node) {
    return node < 0 ? leaves_[leaf_of(node)].parent : inner_[inner_of(node)].parent;
  }

  bool cut_off(std::int32_t node, std::span<const double> point, Random& random, Spot& spot) const;
  void add_to_ancestors(std::int32_t node, std::span<const double> point);
  void replace_child(std::int32_t parent, std::int32_t child, std::int32_t by);
  void shrink_ancestors(std::int32_t node);
  bool fit_box(std::int32_t node);
  Leaf new_leaf(std::span<const double> point);
  std::int32_t new_inner();
  bool fits(std::int32_t node) const;

  std::uint32_t dimensions_;
  std::uint32_t points_max_;
  std::int32_t root_ = kNone;
  std::vector<Inner> inner_;
  std::vector<Range> boxes_;  // per inner node, one range per dimension
  std::vector<AtLeaf> leaves_;
  std::vector<double> points_;  // per leaf
  std::vector<std::uint32_t> free_inner_, free_leaves_;
};

}  // namespace leat
