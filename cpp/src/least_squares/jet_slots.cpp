#include "least_squares/jet_slots.hpp"

#include <utility>

namespace jetmlp {

JetSlots::JetSlots(Index n_tangents, std::vector<TangentPair> pairs)
    : n_tangents_(n_tangents), pairs_(std::move(pairs)) {
    splits_ = {{0, 0}};
    for (Index k = 0; k < n_tangents; ++k) {
        splits_.insert(splits_.end(), {{tangent(k), 0}, {0, tangent(k)}});
    }
    Index own = 1 + n_tangents;
    for (const auto [k, l] : pairs_) {
        splits_.insert(splits_.end(),
                       {{own, 0}, {tangent(k), tangent(l)}, {tangent(l), tangent(k)}, {0, own}});
        ++own;
    }
    uses_.resize(static_cast<std::size_t>(own));
    for (Index slot = 0; slot < size(); ++slot) {
        for (int i = 0; i < n_splits(slot); ++i) {
            const auto [left, right] = splits(slot)[i];
            uses_[static_cast<std::size_t>(right)].push_back({slot, left});
        }
    }
    place(1);
}

void JetSlots::place(Index slot_size) {
    offsets_ = splits_;
    for (Split& split : offsets_) {
        split.left *= slot_size;
        split.right *= slot_size;
    }
}

}  // namespace jetmlp
