// The vectors of the optimizers, element by element, with Eigen: elements(to) += 2 *
// elements(from).
//
// Such operations are rounded the same in whatever packets they are done. Sums are not (sums.hpp):
// the order of Eigen's follows the width of the registers and the alignment.
#pragma once

#include <jetmlp/machine/threads.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <type_traits>

namespace jetmlp {

// A view of what a vector or buffer holds, which it has to outlive.
template <class Numbers>
auto elements(Numbers& numbers) {
    using Number = typename Numbers::value_type;
    using Array = Eigen::Array<Number, Eigen::Dynamic, 1>;
    using Viewed = std::conditional_t<std::is_const_v<Numbers>, const Array, Array>;
    return Eigen::Map<Viewed>(numbers.data(), static_cast<Eigen::Index>(numbers.size()));
}

// The same where there may be millions: with a look at the caller's wishes before they are worked
// on. Not for all: a call between operations has the compiler round some of them in another order.
template <class Numbers>
auto elements_of_many(Numbers& numbers) {
    if (numbers.size() >= std::size_t{1} << 18) {
        look_here();
    }
    return elements(numbers);
}

}  // namespace jetmlp
