#include "least_squares/jet_slots.hpp"

#include <utility>

namespace jetmlp {

JetSlots::JetSlots(Index n_tangents, std::vector<TangentPair> pairs)
    : n_tangents_(n_tangents), pairs_(std::move(pairs)) {
    splits_.push_back({{0, 0}});
    for (Index k = 0; k < n_tangents; ++k) {
        splits_.push_back({{tangent(k), 0}, {0, tangent(k)}});
    }
    for (const auto [k, l] : pairs_) {
        const Index own = size();
        splits_.push_back({{own, 0}, {tangent(k), tangent(l)}, {tangent(l), tangent(k)}, {0, own}});
    }
    uses_.resize(splits_.size());
    for (Index slot = 0; slot < size(); ++slot) {
        for (const auto [left, right] : splits(slot)) {
            uses_[static_cast<std::size_t>(right)].push_back({slot, left});
        }
    }
}

}  // namespace jetmlp
