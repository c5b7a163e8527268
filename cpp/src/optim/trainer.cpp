#include <jetmlp/machine/random.hpp>
#include <jetmlp/optim/trainer.hpp>

#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

namespace jetmlp {

namespace {

// Hands parameters and records back to the caller on every way out of a fit, and forgets the rest.
template <class T>
struct HandBack {
    HandBack(std::unique_ptr<Course<T>>& source, std::vector<T>& to, std::vector<EpochRecord>& rows)
        : course(source), parameters(to), records(rows) {}
    HandBack(const HandBack&) = delete;
    HandBack& operator=(const HandBack&) = delete;
    ~HandBack() {
        std::vector<T>& best = course->best.parameters();
        parameters = std::move(best.empty() ? course->iterate.current : best);
        records = std::move(course->records);
        course.reset();
    }

    std::unique_ptr<Course<T>>& course;
    std::vector<T>& parameters;
    std::vector<EpochRecord>& records;
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
        course_ =
            std::make_unique<Course<T>>(Course<T>{{parameters, parameters}, BestEpoch<T>({}), {}});
    }
    course_->best.set_rule(request.stopping);
    const HandBack<T> hand_back(course_, parameters, records);
    Iterate<T>& iterate = course_->iterate;
    try {
        optimizer_->begin(training, start);
        // The last epoch before a stop may have been the last of all.
        std::optional<FitEnd> end = course_->records.empty() ? std::nullopt : ended();
        while (!end && course_->records.size() < request.n_epochs) {
            const double learning_rate = request.learning_rate(n_epochs_);
            const EpochRecord record =
                run_epoch(training, validation, learning_rate, iterate, execution);
            course_->records.push_back(record);
            ++n_epochs_;
            course_->best.after_epoch(record.validation.total, iterate.current);
            if (request.hook && request.hook(record, iterate.current)) {
                return FitEnd::callback;
            }
            end = ended();
        }
        return end.value_or(FitEnd::epochs);
    } catch (const Diverged&) {
        iterate.current = iterate.previous;
        return FitEnd::diverged;
    } catch (const Interrupted&) {
        return FitEnd::interrupted;
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
    state.visit("n_epochs", n_epochs_);
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
    state.expect(course_->records.size() <= n_epochs_, "n_epochs", "those of the fit at least");
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
    EpochRecord record;
    record.training = optimizer_->run_epoch(training, plan, iterate, execution);
    record.validation.total = std::numeric_limits<double>::quiet_NaN();
    record.learning_rate = learning_rate;
    if (validation != nullptr) {
        record.validation = validation->evaluate(iterate.current.data(), validation->all_rows(),
                                                 nullptr, execution);
        if (!std::isfinite(record.validation.total)) {
            throw Diverged();
        }
    }
    return record;
}

template struct Course<float>;
template struct Course<double>;
template class Trainer<float>;
template class Trainer<double>;

}  // namespace jetmlp
