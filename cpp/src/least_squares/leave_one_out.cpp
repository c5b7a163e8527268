#include "least_squares/leave_one_out.hpp"

#include "linear_algebra/cholesky.hpp"
#include "linear_algebra/sums.hpp"
#include "linear_algebra/symmetric_matrix.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// Of one sample, from its block of M̃⁻¹.
void leave_out(const std::vector<Index>& sample, const double* block,
               const Buffer<double>& whitened, LeftOut& result, Execution& execution) {
    // M̃⁻¹ is at most 1 and came out of sums of numbers of that size.
    constexpr double rounding = 1e-13;
    const auto size = static_cast<Index>(sample.size());
    SymmetricMatrix matrix;
    matrix.resize(size);
    Buffer<double> right_side(sample.size());
    for (Index i = 0; i < size; ++i) {
        std::copy_n(block + i * size + i, size - i, matrix.row(i) + i);
        right_side[static_cast<std::size_t>(i)] =
            whitened[static_cast<std::size_t>(sample[static_cast<std::size_t>(i)])];
    }
    Cholesky cholesky;
    double shift = 0.0;
    while (!cholesky.factor(matrix, shift, execution)) {
        shift = std::max(10.0 * shift, rounding);
        if (!(shift < 1.0)) {
            throw std::runtime_error("the leave-one-out errors are not finite");
        }
    }
    cholesky.solve(right_side.data(), right_side.data());
    Panel inverse;
    inverse.resize(size, size);
    for (Index i = 0; i < size; ++i) {
        inverse.row(i)[i] = 1.0;
    }
    cholesky.substitute_forward(inverse.row(0), size, inverse.stride, true, execution);
    for (Index i = 0; i < size; ++i) {
        double variance = 0.0;
        for (Index k = i; k < size; ++k) {
            variance = add_square(variance, inverse.row(k)[i]);
        }
        const auto at = static_cast<std::size_t>(sample[static_cast<std::size_t>(i)]);
        result.errors[at] = right_side[static_cast<std::size_t>(i)];
        result.variances[at] = variance;
    }
}

// The residuals of each sample.
std::vector<std::vector<Index>> residuals_by_sample(const ResidualLayout& layout) {
    std::map<Index, std::vector<Index>> by_sample;
    for (std::size_t i = 0; i < layout.sample_of_error().size(); ++i) {
        by_sample[layout.sample_of_error()[i]].push_back(static_cast<Index>(i));
    }
    std::vector<std::vector<Index>> samples;
    samples.reserve(by_sample.size());
    for (auto& [sample, residuals] : by_sample) {
        samples.push_back(std::move(residuals));
    }
    return samples;
}

}  // namespace

LeftOut leave_out_samples(WhitenedSystem& system, const ResidualLayout& layout,
                          const Buffer<double>& whitened, Execution& execution) {
    const std::vector<std::vector<Index>> samples = residuals_by_sample(layout);
    const std::vector<double> blocks = system.inverse_blocks(samples, execution);
    LeftOut result{std::vector<double>(whitened.size()), std::vector<double>(whitened.size())};
    const double* block = blocks.data();
    for (const std::vector<Index>& sample : samples) {
        leave_out(sample, block, whitened, result, execution);
        block += sample.size() * sample.size();
    }
    return result;
}

}  // namespace jetmlp
