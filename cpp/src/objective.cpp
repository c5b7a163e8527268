#include "loss.hpp"
#include "packed_parameters.hpp"
#include "propagation.hpp"
#include "second_order_jet_propagation.hpp"
#include "second_order_loss.hpp"

#include <jetmlp/objective.hpp>

#include <algorithm>
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

}  // namespace

template <class T>
struct Objective<T>::Workspace {
    Workspace(const Architecture& network, Dataset<T> samples, LossWeights loss_weights)
        : architecture(network), data(std::move(samples)), weights(loss_weights), packed(network) {}

    SquaredErrors evaluate_block(Rows rows, Index first, Index n_samples, SeedScales<T> scales,
                                 T* packed_gradient, Propagation<T>& propagation) const {
        propagation.begin(n_samples);
        for (Index i = 0; i < n_samples; ++i) {
            std::copy_n(data.input(rows[first + i]), data.n_inputs(), propagation.input(i));
        }
        propagation.forward(packed);
        const bool with_gradient = packed_gradient != nullptr;
        SquaredErrors sums =
            loss_and_seed(data, rows, first, n_samples, scales, with_gradient, propagation);
        if (data.has_second_derivatives()) {
            sums.second_derivative = second_order_loss_and_seed(
                data, rows, first, n_samples, scales.second_derivative, with_gradient, propagation);
        }
        if (with_gradient) {
            propagation.backward(packed, packed_gradient);
        }
        return sums;
    }

    // How many derivatives the mean over these rows runs over.
    [[nodiscard]] Index count_derivatives(Rows rows) const {
        Index count = 0;
        for (Index i = 0; i < rows.count; ++i) {
            count += data.n_derivatives_present(rows[i]);
        }
        return count;
    }
    [[nodiscard]] Index count_second_derivatives(Rows rows) const {
        Index count = 0;
        for (Index i = 0; i < rows.count; ++i) {
            count += data.n_second_derivatives_present(rows[i]);
        }
        return count;
    }

    [[nodiscard]] std::unique_ptr<Propagation<T>> make_own_propagation() const {
        if (data.has_second_derivatives()) {
            return std::make_unique<SecondOrderJetPropagation<T>>(packed.layout(),
                                                                  Passes::forward_and_backward);
        }
        return make_propagation<T>(packed.layout(), data.has_derivatives(),
                                   Passes::forward_and_backward);
    }

    Architecture architecture;
    Dataset<T> data;
    LossWeights weights;
    PackedParameters<T> packed;
    std::vector<std::unique_ptr<Propagation<T>>> propagations;  // one per thread
    Buffer<T> slice_gradients;
    std::vector<SquaredErrors> slice_sums;
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
Losses Objective<T>::evaluate(const T* parameters, Rows rows, T* gradient, Execution& execution) {
    Workspace& work = *workspace_;
    const Dataset<T>& data = work.data;
    const PackedLayout<T>& layout = work.packed.layout();
    work.packed.assign(work.architecture, parameters);
    while (work.propagations.size() < static_cast<std::size_t>(execution.team.n_threads())) {
        work.propagations.push_back(work.make_own_propagation());
    }

    const auto n_values = static_cast<double>(rows.count * data.n_outputs());
    const auto n_derivatives =
        data.has_derivatives() ? static_cast<double>(work.count_derivatives(rows)) : 0.0;
    const auto n_second_derivatives = data.has_second_derivatives()
                                          ? static_cast<double>(work.count_second_derivatives(rows))
                                          : 0.0;
    SeedScales<T> scales;
    scales.value = static_cast<T>(2.0 * work.weights.value / n_values);
    if (n_derivatives > 0) {
        scales.derivative = static_cast<T>(2.0 * work.weights.derivative / n_derivatives);
    }
    if (n_second_derivatives > 0) {
        scales.second_derivative =
            static_cast<T>(2.0 * work.weights.second_derivative / n_second_derivatives);
    }

    const Index block = work.propagations.front()->block_samples();
    const Index n_blocks = (rows.count + block - 1) / block;
    const Index n_slices = std::min(n_blocks, most_slices);
    const Index gradient_size = layout.gradient_size();
    work.slice_sums.assign(static_cast<std::size_t>(n_slices), {});
    if (gradient != nullptr) {
        work.slice_gradients.assign(static_cast<std::size_t>(n_slices * gradient_size), T(0));
    }
    execution.team.run(n_slices, [&](Index slice, int member) {
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
    });

    if (gradient != nullptr) {
        std::fill_n(gradient, work.architecture.n_parameters(), T(0));
        for (Index slice = 0; slice < n_slices; ++slice) {
            execution.interrupt.poll();  // a network of millions of parameters takes its time here
            add_packed_gradient(work.architecture, layout,
                                work.slice_gradients.data() + slice * gradient_size, gradient);
        }
    }
    SquaredErrors sums;
    for (const SquaredErrors& of_slice : work.slice_sums) {
        sums.add(of_slice);
    }

    constexpr double absent = std::numeric_limits<double>::quiet_NaN();
    Losses losses{0.0, absent, absent};
    if (data.has_values()) {
        losses.value = sums.value / n_values;
        losses.total += work.weights.value * losses.value;
    }
    if (n_derivatives > 0) {
        losses.derivative = sums.derivative / n_derivatives;
        losses.total += work.weights.derivative * losses.derivative;
    }
    if (n_second_derivatives > 0) {
        losses.second_derivative = sums.second_derivative / n_second_derivatives;
        losses.total += work.weights.second_derivative * losses.second_derivative;
    }
    return losses;
}

template class Objective<float>;
template class Objective<double>;

}  // namespace jetmlp
