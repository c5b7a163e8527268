#include "optim/prediction_bounds.hpp"

#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/random.hpp>
#include <jetmlp/optim/trainer.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// Hands parameters and records back to the caller on every way out of a fit, and forgets the rest.
template <class T>
struct HandBack {
    HandBack(std::unique_ptr<Course<T>>& source, std::vector<T>& to, std::vector<EpochRecord>& rows,
             std::array<Objective<T>*, 2> used)
        : course(source), parameters(to), records(rows), objectives(used) {}
    HandBack(const HandBack&) = delete;
    HandBack& operator=(const HandBack&) = delete;
    ~HandBack() {
        std::vector<T>& best = course->best.parameters();
        parameters = std::move(best.empty() ? course->iterate.current : best);
        records = std::move(course->records);
        course.reset();
        for (Objective<T>* const objective : objectives) {
            if (objective != nullptr) {
                objective->release();
            }
        }
    }

    std::unique_ptr<Course<T>>& course;
    std::vector<T>& parameters;
    std::vector<EpochRecord>& records;
    std::array<Objective<T>*, 2> objectives;
};

}  // namespace

template <class T>
void Course<T>::visit(StateVisitor& state) {
    state.visit("parameters", iterate.current, state.n_parameters());
    state.visit("previous", iterate.previous, state.n_parameters());
    state.within("best", [&] { best.visit(state); });
    std::vector<double> rows;
    for (const EpochRecord& record : records) {
        const auto row = history_row(record);
        rows.insert(rows.end(), row.begin(), row.end());
    }
    state.visit("records", rows, {}, Numbers::any);
    state.expect(rows.size() % n_history_columns == 0, "records", "whole rows");
    records.clear();
    for (std::size_t at = 0; at < rows.size(); at += n_history_columns) {
        records.push_back(
            record_of(std::span(rows).subspan(at).template first<n_history_columns>()));
    }
}

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
    const Start start = course_ ? Start::resumed : Start::anew;
    if (!course_) {
        Course<T> course{{}, BestEpoch<T>({}), {}};
        try {
            for (std::vector<T>* numbers : {&course.iterate.current, &course.iterate.previous}) {
                assign_in_parts(parameters.data(), static_cast<Index>(parameters.size()), *numbers);
            }
        } catch (const Interrupted&) {
            return FitEnd::interrupted;
        }
        course_ = std::make_unique<Course<T>>(std::move(course));
    }
    const HandBack<T> hand_back(course_, parameters, records, {&training, validation});
    Iterate<T>& iterate = course_->iterate;
    try {
        course_->best.set_rule(request.stopping, parameters.size());
        const FitEnd end = run_epochs(training, validation, request, start, execution);
        if (request.n_epochs > 0 && !optimizer_->measures_steps()) {
            measure_last(training, iterate.current, execution);
        }
        return end;
    } catch (const Diverged&) {
        set_in_parts(iterate.current, iterate.previous);
        return FitEnd::diverged;
    } catch (const Interrupted&) {
        return FitEnd::interrupted;
    }
}

template <class T>
FitEnd Trainer<T>::run_epochs(Objective<T>& training, Objective<T>* validation,
                              const FitRequest<T>& request, Start start, Execution& execution) {
    Iterate<T>& iterate = course_->iterate;
    std::vector<EpochRecord>& records = course_->records;
    optimizer_->begin(training, start);
    // The last epoch before a stop may have been the last of all.
    std::optional<FitEnd> end = records.empty() ? std::nullopt : ended();
    while (!end && records.size() < request.n_epochs) {
        const double learning_rate = request.learning_rate(n_epochs());
        if (records.size() == records.capacity()) {  // before the step: it must not go unrecorded
            records.reserve(2 * records.capacity() + 16);
        }
        run_epoch(training, validation, learning_rate, iterate, records, execution);
        course_->best.after_epoch(records.back().validation.total, iterate.current);
        if (request.hook && request.hook(records.back(), iterate.current)) {
            return FitEnd::callback;
        }
        end = ended();
    }
    return end.value_or(FitEnd::epochs);
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
std::optional<FitEnd> Trainer<T>::ended() const {
    return course_->best.out_of_patience() ? FitEnd::patience : optimizer_->finished();
}

template <class T>
State Trainer<T>::state(Index n_parameters) {
    State state;
    StateVisitor visitor(state, n_parameters);
    visit(visitor);
    return state;
}

template <class T>
void Trainer<T>::restore(const State& state, Index n_parameters) {
    StateVisitor visitor(state, n_parameters);
    visit(visitor);
    visitor.finish();
}

template <class T>
void Trainer<T>::visit(StateVisitor& state) {
    std::uint64_t epochs = n_epochs();
    state.visit("n_epochs", epochs);
    n_epochs_ = epochs;
    state.within("optimizer", [&] { optimizer_->visit(state); });
    bool within_fit = course_ != nullptr;
    state.visit("within_fit", within_fit);
    if (!within_fit) {
        return;
    }
    if (state.restores()) {
        course_ = std::make_unique<Course<T>>(Course<T>{{}, BestEpoch<T>({}), {}});
    }
    state.within("fit", [&] { course_->visit(state); });
    state.expect(course_->records.size() <= epochs, "n_epochs", "those of the fit at least");
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

template struct Course<float>;
template struct Course<double>;
template class Trainer<float>;
template class Trainer<double>;

}  // namespace jetmlp
