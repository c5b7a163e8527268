#include "machine/subnormals.hpp"
#include "machine/text.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/optim/adam.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace jetmlp {

namespace {

// As integers, magnitudes keep their order, with infinity and NaN above every number: a maximum
// that vectorizes, where an "all finite" of floats would not.
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
Bits<T> magnitude(T number) {
    return std::bit_cast<Bits<T>>(std::abs(number));
}

template <class T>
struct StepFactors {
    T beta1, beta2, one_minus_beta1, one_minus_beta2, epsilon, kept, rate, correction;
};

template <class T>
Bits<T> largest_of(Index count, const T* numbers) {
    Bits<T> largest = 0;
    for (Index i = 0; i < count; ++i) {
        largest = std::max(largest, magnitude(numbers[i]));
    }
    return largest;
}

// A part of a step; returns the largest magnitude among the new parameters. A function of its own,
// whose arrays do not overlap and whose factors are its own: within a lambda that refers to them
// the loop is not vectorized, and a step of a small batch takes 1.4 times as long.
template <class T>
Bits<T> step_part(const StepFactors<T> by, Index count, const T* __restrict gradient,
                  const T* __restrict parameters, T* __restrict first_moment,
                  T* __restrict second_moment, T* __restrict updated) {
    Bits<T> largest = 0;
    for (Index i = 0; i < count; ++i) {
        const T g = gradient[i];
        const T m = by.beta1 * first_moment[i] + by.one_minus_beta1 * g;
        const T v = by.beta2 * second_moment[i] + by.one_minus_beta2 * (g * g);
        first_moment[i] = m;
        second_moment[i] = v;
        const T theta =
            by.kept * parameters[i] - by.rate * m / (std::sqrt(v) * by.correction + by.epsilon);
        updated[i] = theta;
        largest = std::max(largest, magnitude(theta));
    }
    return largest;
}

// √v̂ + ε is what a step is divided by.
template <class T>
std::unique_ptr<Optimizer<T>> make_adam(const AdamOptions& options, Index n_parameters) {
    const T epsilon = static_cast<T>(options.epsilon);
    const bool usable = epsilon > T(0) && std::isfinite(epsilon);
    if (!usable) {
        throw std::invalid_argument("optimizer: expected an epsilon above 0 that " +
                                    std::string(sizeof(T) == 4 ? "float32" : "float64") +
                                    " can hold, got " + text_of(options.epsilon));
    }
    return std::make_unique<Adam<T>>(options, n_parameters);
}

}  // namespace

std::vector<Setting> AdamOptions::settings() {
    return {setting("beta1", beta1), setting("beta2", beta2), setting("epsilon", epsilon),
            setting("weight_decay", weight_decay)};
}

std::unique_ptr<Optimizer<float>> AdamOptions::make_single(Index n_parameters) const {
    return make_adam<float>(*this, n_parameters);
}

std::unique_ptr<Optimizer<double>> AdamOptions::make_double(Index n_parameters) const {
    return make_adam<double>(*this, n_parameters);
}

template <class T>
Adam<T>::Adam(AdamOptions options, Index n_parameters) : options_(std::move(options)) {
    for (std::vector<T>* numbers : {&gradient_, &first_moment_, &second_moment_}) {
        resize_in_parts(*numbers, n_parameters);
    }
}

template <class T>
Losses Adam<T>::run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                          Execution& execution) {
    MeanLosses mean;
    const Index n_samples = plan.order.count;
    if (n_samples > 0) {
        for (Index first = 0; first < n_samples; first += plan.batch_size) {
            const Rows batch = plan.order.batch(first, plan.batch_size);
            mean.add(take_batch(objective, batch, plan.learning_rate, iterate, execution),
                     static_cast<double>(batch.count) / static_cast<double>(n_samples));
        }
        return mean.mean();
    }
    Index n_came = 0;  // how many samples come is known once they are there
    while (const Index count = objective.elsewhere()->next_batch()) {
        mean.add(take_batch(objective, {nullptr, 0, count}, plan.learning_rate, iterate, execution),
                 static_cast<double>(count));
        n_came += count;
    }
    return mean.mean(static_cast<double>(n_came));
}

