// What every optimizer offers to the trainer: one epoch at a time on an objective.
#pragma once

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/settings.hpp>
#include <jetmlp/optim/state.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <vector>

namespace jetmlp {

// Parameters on their way: `previous` are the last ones whose loss is known to be finite, so a step
// that leads into the void can be taken back.
template <class T>
struct Iterate {
    std::vector<T> current;
    std::vector<T> previous;
};

// Thrown when a loss turns NaN or infinite, or what makes steps of it.
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

// How the epochs of a fit begin: anew, or in its midst, with what was restored.
enum class Start : std::uint8_t { anew, resumed };

template <class T>
class Optimizer {
  public:
    Optimizer() = default;
    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;
    virtual ~Optimizer() = default;

    // Throws std::invalid_argument if this optimizer cannot work on the objective.
    virtual void check(const Objective<T>& /*objective*/) const {}

    // About how many bytes begin() and the epochs of such batches allocate.
    [[nodiscard]] virtual double workspace_bytes(const Objective<T>& /*objective*/,
                                                 Index /*batch_size*/) const {
        return 0.0;
    }

    // Once before the epochs of each fit. What is resumed goes on as if it had never stopped.
    virtual void begin(Objective<T>& /*objective*/, Start /*start*/) {}

    // Why there is nothing left to do since begin(); nothing while there is.
    [[nodiscard]] virtual std::optional<FitEnd> finished() const { return {}; }

    // Whether a step is only kept once its loss is known to be finite.
    [[nodiscard]] virtual bool measures_steps() const { return true; }

    // Returns the sample-weighted means of the batches' losses, each taken before its update.
    // Throws Diverged before a batch whose loss is not finite changes anything.
    virtual Losses run_epoch(Objective<T>& objective, const EpochPlan& plan, Iterate<T>& iterate,
                             Execution& execution) = 0;

    // Shows all that it goes on with after an epoch, but for what follows from the data and the
    // parameters: begin() or the next epoch computes that anew, to the same bytes.
    virtual void visit(StateVisitor& state) = 0;
};

// What an optimizer is set to; it makes the optimizer.
class OptimizerOptions {
  public:
    virtual ~OptimizerOptions() = default;

    // For a network of this many parameters. Throws std::invalid_argument if a setting is none that
    // the type can hold, or the optimizer does not work in it.
    template <class T>
    [[nodiscard]] std::unique_ptr<Optimizer<T>> make(Index n_parameters) const {
        if constexpr (std::is_same_v<T, float>) {
            return make_single(n_parameters);
        } else {
            return make_double(n_parameters);
        }
    }

    // How many numbers make() allocates, of the type.
    [[nodiscard]] virtual double state_numbers(Index /*n_parameters*/) const { return 0.0; }

    // Every setting by its name; they refer to this object.
    virtual std::vector<Setting> settings() = 0;

  protected:
    OptimizerOptions() = default;
    OptimizerOptions(const OptimizerOptions&) = default;
    OptimizerOptions& operator=(const OptimizerOptions&) = default;

  private:
    [[nodiscard]] virtual std::unique_ptr<Optimizer<float>> make_single(
        Index n_parameters) const = 0;
    [[nodiscard]] virtual std::unique_ptr<Optimizer<double>> make_double(
        Index n_parameters) const = 0;
};

}  // namespace jetmlp
