// What stands beside a value in a jet, and the rule by which jets are multiplied.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// Two tangents, first ≤ second, along which there is a second derivative.
struct TangentPair {
    Index first;
    Index second;
};

// A jet has the slots
//   0            its value
//   1 … t        its tangents ḟ_k
//   1 + t …      its second derivatives f̈_kl, one for each pair
// and slot q of a product f g is the sum of f_left g_right over the splits of q:
//   (f g)      = f g
//   (f g)˙_k   = ḟ_k g + f ġ_k
//   (f g)¨_kl  = f̈_kl g + ḟ_k ġ_l + ḟ_l ġ_k + f g̈_kl
//
// Slots of several samples stand one behind another, `size` numbers each: *offsets* are splits in
// such numbers.
class JetSlots {
  public:
    struct Split {
        Index left;
        Index right;
    };
    // A slot of a product that a slot of g goes into, and what of f it is multiplied by there.
    struct Use {
        Index slot;
        Index left;
    };

    JetSlots(Index n_tangents, std::vector<TangentPair> pairs);
    // How many numbers each slot has from here on; offsets are those of 1 before.
    void place(Index slot_size);

    [[nodiscard]] Index size() const { return static_cast<Index>(uses_.size()); }
    [[nodiscard]] Index n_tangents() const { return n_tangents_; }
    [[nodiscard]] const std::vector<TangentPair>& pairs() const { return pairs_; }
    [[nodiscard]] static Index tangent(Index k) { return 1 + k; }
    [[nodiscard]] Index pair(Index p) const { return 1 + n_tangents_ + p; }

    // 1 of a value, 2 of a tangent, 4 of a second derivative.
    [[nodiscard]] int n_splits(Index slot) const {
        if (slot == 0) {
            return 1;
        }
        return slot <= n_tangents_ ? 2 : 4;
    }
    // Those of a slot, and behind them those of the slots that follow.
    [[nodiscard]] const Split* splits(Index slot) const { return splits_.data() + first(slot); }
    [[nodiscard]] const Split* offsets(Index slot) const { return offsets_.data() + first(slot); }
    [[nodiscard]] const std::vector<Use>& uses(Index right) const {
        return uses_[static_cast<std::size_t>(right)];
    }

  private:
    [[nodiscard]] Index first(Index slot) const {
        if (slot == 0) {
            return 0;
        }
        return slot <= n_tangents_ ? 2 * slot - 1 : 4 * slot - 2 * n_tangents_ - 3;
    }

    Index n_tangents_;
    std::vector<TangentPair> pairs_;
    std::vector<Split> splits_;
    std::vector<Split> offsets_;
    std::vector<std::vector<Use>> uses_;
};

}  // namespace jetmlp