template <class T>
Losses Adam<T>::take_batch(Objective<T>& objective, Rows batch, double learning_rate,
                           Iterate<T>& iterate, Execution& execution) {
    const Losses losses =
        objective.evaluate(iterate.current.data(), batch, gradient_.data(), execution);
    if (!std::isfinite(losses.total)) {
        throw Diverged();
    }
    if (!gradient_fits()) {
        // Its loss is finite, and the moments are its own.
        set_in_parts(iterate.previous, iterate.current);
        throw Diverged();
    }
    // Out of place: `current` has just shown a finite loss and is kept until the next has.
    const bool finite = step(learning_rate, iterate.current, iterate.previous);
    std::swap(iterate.current, iterate.previous);
    if (!finite) {  // no loss need notice: an output bias is no part of the derivatives
        throw Diverged();
    }
    return losses;
}

// Squares that overflow would make the second moment infinite, and every step from then on zero.
// Half of the root leaves room for rounding; v never exceeds the largest g².
template <class T>
bool Adam<T>::gradient_fits() const {
    static const T most = std::sqrt(std::numeric_limits<T>::max()) / T(2);
    Bits<T> largest = 0;
    in_parts_to_the_end(static_cast<Index>(gradient_.size()), [&](Index begin, Index end) {
        largest = std::max(largest, largest_of(end - begin, gradient_.data() + begin));
    });
    return largest <= magnitude(most);
}

template <class T>
void Adam<T>::visit(StateVisitor& state) {
    state.visit("n_steps", n_steps_);
    state.visit("first_moment", first_moment_, gradient_.size());
    state.visit("second_moment", second_moment_, gradient_.size());
    const bool squares = std::ranges::all_of(second_moment_, [](T v) { return v >= T(0); });
    state.expect(squares, "second_moment", "no negative numbers");
}

// One pass over the flat vectors:
// m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← (1−ηλ)θ − η m̂ / (√v̂ + ε)
// with m̂ = m/(1−β₁ᵗ) and v̂ = v/(1−β₂ᵗ), and λ the weight decay, which the moments do not see.
template <class T>
bool Adam<T>::step(double learning_rate, const std::vector<T>& from, std::vector<T>& to) {
    ++n_steps_;
    const auto t = static_cast<double>(n_steps_);
    StepFactors<T> factors;
    factors.beta1 = static_cast<T>(options_.beta1);
    factors.beta2 = static_cast<T>(options_.beta2);
    // 1 − 0.999 in float would be off by 5e-5 of itself, and so would v̂ be.
    factors.one_minus_beta1 = static_cast<T>(1.0 - options_.beta1);
    factors.one_minus_beta2 = static_cast<T>(1.0 - options_.beta2);
    factors.epsilon = static_cast<T>(options_.epsilon);
    factors.kept = static_cast<T>(1.0 - learning_rate * options_.weight_decay);
    factors.rate = static_cast<T>(learning_rate / (1.0 - std::pow(options_.beta1, t)));
    factors.correction = static_cast<T>(1.0 / std::sqrt(1.0 - std::pow(options_.beta2, t)));
    Bits<T> largest = 0;
    in_parts_to_the_end(static_cast<Index>(gradient_.size()), [&](Index begin, Index end) {
        const FlushSubnormals flush;
        largest = std::max(largest, step_part(factors, end - begin, gradient_.data() + begin,
                                              from.data() + begin, first_moment_.data() + begin,
                                              second_moment_.data() + begin, to.data() + begin));
    });
    return largest < magnitude(std::numeric_limits<T>::infinity());
}

template class Adam<float>;
template class Adam<double>;

}  // namespace jetmlp
