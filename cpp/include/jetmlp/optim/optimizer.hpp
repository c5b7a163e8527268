// What every optimizer offers to the trainer: one epoch at a time on an objective.
#pragma once

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>

#include <exception>
#include <string_view>
#include <vector>

namespace jetmlp {

// Parameters on their way: `previous` are the last ones whose loss is known to be finite, so a step
// that leads into the void can be taken back.
template <class T>
struct Iterate {
    std::vector<T> current;
    std::vector<T> previous;
};

// Thrown when a loss turns NaN or infinite.
class Diverged : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return "the loss is not finite"; }
};

// One pass over the data: the order of the samples, cut into batches.
struct EpochPlan {
    Rows order;
    Index batch_size = 0;
    double learning_rate = 0.0;
};

template <class T>
class Optimizer {
  public:
    Optimizer() = default;
    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;
    virtual ~Optimizer() = default;

    // Once before the epochs of each fit. Throws std::invalid_argument, with nothing changed, if
    // this optimizer cannot work on the objective.
    virtual void begin(Objective<T>& /*objective*/) {}

    // Why there is nothing left to do since begin(), as one word; empty while there is.
    [[nodiscard]] virtual std::string_view finished() const { return {}; }

    // Returns the sample-weighted means of the batches' losses, each taken before its update.
    // Throws Diverged before a batch whose loss is not finite changes anything.
    virtual Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                             Execution& execution) = 0;
};

}  // namespace jetmlp
