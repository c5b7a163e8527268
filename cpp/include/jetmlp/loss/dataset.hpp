// Samples to fit or to measure: inputs, and values, derivatives, second derivatives or several.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <vector>

namespace jetmlp {

// How much each sample counts, positive or zero; zero means that it is absent, and so is what is
// NaN. Null: every entry that is there counts 1.
template <class T>
struct SampleWeights {
    const T* samples = nullptr;      // (n), of the values and the second derivatives
    const T* derivatives = nullptr;  // (n, m, n_tangents)
};

// Directions (n, count, d) along which derivatives are given, each sample's own; null: along every
// input.
template <class T>
struct Directions {
    const T* data = nullptr;
    Index count = 0;
};

// Rows are samples, everything contiguous. The numbers are the dataset's own: nothing outside can
// change or free them while a fit runs.
template <class T>
class Dataset {
  public:
    // inputs (n, d); values (n, m) or null; derivatives (n, m, n_tangents) or null; second
    // derivatives (n, m, d, d) or null, which do not go with directions; NaN where one was not
    // measured.
    Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs, const T* values,
            const T* derivatives, const T* second_derivatives = nullptr,
            SampleWeights<T> weights = {}, Directions<T> directions = {});

    [[nodiscard]] Index n_samples() const { return n_samples_; }
    [[nodiscard]] Index n_inputs() const { return n_inputs_; }
    [[nodiscard]] Index n_outputs() const { return n_outputs_; }
    // Derivatives of an output: one for each input, or one for each direction.
    [[nodiscard]] Index n_tangents() const { return n_tangents_; }
    [[nodiscard]] bool has_values() const { return !values_.empty(); }
    [[nodiscard]] bool has_derivatives() const { return !derivatives_.empty(); }
    [[nodiscard]] bool has_second_derivatives() const { return !second_derivatives_.empty(); }
    [[nodiscard]] bool has_weights() const {
        return !sample_weights_.empty() || !derivative_weights_.empty();
    }
    [[nodiscard]] bool has_directions() const { return !directions_.empty(); }

    [[nodiscard]] const T* input(Index sample) const { return inputs_.data() + sample * n_inputs_; }
    [[nodiscard]] const T* value(Index sample) const {
        return values_.data() + sample * n_outputs_;
    }
    // Derivative of output o along input or direction k stands at [o·n_tangents + k].
    [[nodiscard]] const T* derivative(Index sample) const {
        return derivatives_.data() + sample * n_outputs_ * n_tangents_;
    }
    // That of output o along inputs k and l stands at [(o·d + k)·d + l].
    [[nodiscard]] const T* second_derivative(Index sample) const {
        return second_derivatives_.data() + sample * n_outputs_ * n_inputs_ * n_inputs_;
    }
    [[nodiscard]] const T* direction(Index sample, Index k) const {
        return directions_.data() + (sample * n_tangents_ + k) * n_inputs_;
    }

    // The weight ω of an entry that is there; one that is absent is NaN.
    [[nodiscard]] T sample_weight(Index sample) const {
        return sample_weights_.empty() ? T(1) : sample_weights_[static_cast<std::size_t>(sample)];
    }
    [[nodiscard]] T derivative_weight(Index sample, Index o, Index k) const {
        const Index at = (sample * n_outputs_ + o) * n_tangents_ + k;
        return derivative_weights_.empty() ? T(1)
                                           : derivative_weights_[static_cast<std::size_t>(at)];
    }
    // Nothing is missing and nothing weighed.
    [[nodiscard]] bool every_value_counts_one() const { return value_totals_.empty(); }
    [[nodiscard]] bool every_derivative_counts_one() const { return derivative_totals_.empty(); }
    // Σω over the entries of a sample that are there.
    [[nodiscard]] double total_value_weight(Index sample) const {
        return value_totals_.empty() ? static_cast<double>(n_outputs_)
                                     : value_totals_[static_cast<std::size_t>(sample)];
    }
    [[nodiscard]] double total_derivative_weight(Index sample) const {
        return derivative_totals_.empty() ? static_cast<double>(n_outputs_ * n_tangents_)
                                          : derivative_totals_[static_cast<std::size_t>(sample)];
    }
    [[nodiscard]] double total_second_derivative_weight(Index sample) const {
        return second_derivative_totals_.empty()
                   ? static_cast<double>(n_outputs_ * n_inputs_ * n_inputs_)
                   : second_derivative_totals_[static_cast<std::size_t>(sample)];
    }

  private:
    void take_derivatives(const T* derivatives, const T* weights);

    Index n_samples_;
    Index n_inputs_;
    Index n_outputs_;
    Index n_tangents_;
    std::vector<T> inputs_;
    std::vector<T> values_;
    std::vector<T> derivatives_;
    std::vector<T> second_derivatives_;
    std::vector<T> directions_;
    std::vector<T> sample_weights_;
    std::vector<T> derivative_weights_;
    std::vector<double> value_totals_;  // none where every entry is there and counts 1
    std::vector<double> derivative_totals_;
    std::vector<double> second_derivative_totals_;
};

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace jetmlp
