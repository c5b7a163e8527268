// Sums over flat vectors, in double whatever they hold.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace jetmlp {

template <class Vector>
double inner_product(const Vector& one, const Vector& other) {
    double sum = 0.0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        sum += static_cast<double>(one[i]) * static_cast<double>(other[i]);
    }
    return sum;
}

template <class Vector>
double norm(const Vector& numbers) {
    return std::sqrt(inner_product(numbers, numbers));
}

template <class Vector>
double largest_magnitude(const Vector& numbers) {
    double largest = 0.0;
    for (const auto number : numbers) {
        largest = std::max(largest, std::abs(static_cast<double>(number)));
    }
    return largest;
}

}  // namespace jetmlp
