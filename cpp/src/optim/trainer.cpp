#include <jetmlp/machine/random.hpp>
#include <jetmlp/optim/trainer.hpp>

#include <cmath>
#include <limits>
#include <utility>

namespace jetmlp {

namespace {

// Hands the parameters back to the caller on every way out of a fit.
template <class T>
struct HandBack {
    HandBack(Iterate<T>& source, std::vector<T>& target) : iterate(source), parameters(target) {}
    HandBack(const HandBack&) = delete;
    HandBack& operator=(const HandBack&) = delete;
    ~HandBack() { parameters = std::move(iterate.current); }

    Iterate<T>& iterate;
    std::vector<T>& parameters;
};

}  // namespace

template <class T>
Trainer<T>::Trainer(std::unique_ptr<Optimizer<T>> optimizer, TrainerOptions options)
    : optimizer_(std::move(optimizer)), options_(options) {}

template <class T>
FitEnd Trainer<T>::fit(Objective<T>& training, Objective<T>* validation,
                       const std::vector<double>& learning_rates, std::vector<T>& parameters,
                       std::vector<EpochRecord>& records, const EpochHook<T>& hook,
                       Execution& execution) {
    Iterate<T> iterate{parameters, parameters};
    const HandBack<T> hand_back(iterate, parameters);
    FitEnd end = FitEnd::finished;
    try {
        optimizer_->begin(training);
        for (const double learning_rate : learning_rates) {
            records.push_back(run_epoch(training, validation, learning_rate, iterate, execution));
            ++n_epochs_;
            if (hook && hook(records.back(), iterate.current)) {
                end = FitEnd::stopped;
                break;
            }
            if (!optimizer_->finished().empty()) {
                end = FitEnd::converged;
                break;
            }
        }
    } catch (const Diverged&) {
        iterate.current = iterate.previous;
        end = FitEnd::diverged;
    } catch (const Interrupted&) {
        end = FitEnd::interrupted;
    }
    return end;
}

template <class T>
EpochRecord Trainer<T>::run_epoch(Objective<T>& training, Objective<T>* validation,
                                  double learning_rate, Iterate<T>& iterate, Execution& execution) {
    const Index n_samples = training.data().n_samples();
    EpochPlan plan{training.all_rows(), options_.batch_size == 0 ? n_samples : options_.batch_size,
                   learning_rate};
    if (options_.shuffle && plan.batch_size < n_samples) {
        Generator(options_.seed, Purpose::shuffling, n_epochs_).permute(order_, n_samples);
        plan.order.indices = order_.data();
    }
    constexpr double absent = std::numeric_limits<double>::quiet_NaN();
    EpochRecord record{optimizer_->run_epoch(training, plan, iterate, execution),
                       {absent, absent, absent},
                       learning_rate};
    if (validation != nullptr) {
        record.validation = validation->evaluate(iterate.current.data(), validation->all_rows(),
                                                 nullptr, execution);
        if (!std::isfinite(record.validation.total)) {
            throw Diverged();
        }
    }
    return record;
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace jetmlp
