// The epochs of a fit: order of the samples, optimizer, validation, record, and every way to end.
#pragma once

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/optimizer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace jetmlp {

struct TrainerOptions {
    Index batch_size = 0;  // 0: all samples
    bool shuffle = true;
    std::uint64_t seed = 0;
};

struct EpochRecord {
    Losses training;    // means over the epoch's batches, each before its update
    Losses validation;  // after the epoch; NaN without validation data
    double learning_rate = 0.0;
};

// Finished: all epochs asked for. Converged: the optimizer had nothing left to do. Stopped: by the
// hook.
enum class FitEnd { finished, converged, stopped, diverged, interrupted };

// Called after an epoch with its record and the parameters it led to; true ends the fit.
template <class T>
using EpochHook = std::function<bool(const EpochRecord&, const std::vector<T>&)>;

// Keeps optimizer state and epoch count, so that a second fit goes on where the first stopped.
template <class T>
class Trainer {
  public:
    Trainer(std::unique_ptr<Optimizer<T>> optimizer, TrainerOptions options);

    // One epoch per learning rate. Whatever the end, an exception of the hook included,
    // `parameters` are then the last ones known to be good and `records` hold every whole epoch.
    FitEnd fit(Objective<T>& training, Objective<T>* validation,
               const std::vector<double>& learning_rates, std::vector<T>& parameters,
               std::vector<EpochRecord>& records, const EpochHook<T>& hook, Execution& execution);

    // The optimizer's word for why the last fit converged.
    [[nodiscard]] std::string_view convergence() const { return optimizer_->finished(); }

    // Whole epochs since the trainer was made.
    [[nodiscard]] std::uint64_t n_epochs() const { return n_epochs_; }

  private:
    EpochRecord run_epoch(Objective<T>& training, Objective<T>* validation, double learning_rate,
                          Iterate<T>& iterate, Execution& execution);

    std::unique_ptr<Optimizer<T>> optimizer_;
    TrainerOptions options_;
    std::uint64_t n_epochs_ = 0;
    std::vector<std::uint32_t> order_;
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace jetmlp
