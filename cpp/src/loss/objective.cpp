#include "loss/penalty.hpp"
#include "loss/second_derivative_errors.hpp"
#include "loss/squared_errors.hpp"
#include "machine/subnormals.hpp"
#include "network/packed_parameters.hpp"
#include "propagation/factory.hpp"

#include <jetmlp/loss/objective.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace jetmlp {

namespace {

// More slices than this would cost more in adding up their gradients than threads could win.
constexpr Index most_slices = 16;

void expect_same(const char* what, Index network, Index data) {
    if (network != data) {
        throw std::invalid_argument(std::string(what) + ": the network has " +
                                    std::to_string(network) + ", the data " + std::to_string(data));
    }
}

// Σ of what each row has, or of what they all have.
template <class OfSample>
double sum_over(Rows rows, bool all_the_same, OfSample of_sample) {
    if (all_the_same) {
        return static_cast<double>(rows.count) * of_sample(rows[0]);
    }
    double sum = 0.0;
    for (Index i = 0; i < rows.count; ++i) {
        sum += of_sample(rows[i]);
    }
    return sum;
}

}  // namespace

template <class T>
struct Objective<T>::Workspace {
    Workspace(const Architecture& network, Dataset<T> samples, LossWeights loss_weights)
        : architecture(network), data(std::move(samples)), weights(loss_weights), packed(network) {}

    SquaredErrors evaluate_block(Rows rows, Index first, Index n_samples, SeedScales<T> scales,
                                 T* packed_gradient, Propagation<T>& propagation) const {
        propagation.begin(n_samples);
        for (Index i = 0; i < n_samples; ++i) {
            const T* const from = data.input(rows[first + i]);
            T* const to = propagation.input(i);
            for (Index k = 0; k < data.n_inputs(); ++k) {  // mostly too few for a call of memcpy
                to[k] = from[k];
            }
        }
        if (data.has_directions()) {
            for (Index i = 0; i < n_samples; ++i) {
                for (Index k = 0; k < data.n_tangents(); ++k) {
                    std::copy_n(data.direction(rows[first + i], k), data.n_inputs(),
                                propagation.tangent(i, k));
                }
            }
        }
        propagation.forward(packed);
        const bool with_gradient = packed_gradient != nullptr;
        SquaredErrors sums =
            loss_and_seed(data, rows, first, n_samples, scales, with_gradient, propagation);
        if (data.has_second_derivatives()) {
            sums.second_derivative = second_derivative_loss_and_seed(
                data, rows, first, n_samples, scales.second_derivative, with_gradient, propagation);
        }
        if (with_gradient) {
            propagation.backward(packed, packed_gradient);
        }
        return sums;
    }

    // Σω over the entries of each kind in these rows: what the means are divided by.
    [[nodiscard]] SquaredErrors total_weights(Rows rows) const {
        SquaredErrors totals;
        if (data.has_values()) {
            totals.value = sum_over(rows, data.every_value_counts_one(),
                                    [this](Index i) { return data.total_value_weight(i); });
        }
        if (data.has_derivatives()) {
            totals.derivative = sum_over(rows, data.every_derivative_counts_one(), [this](Index i) {
                return data.total_derivative_weight(i);
            });
        }
        if (data.has_second_derivatives()) {
            totals.second_derivative = sum_over(
                rows, false, [this](Index i) { return data.total_second_derivative_weight(i); });
        }
        return totals;
    }

    [[nodiscard]] std::unique_ptr<Propagation<T>> make_own_propagation() const {
        if (data.has_directions()) {
            return make_directional_propagation(packed.layout(), data.n_tangents());
        }
        return make_propagation(packed.layout(), data.has_derivatives(),
                                data.has_second_derivatives());
    }

    Architecture architecture;
    Dataset<T> data;
    LossWeights weights;
    PackedParameters<T> packed;
    std::vector<std::unique_ptr<Propagation<T>>> propagations;  // one per thread
    Buffer<T> slice_gradients;
    std::vector<SquaredErrors> slice_sums;
    TeamChoice team_choice;
};

template <class T>
Objective<T>::Objective(const Architecture& architecture, Dataset<T> data, LossWeights weights) {
    expect_same("inputs", architecture.n_inputs(), data.n_inputs());
    expect_same("outputs", architecture.n_outputs(), data.n_outputs());
    workspace_ = std::make_unique<Workspace>(architecture, std::move(data), weights);
}

template <class T>
Objective<T>::~Objective() = default;
template <class T>
Objective<T>::Objective(Objective&&) noexcept = default;
template <class T>
Objective<T>& Objective<T>::operator=(Objective&&) noexcept = default;

