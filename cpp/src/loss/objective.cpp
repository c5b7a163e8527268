#include "loss/penalty.hpp"
#include "loss/squared_errors.hpp"
#include "machine/subnormals.hpp"
#include "network/packed_parameters.hpp"
#include "propagation/factory.hpp"

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
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
        throw std::invalid_argument(std::string(what) + ": expected " + std::to_string(network) +
                                    ", as the network has, got " + std::to_string(data));
    }
}

void add(const Terms<double>& terms, Terms<double>& sums) {
    for (const Term term : all_terms) {
        sums[term] += terms[term];
    }
}

}  // namespace

template <class T>
struct Objective<T>::Workspace {
    Workspace(const Architecture& network, Dataset<T> samples, LossWeights loss_weights)
        : architecture(network), data(std::move(samples)), weights(loss_weights), packed(network) {}

    // Of samples elsewhere, what is computed here.
    Losses evaluate_elsewhere(const T* parameters, Rows rows, T* gradient) const {
        const Terms<double> means = elsewhere->evaluate(parameters, rows, gradient);
        Terms<double> present;
        for (const Term term : all_terms) {
            present[term] = std::isnan(means[term]) ? 0.0 : 1.0;
        }
        return losses_from(means, present, weights);
    }

    // The squared errors of each term over a block of samples, and their gradient if it is not
    // null.
    Terms<double> evaluate_block(Rows rows, Index first, Index n_samples, const Terms<T>& scales,
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
        const ErrorBlock<T> block{data, rows, first, n_samples, packed_gradient != nullptr};
        Terms<double> sums;
        for (const Term term : all_terms) {
            if (data.has(term)) {
                sums[term] = loss_and_seed(block, term, scales[term], propagation);
            }
        }
        if (packed_gradient != nullptr) {
            propagation.backward(packed, packed_gradient);
        }
        return sums;
    }

    [[nodiscard]] std::unique_ptr<Propagation<T>> make_own_propagation(Passes passes) const {
        if (data.has_directions()) {
            return make_directional_propagation(packed.layout(), data.n_tangents(), passes);
        }
        return make_propagation(packed.layout(), data.has(Term::derivative),
                                data.has(Term::second_derivative), passes);
    }

    // One for each thread. The loss alone, as of validation samples, keeps nothing for a way back.
    std::vector<std::unique_ptr<Propagation<T>>>& own_propagations(bool with_gradient,
                                                                   std::size_t n_threads) {
        auto& own = with_gradient ? propagations : forward_propagations;
        while (own.size() < n_threads) {
            own.push_back(make_own_propagation(with_gradient ? Passes::forward_and_backward
                                                             : Passes::forward));
        }
        return own;
    }

    Architecture architecture;
    Dataset<T> data;
    LossWeights weights;
    std::shared_ptr<Elsewhere<T>> elsewhere;
    PackedParameters<T> packed;
    std::vector<std::unique_ptr<Propagation<T>>> propagations;
    std::vector<std::unique_ptr<Propagation<T>>> forward_propagations;
    Buffer<T> slice_gradients;
    std::vector<Terms<double>> slice_sums;
    TeamChoice team_choice;
};

template <class T>
Objective<T>::Objective(const Architecture& architecture, Dataset<T> data, LossWeights weights) {
    expect_same("inputs", architecture.n_inputs(), data.n_inputs());
    expect_same("outputs", architecture.n_outputs(), data.n_outputs());
    workspace_ = std::make_unique<Workspace>(architecture, std::move(data), weights);
}

