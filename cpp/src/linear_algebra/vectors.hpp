// The vectors of the optimizers, element by element, with Eigen: elements(to) += 2 *
// elements(from).
//
// Such operations are rounded the same in whatever packets they are done. Sums are not (sums.hpp):
// the order of Eigen's follows the width of the registers and the alignment.
#pragma once

#include <jetmlp/machine/parts.hpp>

#include <Eigen/Core>

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

// update(a, b, …) with views of the same part of vectors of one length, for all parts of them, with
// a look at the caller's wishes between two.
template <class Update, class First, class... Others>
void by_parts(const Update& update, First& first, Others&... others) {
    const auto view = [](auto& numbers, Index begin, Index end) {
        return elements(numbers).segment(begin, end - begin);
    };
    in_parts_to_the_end(static_cast<Index>(first.size()), [&](Index begin, Index end) {
        update(view(first, begin, end), view(others, begin, end)...);
    });
}

}  // namespace jetmlp
