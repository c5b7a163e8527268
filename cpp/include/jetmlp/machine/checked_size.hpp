// Sizes of arrays, from sizes that users choose: sums and products that do not wrap around.
//
// An index into an array is smaller than a size that was checked here, so indices need no check.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <cstddef>
#include <new>

namespace jetmlp {

// Thrown for a size that Index cannot hold. No memory could, so it is what allocating would throw.
class SizeOverflow : public std::bad_alloc {
  public:
    [[nodiscard]] const char* what() const noexcept override {
        return "sizes: expected arrays of fewer than 2⁶³ numbers, got more";
    }
};

template <class... Sizes>
[[nodiscard]] constexpr Index checked_product(Index size, Sizes... others) {
    const auto multiply = [&size](Index other) {
        if (__builtin_mul_overflow(size, other, &size)) {
            throw SizeOverflow();
        }
    };
    (multiply(others), ...);
    return size;
}

template <class... Sizes>
[[nodiscard]] constexpr Index checked_sum(Index size, Sizes... others) {
    const auto add = [&size](Index other) {
        if (__builtin_add_overflow(size, other, &size)) {
            throw SizeOverflow();
        }
    };
    (add(others), ...);
    return size;
}

// As containers count: the product of sizes that are not negative.
template <class... Sizes>
[[nodiscard]] constexpr std::size_t count_of(Sizes... sizes) {
    return static_cast<std::size_t>(checked_product(sizes...));
}

}  // namespace jetmlp
