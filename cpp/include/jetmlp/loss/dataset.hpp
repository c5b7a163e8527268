// Samples to fit or to measure: inputs, and values, derivatives, second derivatives or several.
#pragma once

#include <jetmlp/loss/terms.hpp>
#include <jetmlp/machine/types.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace jetmlp {

// What is given of one term of the loss.
template <class T>
struct Targets {
    const T* entries = nullptr;  // (n, m, …), NaN where absent; null: nothing of this term
    const T* weights =
        nullptr;  // (n, weights_per_sample), above 0 for what is present; null: all 1
    Index weights_per_sample = 1;  // 1, or one for each entry
};

// Directions (n, count, d) along which derivatives are given, each sample's own; null: along every
// input.
template <class T>
struct Directions {
    const T* data = nullptr;
    Index count = 0;
};

// The weights of a sample's entries.
template <class T>
struct EntryWeights {
    const T* first;
    Index step;  // 0 if all have the same

    [[nodiscard]] T operator[](Index at) const { return first[at * step]; }
};

// Which samples to use, in which order: `count` of them from `first` on, of those that `indices`
// lists, or of 0, 1, 2, … if that is null.
struct Rows {
    const std::uint32_t* indices = nullptr;
    Index first = 0;
    Index count = 0;

    [[nodiscard]] Index operator[](Index i) const {
        return indices == nullptr ? first + i : static_cast<Index>(indices[first + i]);
    }
    // At most `size` rows from row `start` of these on.
    [[nodiscard]] Rows batch(Index start, Index size) const {
        return {indices, first + start, std::min(size, count - start)};
    }
};

// Rows are samples, everything contiguous. The numbers are the dataset's own: nothing outside can
// change or free them while a fit runs.
//
// The one place that knows what is present: an entry that is NaN is absent, every other counts with
// a weight ω above 0, 1 if none was given.
template <class T>
class Dataset {
  public:
    // inputs (n, d). Derivatives are (n, m, t) with t tangents, second derivatives (n, m, d, d),
    // which do not go with directions. Throws std::invalid_argument if there is nothing to fit, or
    // if an entry that is present has a weight that is not above 0.
    Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs,
            const Terms<Targets<T>>& targets, Directions<T> directions = {});
    // Of samples that are elsewhere: their number alone is known here.
    Dataset(Index n_samples, Index n_inputs, Index n_outputs)
        : n_samples_(n_samples),
          n_inputs_(n_inputs),
          n_outputs_(n_outputs),
          n_tangents_(n_inputs) {}

    [[nodiscard]] Index n_samples() const { return n_samples_; }
    [[nodiscard]] Index n_inputs() const { return n_inputs_; }
    [[nodiscard]] Index n_outputs() const { return n_outputs_; }
    // Derivatives of an output: one for each input, or one for each direction.
    [[nodiscard]] Index n_tangents() const { return n_tangents_; }
    [[nodiscard]] Rows all_rows() const { return {nullptr, 0, n_samples_}; }
    [[nodiscard]] bool has(Term term) const { return !terms_[term].entries.empty(); }
    [[nodiscard]] bool has_weights(Term term) const { return !terms_[term].weights.empty(); }
    [[nodiscard]] bool has_directions() const { return !directions_.empty(); }

    [[nodiscard]] const T* input(Index sample) const { return inputs_.data() + sample * n_inputs_; }
    [[nodiscard]] const T* direction(Index sample, Index k) const {
        return directions_.data() + (sample * n_tangents_ + k) * n_inputs_;
    }

    // Entries of a term that belong to one output of one sample: its value; its derivatives along
    // each input or direction k; its second derivatives along inputs k and l, at [k·d + l].
    [[nodiscard]] Index per_output(Term term) const { return terms_[term].per_output; }
    // Those of a sample, output by output; NaN is absent.
    [[nodiscard]] const T* entries(Term term, Index sample) const {
        const OfTerm& of_term = terms_[term];
        return of_term.entries.data() + sample * n_outputs_ * of_term.per_output;
    }
    // ω of the entries that are present; only if the term has weights.
    [[nodiscard]] EntryWeights<T> weights(Term term, Index sample) const {
        const OfTerm& of_term = terms_[term];
        return {of_term.weights.data() + sample * of_term.weights_per_sample,
                of_term.weights_per_sample > 1 ? Index{1} : Index{0}};
    }
    // ω of any entry, 0 if it is absent, also for want of its term.
    [[nodiscard]] T weight_or_absence(Term term, Index sample, Index at) const;
    // How many samples have an entry.
    [[nodiscard]] Index count_present(Term term, Index at) const {
        return has(term) ? terms_[term].present[static_cast<std::size_t>(at)] : 0;
    }
    // Σω over the entries in these rows: what their mean is divided by.
    [[nodiscard]] double total_weight(Term term, Rows rows) const;

  private:
    struct OfTerm {
        Index per_output = 0;
        std::vector<T> entries;
        std::vector<T> weights;
        Index weights_per_sample = 1;
        std::vector<Index> present;  // how many samples have each entry
        std::vector<double> totals;  // Σω of each sample; none where all is present and counts 1
    };

    void take(Term term, const Targets<T>& targets);

    Index n_samples_;
    Index n_inputs_;
    Index n_outputs_;
    Index n_tangents_;
    std::vector<T> inputs_;
    std::vector<T> directions_;
    Terms<OfTerm> terms_;
};

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace jetmlp
