#include "machine/parts.hpp"
#include "optim/prediction_bounds.hpp"

#include <jetmlp/machine/random.hpp>
#include <jetmlp/optim/trainer.hpp>

#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// Hands the parameters back to the caller on every way out of a fit.
template <class T>
struct HandBack {
    HandBack(Iterate<T>& source, BestEpoch<T>& best_epoch, std::vector<T>& target)
        : iterate(source), best(best_epoch), parameters(target) {}
    HandBack(const HandBack&) = delete;
    HandBack& operator=(const HandBack&) = delete;
    ~HandBack() {
        const bool restored = !best.parameters().empty();
        parameters = std::move(restored ? best.parameters() : iterate.current);
    }

    Iterate<T>& iterate;
    BestEpoch<T>& best;
    std::vector<T>& parameters;
};

}  // namespace

template <class T>
Trainer<T>::Trainer(std::unique_ptr<Optimizer<T>> optimizer, TrainerOptions options)
    : optimizer_(std::move(optimizer)), options_(options) {}

// Besides the optimizer's and the objective's, the parameters of four places on the way.
template <class T>
double Trainer<T>::workspace_bytes(const Objective<T>& training, int n_threads) const {
    const Index n_samples = training.data().n_samples();
    const Index batch_size = options_.batch_size == 0 ? n_samples : options_.batch_size;
    return optimizer_->workspace_bytes(training, batch_size) + training.workspace_bytes(n_threads) +
           4.0 * static_cast<double>(training.architecture().n_parameters()) *
               static_cast<double>(sizeof(T));
}

template <class T>
FitEnd Trainer<T>::fit(Objective<T>& training, Objective<T>* validation,
                       const FitRequest<T>& request, std::vector<T>& parameters,
                       std::vector<EpochRecord>& records, Execution& execution) {
    check(training);
    if (request.stopping.watches() && validation == nullptr) {
        throw std::invalid_argument(
            "patience, restore_best: expected validation data, whose loss they watch, got none");
    }
    Iterate<T> iterate;
    try {
        for (std::vector<T>* numbers : {&iterate.current, &iterate.previous}) {
            assign_in_parts(parameters.data(), static_cast<Index>(parameters.size()), *numbers);
        }
    } catch (const Interrupted&) {
        return FitEnd::interrupted;
    }
    BestEpoch<T> best(request.stopping, parameters.size());
    const HandBack<T> hand_back(iterate, best, parameters);
    try {
        const FitEnd end =
            run_epochs(training, validation, request, iterate, best, records, execution);
        if (request.n_epochs > 0 && !optimizer_->measures_steps()) {
            measure_last(training, iterate.current, execution);
        }
        return end;
    } catch (const Diverged&) {
        iterate.current = iterate.previous;
        return FitEnd::diverged;
    } catch (const Interrupted&) {
        return FitEnd::interrupted;
    }
}

template <class T>
FitEnd Trainer<T>::run_epochs(Objective<T>& training, Objective<T>* validation,
                              const FitRequest<T>& request, Iterate<T>& iterate, BestEpoch<T>& best,
                              std::vector<EpochRecord>& records, Execution& execution) {
    optimizer_->begin(training);
    for (std::uint64_t epoch = 0; epoch < request.n_epochs; ++epoch) {
        const double learning_rate = request.learning_rate(n_epochs());
        if (records.size() == records.capacity()) {  // before the step: it must not go unrecorded
            records.reserve(2 * records.capacity() + 16);
        }
        run_epoch(training, validation, learning_rate, iterate, records, execution);
        const bool out_of_patience =
            best.after_epoch(records.back().validation.total, iterate.current);
        if (request.hook && request.hook(records.back(), iterate.current)) {
            return FitEnd::callback;
        }
        if (out_of_patience) {
            return FitEnd::patience;
        }
        if (const std::optional<FitEnd> end = optimizer_->finished()) {
            return *end;
        }
    }
    return FitEnd::epochs;
}

// The last step's loss nobody has asked for; where nothing bounds it, it is evaluated.
template <class T>
void Trainer<T>::measure_last(Objective<T>& training, const std::vector<T>& parameters,
                              Execution& execution) {
    if (surely_finite(training, parameters)) {
        return;
    }
    const Losses losses =
        training.evaluate(parameters.data(), training.all_rows(), nullptr, execution);
    if (!std::isfinite(losses.total)) {
        throw Diverged();
    }
}

template <class T>
void Trainer<T>::run_epoch(Objective<T>& training, Objective<T>* validation, double learning_rate,
                           Iterate<T>& iterate, std::vector<EpochRecord>& records,
                           Execution& execution) {
    const Index n_samples = training.data().n_samples();
    EpochPlan plan{training.all_rows(), options_.batch_size == 0 ? n_samples : options_.batch_size,
                   learning_rate};
    if (options_.shuffle && plan.batch_size < n_samples) {
        Generator(options_.seed, Purpose::shuffling, n_epochs()).permute(order_, n_samples);
        plan.order.indices = order_.data();
    }
    EpochRecord record;
    record.training = optimizer_->run_epoch(training, plan, iterate, execution);
    record.validation.total = std::numeric_limits<double>::quiet_NaN();
    record.learning_rate = learning_rate;
    if (validation != nullptr) {
        try {
            record.validation = validation->evaluate(iterate.current.data(), validation->all_rows(),
                                                     nullptr, execution);
        } catch (const std::bad_alloc&) {  // the step was done: its epoch counts, not validated
            records.push_back(record);
            ++n_epochs_;
            throw;
        }
        if (!std::isfinite(record.validation.total)) {
            throw Diverged();
        }
    }
    records.push_back(record);
    ++n_epochs_;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace jetmlp
