#include "machine/text.hpp"

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/machine/checked_size.hpp>
#include <jetmlp/machine/parts.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace jetmlp {

namespace {

std::string list_of_targets() {
    std::string list;
    for (const std::string_view name : target_names) {
        list += (list.empty() ? "" : ", ") + std::string(name);
    }
    return list;
}

template <class T>
bool all_present(const std::vector<T>& entries) {
    bool all = true;
    in_parts(static_cast<Index>(entries.size()), [&](Index first, Index last) {
        all = all && std::none_of(entries.begin() + first, entries.begin() + last,
                                  [](T entry) { return std::isnan(entry); });
    });
    return all;
}

}  // namespace

template <class T>
Dataset<T>::Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs,
                    const Terms<Targets<T>>& targets, Directions<T> directions)
    : n_samples_(n_samples),
      n_inputs_(n_inputs),
      n_outputs_(n_outputs),
      n_tangents_(directions.data == nullptr ? n_inputs : directions.count) {
    if (n_samples < 1) {
        throw std::invalid_argument("X: expected at least one sample, got " +
                                    std::to_string(n_samples));
    }
    if (!std::in_range<std::uint32_t>(n_samples)) {
        throw std::invalid_argument("X: expected fewer than 2³² samples, got " +
                                    std::to_string(n_samples));
    }
    if (std::ranges::none_of(targets.by_term, [](const Targets<T>& of_term) {
            return of_term.entries != nullptr;
        })) {
        throw std::invalid_argument(list_of_targets() +
                                    ": expected at least one of them, got none");
    }
    if (targets[Term::second_derivative].entries != nullptr && directions.data != nullptr) {
        throw std::invalid_argument("d2YdX2: expected no directions beside it, got both");
    }
    assign_in_parts(inputs, checked_product(n_samples, n_inputs), inputs_);
    if (directions.data != nullptr) {
        assign_in_parts(directions.data, checked_product(n_samples, n_tangents_, n_inputs),
                        directions_);
    }
    const Terms<Index> per_output = entries_per_output(n_inputs_, n_tangents_);
    for (const Term term : all_terms) {
        terms_[term].per_output = per_output[term];
        if (targets[term].entries != nullptr) {
            take(term, targets[term]);
        }
    }
}

constexpr Index samples_of_a_look = 1 << 12;

template <class T>
void Dataset<T>::take(Term term, const Targets<T>& targets) {
    OfTerm& of_term = terms_[term];
    const Index per_sample = checked_product(n_outputs_, of_term.per_output);
    assign_in_parts(targets.entries, checked_product(n_samples_, per_sample), of_term.entries);
    if (targets.weights != nullptr) {
        of_term.weights_per_sample = targets.weights_per_sample;
        assign_in_parts(targets.weights, checked_product(n_samples_, of_term.weights_per_sample),
                        of_term.weights);
    } else if (all_present(of_term.entries)) {
        of_term.present.assign(static_cast<std::size_t>(per_sample), n_samples_);
        return;
    }
    of_term.present.assign(static_cast<std::size_t>(per_sample), 0);
    of_term.totals.reserve(static_cast<std::size_t>(n_samples_));
    for (Index sample = 0; sample < n_samples_; ++sample) {
        if (sample % samples_of_a_look == 0) {
            poll_here();
        }
        const T* const own = entries(term, sample);
        double total = 0.0;
        for (Index at = 0; at < per_sample; ++at) {
            if (std::isnan(own[at])) {
                continue;
            }
            const T weight = has_weights(term) ? weights(term, sample)[at] : T(1);
            if (!(weight > T(0))) {
                throw std::invalid_argument(
                    std::string(target_names[static_cast<std::size_t>(term)]) +
                    ": expected a weight above 0 for every entry that is present (NaN is absent), "
                    "got " +
                    text_of(static_cast<double>(weight)) + " for sample " + std::to_string(sample));
            }
            total += static_cast<double>(weight);
            ++of_term.present[static_cast<std::size_t>(at)];
        }
        of_term.totals.push_back(total);
    }
}

template <class T>
T Dataset<T>::weight_or_absence(Term term, Index sample, Index at) const {
    if (!has(term) || std::isnan(entries(term, sample)[at])) {
        return T(0);
    }
    return has_weights(term) ? weights(term, sample)[at] : T(1);
}

template <class T>
double Dataset<T>::total_weight(Term term, Rows rows) const {
    const OfTerm& of_term = terms_[term];
    if (!has(term)) {
        return 0.0;
    }
    if (of_term.totals.empty()) {
        return static_cast<double>(rows.count * n_outputs_ * of_term.per_output);
    }
    double sum = 0.0;
    in_parts(rows.count, [&](Index first, Index last) {
        for (Index i = first; i < last; ++i) {
            sum += of_term.totals[static_cast<std::size_t>(rows[i])];
        }
    });
    return sum;
}

template class Dataset<float>;
template class Dataset<double>;

}  // namespace jetmlp
