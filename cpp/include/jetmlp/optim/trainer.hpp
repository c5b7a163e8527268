// The epochs of a fit: order of the samples, optimizer, validation, record, and every way to end.
#pragma once

#include <jetmlp/loss/objective.hpp>
#include <jetmlp/machine/threads.hpp>
#include <jetmlp/machine/types.hpp>
#include <jetmlp/optim/early_stopping.hpp>
#include <jetmlp/optim/epoch_record.hpp>
#include <jetmlp/optim/optimizer.hpp>
#include <jetmlp/optim/state.hpp>
#include <jetmlp/optim/stopping.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace jetmlp {

struct TrainerOptions {
    Index batch_size = 0;  // 0: all samples
    bool shuffle = true;
    std::uint64_t seed = 0;
};

// Called after an epoch with its record and the parameters it led to; true ends the fit.
template <class T>
using EpochHook = std::function<bool(const EpochRecord&, const std::vector<T>&)>;

// The learning rate of an epoch, counted from 0 since the trainer was made; asked when its turn
// comes.
using LearningRate = std::function<double(std::uint64_t epoch)>;

// What a fit is asked for besides data.
template <class T>
struct FitRequest {
    std::uint64_t n_epochs = 0;
    LearningRate learning_rate;
    EarlyStopping stopping;
    EpochHook<T> hook;  // empty: none
};

// Where a fit stands between two of its epochs.
template <class T>
struct Course {
    Iterate<T> iterate;
    BestEpoch<T> best;
    std::vector<EpochRecord> records;

    void visit(StateVisitor& state);
};

// Keeps optimizer state and epoch count, so that a second fit goes on where the first stopped. Its
// state may be taken between fits and by the hook of one; a trainer that took over the latter
// resumes that fit.
template <class T>
class Trainer {
  public:
    Trainer(std::unique_ptr<Optimizer<T>> optimizer, TrainerOptions options);

    // Throws std::invalid_argument if the optimizer cannot work on the objective.
    void check(const Objective<T>& training) const { optimizer_->check(training); }

    // About how many bytes fit() allocates with so many threads.
    [[nodiscard]] double workspace_bytes(const Objective<T>& training, int n_threads) const;

    // Throws std::invalid_argument, with nothing changed, for an objective that check() refuses or
    // early stopping without validation. Else, whatever the end, an exception included (the hook's,
    // or std::bad_alloc),
    // `records` hold every whole epoch and `parameters` are the last ones known to be good, or
    // those of the lowest validation loss where these were to be restored. If an epoch gives
    // several reasons to end, the hook's is told first, then patience. A fit that is resumed takes
    // no parameters, and counts `n_epochs` and `records` from its own start.
    FitEnd fit(Objective<T>& training, Objective<T>* validation, const FitRequest<T>& request,
               std::vector<T>& parameters, std::vector<EpochRecord>& records, Execution& execution);

    // What everything goes on with; of a trainer that restores it, which is as new, nothing else
    // may be used if that throws.
    [[nodiscard]] State state(Index n_parameters);
    void restore(const State& state, Index n_parameters);

    [[nodiscard]] Optimizer<T>& optimizer() { return *optimizer_; }

    // Whole epochs since the trainer was made.
    // Other threads may ask during a fit.
    [[nodiscard]] std::uint64_t n_epochs() const {
        return n_epochs_.load(std::memory_order_relaxed);
    }

  private:
    void visit(StateVisitor& state);
    // What an epoch that is over leaves as a reason to end.
    [[nodiscard]] std::optional<FitEnd> ended() const;
    FitEnd run_epochs(Objective<T>& training, Objective<T>* validation,
                      const FitRequest<T>& request, Start start, Execution& execution);
    void measure_last(Objective<T>& training, const std::vector<T>& parameters,
                      Execution& execution);
    // There is room for the record.
    void run_epoch(Objective<T>& training, Objective<T>* validation, double learning_rate,
                   Iterate<T>& iterate, std::vector<EpochRecord>& records, Execution& execution);

    std::unique_ptr<Optimizer<T>> optimizer_;
    TrainerOptions options_;
    std::atomic<std::uint64_t> n_epochs_{0};
    std::vector<std::uint32_t> order_;
    std::unique_ptr<Course<T>> course_;  // of the fit that runs, or is to be resumed
};

extern template class Trainer<float>;
extern template class Trainer<double>;

}  // namespace jetmlp