template <class T>
Objective<T>::Objective(const Architecture& architecture, std::shared_ptr<Elsewhere<T>> elsewhere,
                        LossWeights weights) {
    workspace_ = std::make_unique<Workspace>(
        architecture,
        Dataset<T>(elsewhere->n_samples(), architecture.n_inputs(), architecture.n_outputs()),
        weights);
    workspace_->elsewhere = std::move(elsewhere);
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
const LossWeights& Objective<T>::weights() const {
    return workspace_->weights;
}

template <class T>
bool Objective<T>::has(Term term) const {
    return elsewhere() == nullptr ? data().has(term) : elsewhere()->has(term);
}

template <class T>
Elsewhere<T>* Objective<T>::elsewhere() const {
    return workspace_->elsewhere.get();
}

template <class T>
Losses Objective<T>::evaluate(const T* parameters, Rows rows, T* gradient, Execution& execution) {
    const Workspace& work = *workspace_;
    Losses losses = work.elsewhere == nullptr ? evaluate_here(parameters, rows, gradient, execution)
                                              : work.evaluate_elsewhere(parameters, rows, gradient);
    if (work.weights.l2 > 0) {
        losses.total += add_l2_penalty(work.architecture, work.weights.l2, parameters, gradient);
    }
    return losses;
}

template <class T>
Losses Objective<T>::evaluate_here(const T* parameters, Rows rows, T* gradient,
                                   Execution& execution) {
    Workspace& work = *workspace_;
    const PackedLayout<T>& layout = work.packed.layout();
    work.packed.assign(work.architecture, parameters);
    const auto& propagations = work.own_propagations(
        gradient != nullptr, static_cast<std::size_t>(execution.team.n_threads()));

    Terms<double> totals;
    Terms<T> scales;  // of the seeds: 2w / Σω
    for (const Term term : all_terms) {
        totals[term] = work.data.total_weight(term, rows);
        if (totals[term] > 0.0) {
            scales[term] = static_cast<T>(2.0 * work.weights.terms[term] / totals[term]);
        }
    }

    // A batch that nearly fills one block makes two, for a second thread: it costs one thread 3 %.
    const Index whole_block = propagations.front()->block_samples();
    const bool halved =
        rows.count <= whole_block && 4 * rows.count >= 3 * whole_block && rows.count > 1;
    const Index block = halved ? (rows.count + 1) / 2 : whole_block;
    const Index n_blocks = (rows.count + block - 1) / block;
    const Index n_slices = std::min(n_blocks, most_slices);
    const Index gradient_size = layout.gradient_size();
    work.slice_sums.assign(static_cast<std::size_t>(n_slices), {});
    if (gradient != nullptr) {
        zero_in_parts(work.slice_gradients, checked_product(gradient_size, n_slices));
    }
    auto evaluate_slice = [&](Index slice, int member) {
        const FlushSubnormals flush;
        Propagation<T>& propagation = *propagations[static_cast<std::size_t>(member)];
        T* const slice_gradient =
            gradient == nullptr ? nullptr : work.slice_gradients.data() + slice * gradient_size;
        Terms<double> sums;
        for (Index b = slice * n_blocks / n_slices; b < (slice + 1) * n_blocks / n_slices; ++b) {
            execution.interrupt.poll();
            const Index n_samples = std::min(block, rows.count - b * block);
            add(work.evaluate_block(rows, b * block, n_samples, scales, slice_gradient,
                                    propagation),
                sums);
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
        in_parts(gradient_size, [&](Index first, Index last) {
            add_packed_gradients(n_slices, gradient_size, first, last, work.slice_gradients.data());
        });
        unpack_gradient(work.architecture, layout, work.slice_gradients.data(), gradient);
    }
    Terms<double> sums;
    for (const Terms<double>& of_slice : work.slice_sums) {
        add(of_slice, sums);
    }
    return losses_from(sums, totals, work.weights);
}

// As evaluate(): a propagation for each thread, and a gradient for each slice.
template <class T>
double Objective<T>::workspace_bytes(int n_threads) const {
    const Workspace& work = *workspace_;
    const PackedLayout<T>& layout = work.packed.layout();
    const double of_propagation = propagation_numbers(
        layout, work.data.has(Term::derivative), work.data.has(Term::second_derivative),
        work.data.has_directions() ? work.data.n_tangents() : 0);
    const auto n_slices = static_cast<double>(std::min(work.data.n_samples(), most_slices));
    const double numbers =
        n_threads * of_propagation + n_slices * static_cast<double>(layout.gradient_size());
    return numbers * static_cast<double>(sizeof(T));
}

template <class T>
void Objective<T>::release() {
    Workspace& work = *workspace_;
    look_here();
    work.propagations.clear();
    work.packed.release();
    look_here();
    Buffer<T>().swap(work.slice_gradients);
    look_here();
}

template class Objective<float>;
template class Objective<double>;

}  // namespace jetmlp
