// The entries of a symmetric d×d matrix on and above its diagonal, row by row, as one row of
// numbers: (0,0), (0,1), …, (0,d−1), (1,1), …
#pragma once

#include <jetmlp/machine/types.hpp>

#include <algorithm>

namespace jetmlp {

constexpr Index n_pairs(Index d) { return d * (d + 1) / 2; }

constexpr Index pair_of(Index d, Index k, Index l) {
    const Index first = std::min(k, l);
    const Index second = std::max(k, l);
    return first * d - first * (first - 1) / 2 + second - first;
}

}  // namespace jetmlp