template <class T>
const Architecture& Objective<T>::architecture() const {
    return workspace_->architecture;
}

template <class T>
const Dataset<T>& Objective<T>::data() const {
    return workspace_->data;
}

template <class T>
LossWeights Objective<T>::weights() const {
    return workspace_->weights;
}

template <class T>
Losses Objective<T>::evaluate(const T* parameters, Rows rows, T* gradient, Execution& execution) {
    Workspace& work = *workspace_;
    const PackedLayout<T>& layout = work.packed.layout();
    work.packed.assign(work.architecture, parameters);
    while (work.propagations.size() < static_cast<std::size_t>(execution.team.n_threads())) {
        work.propagations.push_back(work.make_own_propagation());
    }

    const SquaredErrors totals = work.total_weights(rows);
    SeedScales<T> scales;
    if (totals.value > 0) {
        scales.value = static_cast<T>(2.0 * work.weights.value / totals.value);
    }
    if (totals.derivative > 0) {
        scales.derivative = static_cast<T>(2.0 * work.weights.derivative / totals.derivative);
    }
    if (totals.second_derivative > 0) {
        scales.second_derivative =
            static_cast<T>(2.0 * work.weights.second_derivative / totals.second_derivative);
    }

    // A batch that nearly fills one block makes two, for a second thread: it costs one thread 3 %.
    const Index whole_block = work.propagations.front()->block_samples();
    const bool halved =
        rows.count <= whole_block && 4 * rows.count >= 3 * whole_block && rows.count > 1;
    const Index block = halved ? (rows.count + 1) / 2 : whole_block;
    const Index n_blocks = (rows.count + block - 1) / block;
    const Index n_slices = std::min(n_blocks, most_slices);
    const Index gradient_size = layout.gradient_size();
    work.slice_sums.assign(static_cast<std::size_t>(n_slices), {});
    if (gradient != nullptr) {
        work.slice_gradients.assign(static_cast<std::size_t>(n_slices * gradient_size), T(0));
    }
    auto evaluate_slice = [&](Index slice, int member) {
        const FlushSubnormals flush;
        Propagation<T>& propagation = *work.propagations[static_cast<std::size_t>(member)];
        T* const slice_gradient =
            gradient == nullptr ? nullptr : work.slice_gradients.data() + slice * gradient_size;
        SquaredErrors sums;
        for (Index b = slice * n_blocks / n_slices; b < (slice + 1) * n_blocks / n_slices; ++b) {
            execution.interrupt.poll();
            const Index n_samples = std::min(block, rows.count - b * block);
            sums.add(work.evaluate_block(rows, b * block, n_samples, scales, slice_gradient,
                                         propagation));
        }
        work.slice_sums[static_cast<std::size_t>(slice)] = sums;
    };
    // By reference: a copy in the std::function would be allocated anew in every step.
    if (execution.team.n_threads() > 1 && n_slices > 1) {
        const auto begin = std::chrono::steady_clock::now();
        execution.team.run(n_slices, std::ref(evaluate_slice), work.team_choice.alone());
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
        work.team_choice.record(time.count(), static_cast<double>(rows.count));
    } else {
        execution.team.run(n_slices, std::ref(evaluate_slice));
    }

    if (gradient != nullptr) {
        constexpr Index part = 65536;  // a network of millions of parameters takes its time
        for (Index first = 0; first < gradient_size; first += part) {
            execution.interrupt.poll();
            add_packed_gradients(n_slices, gradient_size, first,
                                 std::min(first + part, gradient_size),
                                 work.slice_gradients.data());
        }
        unpack_gradient(work.architecture, layout, work.slice_gradients.data(), gradient);
    }
    SquaredErrors sums;
    for (const SquaredErrors& of_slice : work.slice_sums) {
        sums.add(of_slice);
    }

    constexpr double absent = std::numeric_limits<double>::quiet_NaN();
    Losses losses{0.0, absent, absent};
    if (totals.value > 0) {
        losses.value = sums.value / totals.value;
        losses.total += work.weights.value * losses.value;
    }
    if (totals.derivative > 0) {
        losses.derivative = sums.derivative / totals.derivative;
        losses.total += work.weights.derivative * losses.derivative;
    }
    if (totals.second_derivative > 0) {
        losses.second_derivative = sums.second_derivative / totals.second_derivative;
        losses.total += work.weights.second_derivative * losses.second_derivative;
    }
    if (work.weights.l2 > 0) {
        losses.total += add_l2_penalty(work.architecture, work.weights.l2, parameters, gradient);
    }
    return losses;
}

template class Objective<float>;
template class Objective<double>;

}  // namespace jetmlp
