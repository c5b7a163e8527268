// Samples to fit or to measure: inputs, and values or derivatives or both.
#pragma once

#include <jetmlp/types.hpp>

#include <cstdint>
#include <vector>

namespace jetmlp {

// Rows are samples, everything contiguous. The numbers are the dataset's own: nothing outside can
// change or free them while a fit runs.
template <class T>
class Dataset {
  public:
    // inputs (n, d); values (n, m) or null; derivatives (n, m, d) or null, NaN where one was not
    // measured; second derivatives (n, m, d, d) or null, NaN likewise.
    Dataset(Index n_samples, Index n_inputs, Index n_outputs, const T* inputs, const T* values,
            const T* derivatives, const T* second_derivatives = nullptr);

    [[nodiscard]] Index n_samples() const { return n_samples_; }
    [[nodiscard]] Index n_inputs() const { return n_inputs_; }
    [[nodiscard]] Index n_outputs() const { return n_outputs_; }
    [[nodiscard]] bool has_values() const { return !values_.empty(); }
    [[nodiscard]] bool has_derivatives() const { return !derivatives_.empty(); }
    [[nodiscard]] bool has_second_derivatives() const { return !second_derivatives_.empty(); }

    [[nodiscard]] const T* input(Index sample) const { return inputs_.data() + sample * n_inputs_; }
    [[nodiscard]] const T* value(Index sample) const {
        return values_.data() + sample * n_outputs_;
    }
    // Derivative of output o along input k stands at [o·d + k].
    [[nodiscard]] const T* derivative(Index sample) const {
        return derivatives_.data() + sample * n_outputs_ * n_inputs_;
    }
    // How many derivatives of a sample are there, that is, not NaN.
    [[nodiscard]] Index n_derivatives_present(Index sample) const {
        return static_cast<Index>(derivatives_present_[static_cast<std::size_t>(sample)]);
    }
    // That of output o along inputs k and l stands at [(o·d + k)·d + l].
    [[nodiscard]] const T* second_derivative(Index sample) const {
        return second_derivatives_.data() + sample * n_outputs_ * n_inputs_ * n_inputs_;
    }
    [[nodiscard]] Index n_second_derivatives_present(Index sample) const {
        return static_cast<Index>(second_derivatives_present_[static_cast<std::size_t>(sample)]);
    }

  private:
    Index n_samples_;
    Index n_inputs_;
    Index n_outputs_;
    std::vector<T> inputs_;
    std::vector<T> values_;
    std::vector<T> derivatives_;
    std::vector<std::uint32_t> derivatives_present_;
    std::vector<T> second_derivatives_;
    std::vector<std::uint32_t> second_derivatives_present_;
};

extern template class Dataset<float>;
extern template class Dataset<double>;

}  // namespace jetmlp
