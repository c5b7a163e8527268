// Sums over vectors, in double whatever they hold, with the same bytes at every instruction-set
// level that has fused multiply-add.
//
// Why not Eigen's: it adds up in as many partial sums as the processor's vectors have lanes, and
// the levels would differ in the last bits; so would float be summed in float.
#pragma once

#include "kernels/vector.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace jetmlp {

// sum + a b, fused where the processor can: left to itself, the compiler fuses at one level and
// vectorizes at another.
inline double add_product(double sum, double a, double b) {
#ifdef __FP_FAST_FMA
    return std::fma(a, b, sum);
#else
    return sum + a * b;
#endif
}
inline double add_square(double sum, double x) { return add_product(sum, x, x); }
// sum + ω x²
inline double add_weighted_square(double sum, double weight, double x) {
    return add_product(sum, weight * x, x);
}

// As many numbers as a vector of doubles holds.
inline kernels::Vector<double> load_doubles(const double* from) { return kernels::load(from); }
inline kernels::Vector<double> load_doubles(const float* from) {
    typedef float Half __attribute__((vector_size(kernels::vector_bytes / 2)));
    Half half;
    std::memcpy(&half, from, sizeof half);
    return __builtin_convertvector(half, kernels::Vector<double>);
}

// Number i is added to partial sum i mod 16, whatever the length of the vectors. Of millions, some
// at a time.
template <class T>
double inner_product(Index size, const T* one, const T* other) {
    using kernels::lanes;
    constexpr Index n_sums = 16;
    constexpr Index n_vectors = n_sums / lanes<double>;
    kernels::Vector<double> vectors[n_vectors]{};
    Index i = size / n_sums * n_sums;
    in_parts_to_the_end(i, [&vectors, one, other](Index first, Index last) {
        kernels::Vector<double> of_part[n_vectors];
        std::copy_n(vectors, n_vectors, of_part);
        for (Index from = first; from < last; from += n_sums) {
#pragma GCC unroll 8
            for (Index v = 0; v < n_vectors; ++v) {
                const Index at = from + v * lanes<double>;
                of_part[v] += load_doubles(one + at) * load_doubles(other + at);
            }
        }
        std::copy_n(of_part, n_vectors, vectors);
    });
    double sums[n_sums];
    for (Index v = 0; v < n_vectors; ++v) {
        kernels::store(sums + v * lanes<double>, vectors[v]);
    }
    for (Index s = 0; i < size; ++i, ++s) {
        sums[s] = add_product(sums[s], static_cast<double>(one[i]), static_cast<double>(other[i]));
    }
    for (Index half = n_sums / 2; half > 0; half /= 2) {
        for (Index s = 0; s < half; ++s) {
            sums[s] += sums[s + half];
        }
    }
    return sums[0];
}

template <class Vector>
double inner_product(const Vector& one, const Vector& other) {
    return inner_product(static_cast<Index>(one.size()), one.data(), other.data());
}

template <class Vector>
double norm(const Vector& numbers) {
    return std::sqrt(inner_product(numbers, numbers));
}

template <class Vector>
double largest_magnitude(const Vector& numbers) {
    double largest = 0.0;
    in_parts_to_the_end(static_cast<Index>(numbers.size()), [&](Index first, Index last) {
        for (Index i = first; i < last; ++i) {
            const auto number = numbers[static_cast<std::size_t>(i)];
            largest = std::max(largest, std::abs(static_cast<double>(number)));
        }
    });
    return largest;
}

}  // namespace jetmlp
