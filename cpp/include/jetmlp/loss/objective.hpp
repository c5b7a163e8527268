// The loss as a function of the parameters: all that an optimizer sees of network and data.
#pragma once

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/elsewhere.hpp>
#include <jetmlp/loss/losses.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/network/architecture.hpp>

#include <memory>

namespace jetmlp {

// loss = Σ_term w · Σω(Ŷ−Y)²/Σω + l2 · ΣW², for the term of the values; likewise for those of the
// derivatives, each sum over every entry that is present among the rows asked for.
//
// The samples are cut into slices that depend on their number alone, each slice sums by itself, and
// the sums are added in the order of the slices: the same bytes for any number of threads.
template <class T>
class Objective {
  public:
    // Throws std::invalid_argument if network and data differ in inputs or outputs.
    Objective(const Architecture& architecture, Dataset<T> data, LossWeights weights);
    // Of samples that are elsewhere; what they say is weighed and penalized here.
    Objective(const Architecture& architecture, std::shared_ptr<Elsewhere<T>> elsewhere,
              LossWeights weights);
    ~Objective();
    Objective(Objective&&) noexcept;
    Objective& operator=(Objective&&) noexcept;

    [[nodiscard]] const Architecture& architecture() const;
    [[nodiscard]] const Dataset<T>& data() const;
    [[nodiscard]] const LossWeights& weights() const;
    [[nodiscard]] Rows all_rows() const { return data().all_rows(); }
    [[nodiscard]] bool has(Term term) const;
    // Null where the samples are at hand.
    [[nodiscard]] Elsewhere<T>* elsewhere() const;

    // The losses at the flat parameters, and their gradient (n_parameters) where it is not null.
    // Not for two threads at once: the workspace belongs to the object.
    Losses evaluate(const T* parameters, Rows rows, T* gradient, Execution& execution);

    // Gives back the memory that evaluate() works in, piece by piece; the next one takes it anew.
    void release();

    // About how many bytes evaluate() allocates with so many threads.
    [[nodiscard]] double workspace_bytes(int n_threads) const;

  private:
    struct Workspace;
    // Without the penalty.
    Losses evaluate_here(const T* parameters, Rows rows, T* gradient, Execution& execution);
    std::unique_ptr<Workspace> workspace_;
};

extern template class Objective<float>;
extern template class Objective<double>;

}  // namespace jetmlp
