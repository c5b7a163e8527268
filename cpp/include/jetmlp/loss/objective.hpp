// The loss as a function of the parameters: all that an optimizer sees of network and data.
#pragma once

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>

namespace jetmlp {

struct LossWeights {
    double value = 1.0;
    double derivative = 1.0;
    double second_derivative = 1.0;
    double l2 = 0.0;  // of the penalty l2 · Σ W², over the weights and not the biases
};

// Mean squared errors, NaN where the data has none of the kind, and their weighted sum, with the
// penalty.
struct Losses {
    double total = 0.0;
    double value = 0.0;
    double derivative = 0.0;
    double second_derivative = std::numeric_limits<double>::quiet_NaN();
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

// loss = value_weight · Σω(Ŷ−Y)²/Σω + derivative_weight · Σω(Ĵ−J)²/Σω
//        + second_derivative_weight · Σω(Ĥ−H)²/Σω + l2 · ΣW²,
// each sum over every entry that is present among the rows asked for.
//
// The samples are cut into slices that depend on their number alone, each slice sums by itself, and
// the sums are added in the order of the slices: the same bytes for any number of threads.
template <class T>
class Objective {
  public:
    // Throws std::invalid_argument if network and data differ in inputs or outputs.
    Objective(const Architecture& architecture, Dataset<T> data, LossWeights weights);
    ~Objective();
    Objective(Objective&&) noexcept;
    Objective& operator=(Objective&&) noexcept;

    [[nodiscard]] const Architecture& architecture() const;
    [[nodiscard]] const Dataset<T>& data() const;
    [[nodiscard]] LossWeights weights() const;
    [[nodiscard]] Rows all_rows() const { return {nullptr, 0, data().n_samples()}; }

    // The losses at the flat parameters, and their gradient (n_parameters) where it is not null.
    // Not for two threads at once: the workspace belongs to the object.
    Losses evaluate(const T* parameters, Rows rows, T* gradient, Execution& execution);

  private:
    struct Workspace;
    std::unique_ptr<Workspace> workspace_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace jetmlp
