// Samples that are not at hand, on other machines or in files: somebody else computes their losses.
#pragma once

#include <jetmlp/loss/dataset.hpp>
#include <jetmlp/loss/terms.hpp>
#include <jetmlp/machine/types.hpp>

namespace jetmlp {

template <class T>
class Elsewhere {
  public:
    Elsewhere() = default;
    Elsewhere(const Elsewhere&) = delete;
    Elsewhere& operator=(const Elsewhere&) = delete;
    virtual ~Elsewhere() = default;

    // How many samples there are; 0 where they come batch by batch, and nobody knows how many.
    [[nodiscard]] virtual Index n_samples() const = 0;

    [[nodiscard]] virtual bool has(Term term) const = 0;

    // Of samples that come: goes on to the next batch and returns how many it has; 0 where the
    // epoch is over. Throws Interrupted where the batch cannot be had.
    virtual Index next_batch() = 0;

    // Mean squared errors of each term over these rows, or over the batch that came; NaN where they
    // have nothing of it, and infinite where one is no number. Into `gradient`, if not null, the
    // gradient of their weighted sum. Throws Interrupted where they cannot be had.
    virtual Terms<double> evaluate(const T* parameters, Rows rows, T* gradient) = 0;
};

}  // namespace jetmlp
