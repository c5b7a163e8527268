// Whether what a network predicts for its samples can overflow at all.
#pragma once

#include <jetmlp/loss/objective.hpp>

#include <vector>

namespace jetmlp {

// True if every prediction of the terms of the objective is finite, by bounds that cost one look at
// parameters and inputs; false if these do not say.
template <class T>
[[nodiscard]] bool surely_finite(const Objective<T>& objective, const std::vector<T>& parameters);

extern template bool surely_finite(const Objective<float>&, const std::vector<float>&);
extern template bool surely_finite(const Objective<double>&, const std::vector<double>&);

}  // namespace jetmlp
